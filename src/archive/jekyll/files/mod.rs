//! Finds the files of a site and classifies them as posts, pages, or files that Jekyll ignores. The rules
//! are those of Jekyll's `reader.rb`, `readers/post_reader.rb` and `entry_filter.rb`.

mod archives;
mod collections;
mod entry;
mod fence;
mod filter;
mod links;
mod post_folders;
mod published;
mod temporary;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::archive::body::MarkupFormat;
use crate::archive::jekyll::files::entry::{WalkEntry, below_posts, is_below};
use crate::archive::jekyll::files::filter::{EntryFilter, is_special};
use crate::archive::jekyll::files::links::{circle, leads_back, unreadable};
use crate::archive::jekyll::permalink::FileName;
use crate::archive::problem::{Code, Defect, Problem};
use crate::config::{Config, DataFileError, DataFileErrorKind};

pub(crate) use archives::{new_archives, new_archives_around, with_archives, with_more_archives};
pub(crate) use collections::collection_of;
pub(crate) use entry::{base_name, is_at_or_below, relative};
pub(crate) use fence::{begins_with_fence, may_have_front_matter};
pub(crate) use links::{is_link, leads_nowhere};
pub(crate) use post_folders::PostFolders;
pub use published::{FileStatus, PublishedFiles, has_icon};
pub(crate) use published::{LINKED_OUT, withheld};
pub(crate) use temporary::is_temporary;

/// Maximum number of files per walk that are named as not served. A folder may hold a million images.
const MOST_NAMED: usize = 1000;

/// A file of the site, with its path relative to the site's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// The relative path with `/` as separator; bytes that are not UTF-8 are replaced.
    pub path: Box<str>,
    /// The original path, if it is not UTF-8.
    odd: Option<Box<Path>>,
}

impl SiteFile {
    fn new(root: &Path, file: &Path) -> Self {
        let below = file.strip_prefix(root).unwrap_or(file);
        let odd = below.to_str().is_none().then(|| below.into());
        Self { path: relative(root, file).into(), odd }
    }

    /// Creates a file from its UTF-8 path relative to the site.
    pub fn from_path(path: &str) -> Self {
        Self { path: path.into(), odd: None }
    }

    /// Returns whether a path is the file system's own: no bytes of it were replaced.
    pub fn is_exact(path: &str) -> bool {
        !path.contains(char::REPLACEMENT_CHARACTER)
    }

    /// Returns the path to open.
    pub fn file(&self, root: &Path) -> PathBuf {
        match &self.odd {
            Some(odd) => root.join(odd),
            None => root.join(&*self.path),
        }
    }

    /// Parses the file name as that of a post; `None` if it is not one.
    pub fn name(&self) -> Option<FileName> {
        FileName::from_path(&self.path).filter(|_| !self.is_temporary())
    }

    /// Returns whether the file is a temporary or backup file, which is never read.
    pub(crate) fn is_temporary(&self) -> bool {
        is_temporary(base_name(&self.path))
    }
}

/// The kind of a site file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteFileKind {
    /// A post, judged by its name and folder. It may be a temporary or backup file, which is reported.
    Post,
    /// Another file that the archive reads: a page, a document of a collection, or a file that may have the URL of
    /// a page.
    Page,
}

/// The result of a walk through the site. Posts, pages and folders are sorted by path.
#[derive(Debug, Default)]
pub struct Files {
    /// Files with the name and folder of a post.
    pub posts: Vec<SiteFile>,
    /// The other files that the archive reads. Files with front matter are pages.
    pub pages: Vec<SiteFile>,
    /// The folders that the walk entered.
    pub folders: Vec<PathBuf>,
    /// Posts and pages that are symbolic links, and links without a target.
    pub links: Vec<PathBuf>,
    /// The problems of files and folders that could not be read, and of files that Jekyll would publish but finews does
    /// not.
    pub problems: Vec<Problem>,
    /// The number of files that Jekyll would publish but finews does not.
    withheld: usize,
}

