//! Finds the files of a site and classifies them as posts, pages, or files that Jekyll ignores. The rules
//! are those of Jekyll's `reader.rb`, `readers/post_reader.rb` and `entry_filter.rb`.

mod archives;
mod entry;
mod filter;
mod links;
mod post_folders;
mod temporary;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::archive::body::MarkupFormat;
use crate::archive::jekyll::files::entry::{WalkEntry, base_name, below_posts, is_below, relative};
use crate::archive::jekyll::files::links::{circle, leads_back, unreadable};
use crate::archive::jekyll::permalink::FileName;
use crate::archive::problem::{Code, Defect, Problem};
use crate::config::{Config, DataFault};

pub(crate) use archives::with_archives;
pub use filter::{EntryFilter, is_special};
pub(crate) use links::{is_link, leads_nowhere};
pub(crate) use post_folders::PostFolders;
pub(crate) use temporary::is_temporary;

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
    /// A possible page: Markdown or HTML outside the folders of posts.
    Page,
}

/// The result of a walk through the site. Posts, pages and folders are sorted by path.
#[derive(Debug, Default)]
pub struct Files {
    /// Files with the name and folder of a post.
    pub posts: Vec<SiteFile>,
    /// Files that are pages if they have front matter.
    pub pages: Vec<SiteFile>,
    /// The folders that the walk entered.
    pub folders: Vec<PathBuf>,
    /// Posts and pages that are symbolic links, and links without a target.
    pub links: Vec<PathBuf>,
    /// The problems of files and folders that could not be read.
    pub problems: Vec<Problem>,
}

/// Finds the files of a site by Jekyll's rules.
pub struct Walk<'a> {
    config: &'a Config,
    filter: EntryFilter,
}

impl<'a> Walk<'a> {
    /// Creates a walk with the filters of the configuration.
    pub fn new(config: &'a Config) -> Self {
        Self { config, filter: EntryFilter::new(config) }
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
            } else if folder.starts_with(&start) && self.keeps_way(folder, |seen| self.keeps_in(named, seen))
            {
                self.walk_posts(named, folder, &mut files);
            }
        }
        // The walks above already cover the named folders.
        if !self.is_named(&relative(&self.config.root, folder))
            && self.keeps_way(folder, |seen| self.filter.keeps(seen))
        {
            self.walk_site(folder, &mut files);
        }
        if folder == self.config.root {
            self.add_included(&mut files);
            files.problems.extend(self.config.variables.faults().iter().map(data_problem));
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
                is_below(&found.path, named) && self.keeps_way(file, |seen| self.keeps_in(named, seen))
            });
        if is_named_post {
            return Some((SiteFileKind::Post, found));
        }
        if self.keeps_way(file, |seen| self.filter.keeps(seen)) {
            return self.kind(&found.path).map(|kind| (kind, found));
        }
        self.included().any(|path| *path == *found.path).then_some((SiteFileKind::Page, found))
    }

    /// Returns whether the filters keep a path and all folders above it.
    fn keeps_way(&self, path: &Path, keeps: impl Fn(&WalkEntry<'_>) -> bool) -> bool {
        let Ok(below) = path.strip_prefix(&self.config.root) else { return false };
        let mut way = self.config.root.clone();
        below.components().all(|part| {
            way.push(part);
            let relative = relative(&self.config.root, &way);
            let is_link = std::fs::symlink_metadata(&way).is_ok_and(|meta| meta.is_symlink());
            keeps(&WalkEntry { path: &relative, is_dir: way != *path || way.is_dir(), is_link })
        })
    }

    /// Pages that `include` names by path although Jekyll ignores their folder.
    fn included(&self) -> impl Iterator<Item = &str> {
        self.config.source.include.iter().map(|path| path.trim_matches('/')).filter(|path| {
            let is_inside = !path.split('/').any(|part| matches!(part, "" | "." | ".."));
            is_inside && below_posts(path).is_none() && is_page_name(path, self.config)
        })
    }

    fn add_included(&self, files: &mut Files) {
        let root = &self.config.root;
        let there = self.included().map(|path| root.join(path)).filter(|file| file.is_file());
        files.pages.extend(there.map(|file| SiteFile::new(root, &file)));
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
                let kind = self.kind(&file.path).filter(|kind| *kind == SiteFileKind::Page);
                kind.filter(|_| self.keeps_way(path, |seen| self.filter.keeps(seen)))
            },
        );
    }

    /// Collects posts if the configuration names no folders, and pages outside the named folders.
    fn walk_site(&self, start: &Path, files: &mut Files) {
        let keeps = |seen: &WalkEntry<'_>| self.filter.keeps(seen) && !self.is_named(seen.path);
        self.walk(&self.config.root, start, files, keeps, |_, file| self.kind(&file.path));
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
                        files.folders.push(path.to_owned());
                    }
                }
                Ok(entry) if entry.file_type().is_file() => {
                    let file = SiteFile::new(root, entry.path());
                    let kind = kind(entry.path(), &file);
                    if kind.is_some() && entry.path_is_symlink() {
                        files.links.push(entry.path().to_owned());
                    }
                    match kind {
                        Some(SiteFileKind::Post) => files.posts.push(file),
                        Some(SiteFileKind::Page) => files.pages.push(file),
                        None => {}
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
fn data_problem(fault: &DataFault) -> Problem {
    let defect = if fault.is_over_limit {
        Defect::warning(Code::TooLarge, fault.reason.as_str())
    } else {
        Defect::error(Code::DataInvalid, fault.reason.as_str())
    };
    let line = fault.line.and_then(|line| u32::try_from(line).ok());
    let defect = match line {
        Some(line) => defect.at_line(line),
        None => defect,
    };
    defect.in_file(&fault.path)
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

fn is_page_name(path: &str, config: &Config) -> bool {
    let name = base_name(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_markup =
        matches!(extension, "html" | "htm") || format(config, extension) == MarkupFormat::Markdown;
    is_markup && !is_temporary(name)
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