impl Files {
    /// Records a file that Jekyll would publish but finews does not.
    fn withhold(&mut self, path: &str, reason: &str) {
        self.withheld += 1;
        if self.withheld <= MOST_NAMED {
            self.problems.push(withheld(reason).in_file(path));
        }
    }
}

/// Finds the files of a site by Jekyll's rules.
pub struct Walk<'a> {
    config: &'a Config,
    filter: EntryFilter,
    published: PublishedFiles,
}

impl<'a> Walk<'a> {
    /// Creates a walk with the filters of the configuration.
    pub fn new(config: &'a Config) -> Self {
        Self { config, filter: EntryFilter::new(config), published: PublishedFiles::new(config) }
    }

    /// Walks the whole site.
    pub fn all(&self) -> Files {
        self.below(&self.config.root)
    }

    /// Walks a folder of the site; finds no files if Jekyll ignores the folder.
    pub fn below(&self, folder: &Path) -> Files {
        let mut files = Files::default();
        for named in &self.config.source.posts {
            let start = self.config.root.join(named);
            if start.starts_with(folder) {
                self.walk_posts(named, &start, &mut files);
            } else if folder.starts_with(&start)
                && self.keeps_with_ancestors(folder, |seen| self.keeps_in(named, seen))
            {
                self.walk_posts(named, folder, &mut files);
            }
        }
        // The walks above already cover the named folders.
        if !self.is_named(&relative(&self.config.root, folder))
            && self.keeps_with_ancestors(folder, |seen| self.filter.keeps(seen))
        {
            self.walk_site(folder, &mut files);
        }
        self.walk_collections(folder, &mut files);
        if folder == self.config.root {
            self.add_included(&mut files);
            files.problems.extend(self.config.variables.errors().iter().map(data_problem));
        }
        if let Some(more @ 1..) = files.withheld.checked_sub(MOST_NAMED) {
            let message = format!("{more} more files are not served");
            files.problems.push(Defect::warning(Code::FileSkipped, message).in_file("."));
        }
        for found in [&mut files.posts, &mut files.pages] {
            found.sort_by(|a, b| a.path.cmp(&b.path));
            found.dedup_by(|a, b| a.path == b.path);
        }
        files.folders.sort();
        files.folders.dedup();
        files
    }

    /// Classifies a single path, whether or not the file exists.
    pub fn classify(&self, file: &Path) -> Option<(SiteFileKind, SiteFile)> {
        let found = SiteFile::new(&self.config.root, file);
        let is_named_post = FileName::from_path(&found.path).is_some()
            && self.config.source.posts.iter().any(|named| {
                is_below(&found.path, named)
                    && self.keeps_with_ancestors(file, |seen| self.keeps_in(named, seen))
            });
        if is_named_post {
            return Some((SiteFileKind::Post, found));
        }
        let is_kept = self.keeps_with_ancestors(file, |seen| self.filter.keeps(seen));
        if is_kept && self.kind(&found.path) == Some(SiteFileKind::Post) {
            return Some((SiteFileKind::Post, found));
        }
        let is_page = if self.keeps_document(&found.path) {
            self.published.forbidden(&found.path).is_none()
        } else {
            (is_kept || self.included().any(|path| *path == *found.path)) && self.is_read(file, &found.path)
        };
        is_page.then_some((SiteFileKind::Page, found))
    }

    /// Returns the problem of a file that Jekyll would publish but finews does not.
    pub fn withheld(&self, file: &Path) -> Option<Problem> {
        let path = relative(&self.config.root, file);
        let is_refused = || matches!(self.published.resolved(&path), Ok(None));
        let reason = self.reason_withheld(&path, is_refused).filter(|_| file.is_file())?;
        Some(withheld(reason).in_file(&path))
    }

    /// Returns whether the filters keep a path and all folders above it.
    fn keeps_with_ancestors(&self, path: &Path, keeps: impl Fn(&WalkEntry<'_>) -> bool) -> bool {
        let Ok(below) = path.strip_prefix(&self.config.root) else { return false };
        let mut place = self.config.root.clone();
        below.components().all(|part| {
            place.push(part);
            let relative = relative(&self.config.root, &place);
            let is_link = std::fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_symlink());
            keeps(&WalkEntry { path: &relative, is_dir: place != *path || place.is_dir(), is_link })
        })
    }

    /// Files that `include` names by path although Jekyll ignores their folder.
    fn included(&self) -> impl Iterator<Item = &str> {
        self.config.source.include.iter().map(|path| path.trim_matches('/')).filter(|path| {
            let is_inside = !path.split('/').any(|part| matches!(part, "" | "." | ".."));
            is_inside && below_posts(path).is_none()
        })
    }

    fn add_included(&self, files: &mut Files) {
        let root = &self.config.root;
        let unreached = self.included().filter(|path| !self.filter.keeps_path(path));
        for file in unreached.map(|path| root.join(path)).filter(|file| file.is_file()) {
            let found = SiteFile::new(root, &file);
            if self.is_read(&file, &found.path) {
                files.pages.push(found);
            } else if let Some(reason) = self.reason_withheld(&found.path, || false) {
                files.withhold(&found.path, reason);
            }
        }
    }

    /// Returns why a file is not served that Jekyll would publish and that the archive does not read. `is_refused`
    /// tests whether a symbolic link leads to a file that must not be served.
    fn reason_withheld(&self, path: &str, is_refused: impl Fn() -> bool) -> Option<&'static str> {
        if self.keeps_document(path) {
            return self.published.forbidden(path);
        }
        match self.published.status(path) {
            FileStatus::Withheld(reason) => Some(reason),
            FileStatus::Served => is_refused().then_some(LINKED_OUT),
            FileStatus::Ignored => None,
        }
    }

    /// Returns whether the archive reads a file that is not a post and that Jekyll does not ignore: it may be a page,
    /// or its URL may belong to a page.
    fn is_read(&self, file: &Path, path: &str) -> bool {
        below_posts(path).is_none()
            && self.published.forbidden(path).is_none()
            && (is_page_name(path, self.config)
                || may_share_url(path, self.config) && self.published.status(path) == FileStatus::Served
                || may_have_front_matter(path) && begins_with_fence(file).unwrap_or(false))
    }

    /// Returns whether Jekyll reads a file as part of a collection with output.
    fn keeps_document(&self, path: &str) -> bool {
        let Some((_, below)) = collection_of(self.config, path) else { return false };
        !below.split('/').any(|part| part.starts_with('.')) && self.filter.passes(path, below, false)
    }

    /// Collects the documents of collections with output, and the files beside them.
    fn walk_collections(&self, folder: &Path, files: &mut Files) {
        let source = &self.config.source;
        for collection in &source.collections {
            let top = self.config.root.join(&source.collections_dir).join(format!("_{}", collection.label));
            let start: &Path = if top.starts_with(folder) { &top } else { folder };
            // A collection without a folder is no fault.
            if !start.starts_with(&top) || !start.is_dir() {
                continue;
            }
            let keeps = |seen: &WalkEntry<'_>| {
                if seen.is_dir {
                    !base_name(seen.path).starts_with('.')
                } else {
                    self.keeps_document(seen.path)
                }
            };
            self.walk(&top, start, files, keeps, |_, file| {
                self.published.forbidden(&file.path).is_none().then_some(SiteFileKind::Page)
            });
        }
    }

    /// Returns whether an entry of a named folder of posts is kept. The named folder itself always is;
    /// the filters apply to the entries below it.
    fn keeps_in(&self, named: &str, seen: &WalkEntry<'_>) -> bool {
        if !is_below(seen.path, named) {
            return true;
        }
        let name = base_name(seen.path);
        !(is_special(name) && name != "_posts")
            && (self.filter.excludes(named) || !self.filter.excludes(seen.path))
    }

    /// Returns whether a folder is named in the configuration, or lies below one that is.
    fn is_named(&self, folder: &str) -> bool {
        self.config.source.posts.iter().any(|named| folder == named || is_below(folder, named))
    }

    /// Collects the posts of a folder that the configuration names, and the pages beside them.
    fn walk_posts(&self, named: &str, start: &Path, files: &mut Files) {
        let top = self.config.root.join(named);
        self.walk(
            &top,
            start,
            files,
            |seen| self.keeps_in(named, seen),
            |path, file| {
                if FileName::from_path(&file.path).is_some() {
                    return Some(SiteFileKind::Post);
                }
                let is_page = self.filter.keeps_path(&file.path) && self.is_read(path, &file.path);
                is_page.then_some(SiteFileKind::Page)
            },
        );
    }

    /// Collects posts if the configuration names no folders, and pages outside the named folders.
    fn walk_site(&self, start: &Path, files: &mut Files) {
        let keeps = |seen: &WalkEntry<'_>| self.filter.keeps(seen) && !self.is_named(seen.path);
        self.walk(&self.config.root, start, files, keeps, |path, file| match self.kind(&file.path) {
            Some(SiteFileKind::Post) => Some(SiteFileKind::Post),
            _ => self.is_read(path, &file.path).then_some(SiteFileKind::Page),
        });
    }

    /// Walks from `start`, which is `top` or a folder below it. The result equals the same part of a walk
    /// from `top`, so a caller can scan folders one by one.
    fn walk(
        &self,
        top: &Path,
        start: &Path,
        files: &mut Files,
        keeps: impl Fn(&WalkEntry<'_>) -> bool,
        kind: impl Fn(&Path, &SiteFile) -> Option<SiteFileKind>,
    ) {
        let root = &self.config.root;
        let real_root = root.canonicalize().unwrap_or_else(|_| root.clone());
        let leads_out = |path: &Path| path.canonicalize().is_ok_and(|place| !place.starts_with(&real_root));
        // The folders that are entered through a link that leads out of the site.
        let mut outside: Vec<PathBuf> = Vec::new();
        if leads_out(start) {
            outside.push(start.to_owned());
        }
        let mut entries = WalkDir::new(start).follow_links(true).into_iter().filter_entry(|entry| {
            let path = relative(root, entry.path());
            let (is_dir, is_link) = (entry.file_type().is_dir(), entry.path_is_symlink());
            entry.depth() == 0 || keeps(&WalkEntry { path: &path, is_dir, is_link })
        });
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    let path = entry.path();
                    let may_lead_back = entry.depth() == 0 || entry.path_is_symlink();
                    if let Some(link) = may_lead_back.then(|| circle(top, path)).flatten() {
                        files.problems.push(leads_back(root, &link));
                        entries.skip_current_dir();
                    } else if let Err(error) = enter(path) {
                        // A process without search permission can list the folder but not read its files.
                        let defect = Defect::error(Code::Unreadable, error.to_string());
                        files.problems.push(defect.in_file(&relative(root, path)));
                        entries.skip_current_dir();
                    } else {
                        if entry.path_is_symlink() && leads_out(path) {
                            outside.push(path.to_owned());
                        }
                        files.folders.push(path.to_owned());
                    }
                }
                Ok(entry) if entry.file_type().is_file() => {
                    let path = entry.path();
                    let file = SiteFile::new(root, path);
                    let kind = kind(path, &file);
                    if kind.is_some() && entry.path_is_symlink() {
                        files.links.push(path.to_owned());
                    }
                    match kind {
                        Some(SiteFileKind::Post) => files.posts.push(file),
                        Some(SiteFileKind::Page) => files.pages.push(file),
                        None => {
                            let is_refused = || {
                                outside.iter().any(|folder| path.starts_with(folder))
                                    || entry.path_is_symlink()
                                        && matches!(self.published.resolved(&file.path), Ok(None))
                            };
                            if let Some(reason) = self.reason_withheld(&file.path, is_refused) {
                                files.withhold(&file.path, reason);
                            }
                        }
                    }
                }
                // Pipes, sockets and devices are not site files.
                Ok(_) => {}
                Err(error) if self.matters(&error, &keeps) => {
                    let link = error.path().filter(|path| error.loop_ancestor().is_none() && is_link(path));
                    files.links.extend(link.map(Path::to_owned));
                    files.problems.push(unreadable(root, &error));
                }
                Err(_) => {}
            }
        }
    }

    /// Returns whether the filters would have kept a file or folder that cannot be read.
    fn matters(&self, error: &walkdir::Error, keeps: impl Fn(&WalkEntry<'_>) -> bool) -> bool {
        let Some(path) = error.path().filter(|_| error.depth() > 0) else { return true };
        let (is_dir, is_link) = match std::fs::symlink_metadata(path) {
            Ok(meta) => (meta.is_dir() || error.loop_ancestor().is_some(), meta.is_symlink()),
            Err(_) => (false, false),
        };
        let path = relative(&self.config.root, path);
        let is_read = || FileName::from_path(&path).is_some() || self.kind(&path).is_some();
        keeps(&WalkEntry { path: &path, is_dir, is_link }) && (is_dir || is_read())
    }

    /// Classifies a path that no filter rejects.
    fn kind(&self, path: &str) -> Option<SiteFileKind> {
        let in_posts = below_posts(path).is_some();
        let is_below_any = |folders: &[String]| folders.iter().any(|folder| is_below(path, folder));
        let in_root_posts = path.starts_with("posts/") || is_below_any(&self.config.archives);
        let is_post_name = || FileName::from_path(path).is_some();
        let counts = in_root_posts || is_below(path, &self.config.source.collections_dir);
        if self.config.source.posts.is_empty() && counts && (in_posts || in_root_posts) {
            if is_post_name() {
                return Some(SiteFileKind::Post);
            }
            if in_posts {
                return None;
            }
        }
        let in_named = is_below_any(&self.config.source.posts);
        let is_page = !(in_posts || in_named && is_post_name()) && is_page_name(path, self.config);
        is_page.then_some(SiteFileKind::Page)
    }
}

/// The problem of a data file, which was read with the configuration.
fn data_problem(error: &DataFileError) -> Problem {
    let defect = match error.kind {
        DataFileErrorKind::Invalid => Defect::error(Code::DataInvalid, error.reason.as_str()),
        DataFileErrorKind::OverLimit => Defect::warning(Code::TooLarge, error.reason.as_str()),
        DataFileErrorKind::Decoded => Defect::warning(Code::EncodingInvalid, error.reason.as_str()),
    };
    let line = error.line.and_then(|line| u32::try_from(line).ok());
    let defect = match line {
        Some(line) => defect.at_line(line),
        None => defect,
    };
    defect.in_file(&error.path)
}

/// Returns whether an error means that the path does not exist.
pub(crate) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Checks the permission to enter a folder, which the permission to list it does not imply.
///
/// # Errors
/// Returns an error if the process may not enter the folder.
pub(crate) fn enter(folder: &Path) -> std::io::Result<()> {
    std::fs::metadata(folder.join(".")).map(|_| ())
}

/// Returns whether a file without front matter may have the URL of a page, as `docs/index.html` and `feed.xml` do.
pub(crate) fn may_share_url(path: &str, config: &Config) -> bool {
    is_page_name(path, config) || matches!(extension(path), "" | "xhtml" | "xml" | "json")
}

fn extension(path: &str) -> &str {
    base_name(path).rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_page_name(path: &str, config: &Config) -> bool {
    let extension = extension(path);
    let is_markup =
        matches!(extension, "html" | "htm") || format(config, extension) == MarkupFormat::Markdown;
    is_markup && !is_temporary(base_name(path))
}

/// Returns the markup format of a file extension; `markdown_ext` overrides the default list.
pub(crate) fn format(config: &Config, extension: &str) -> MarkupFormat {
    let extension = extension.strip_prefix('.').unwrap_or(extension);
    match &config.source.markdown_ext {
        Some(known) if known.iter().any(|known| known.eq_ignore_ascii_case(extension)) => {
            MarkupFormat::Markdown
        }
        Some(_) => MarkupFormat::Html,
        None => MarkupFormat::from_extension(extension),
    }
}
