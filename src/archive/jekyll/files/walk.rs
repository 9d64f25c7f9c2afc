//! The walk through a site: it finds the files, and classifies single paths by the same rules.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::archive::jekyll::files::access::enter;
use crate::archive::jekyll::files::entry::{WalkEntry, base_name, is_below, relative};
use crate::archive::jekyll::files::entry_rules::EntryRules;
use crate::archive::jekyll::files::links::{circle, is_link, leads_back, unreadable};
use crate::archive::jekyll::files::page_name::is_page_name;
use crate::archive::jekyll::files::published::withheld;
use crate::archive::jekyll::files::site_file::{SiteFile, SiteFileKind};
use crate::archive::jekyll::permalink::FileName;
use crate::archive::problem::{Code, Defect, Problem};
use crate::config::{Config, DataFileError, DataFileErrorKind};

/// Maximum number of files per walk that are named as not served. A folder may hold a million images.
const MOST_NAMED: usize = 1000;

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
    /// The problems of files and folders that could not be read, of files that Jekyll would publish but finews does
    /// not, and of files in folders of posts without a date in their names.
    pub problems: Vec<Problem>,
    /// The number of problems of the last two kinds.
    withheld: usize,
}

impl Files {
    /// Records a file that an owner may expect to be published and finews does not serve.
    fn withhold(&mut self, path: &str, defect: Defect) {
        self.withheld += 1;
        if self.withheld <= MOST_NAMED {
            self.problems.push(defect.in_file(path));
        }
    }
}

/// Finds the files of a site by Jekyll's rules.
pub struct Walk<'a> {
    config: &'a Config,
    rules: EntryRules<'a>,
}

impl<'a> Walk<'a> {
    /// Creates a walk with the filters of the configuration.
    pub fn new(config: &'a Config) -> Self {
        Self { config, rules: EntryRules::new(config) }
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
                && self.rules.keeps_with_ancestors(folder, |seen| self.rules.keeps_in(named, seen))
            {
                self.walk_posts(named, folder, &mut files);
            }
        }
        // The walks above already cover the named folders.
        if !self.rules.is_named(&relative(&self.config.root, folder))
            && self.rules.keeps_with_ancestors(folder, |seen| self.rules.filter.keeps(seen))
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
                    && self.rules.keeps_with_ancestors(file, |seen| self.rules.keeps_in(named, seen))
            });
        if is_named_post {
            return Some((SiteFileKind::Post, found));
        }
        let is_kept = self.rules.keeps_with_ancestors(file, |seen| self.rules.filter.keeps(seen));
        if is_kept && self.rules.kind(&found.path) == Some(SiteFileKind::Post) {
            return Some((SiteFileKind::Post, found));
        }
        let is_page = if self.rules.keeps_document(&found.path) {
            self.rules.published.forbidden(&found.path).is_none()
        } else {
            (is_kept || self.rules.included().any(|path| *path == *found.path))
                && self.rules.is_read(file, &found.path)
        };
        is_page.then_some((SiteFileKind::Page, found))
    }

    /// Returns the problem of a file that an owner may expect to be published and finews does not serve.
    pub fn withheld(&self, file: &Path) -> Option<Problem> {
        let path = relative(&self.config.root, file);
        let is_refused = || matches!(self.rules.published.resolved(&path), Ok(None));
        let reason = || self.rules.reason_withheld(&path, is_refused);
        let defect = self.rules.undated(&path).or_else(|| reason().map(withheld));
        Some(defect.filter(|_| file.is_file())?.in_file(&path))
    }

    /// The number of drafts, which Jekyll does not publish either.
    pub fn drafts(&self) -> usize {
        let Config { root, source, .. } = self.config;
        let drafts = WalkDir::new(root.join(&source.collections_dir).join("_drafts"));
        let files = drafts.into_iter().flatten().filter(|entry| entry.file_type().is_file());
        files.filter(|entry| is_page_name(&relative(root, entry.path()), self.config)).count()
    }

    fn add_included(&self, files: &mut Files) {
        let root = &self.config.root;
        let unreached = self.rules.included().filter(|path| !self.rules.filter.keeps_path(path));
        for file in unreached.map(|path| root.join(path)).filter(|file| file.is_file()) {
            let found = SiteFile::new(root, &file);
            if self.rules.is_read(&file, &found.path) {
                files.pages.push(found);
            } else if let Some(reason) = self.rules.reason_withheld(&found.path, || false) {
                files.withhold(&found.path, withheld(reason));
            }
        }
    }

    /// Collects the documents of collections with output, and the files beside them.
    fn walk_collections(&self, folder: &Path, files: &mut Files) {
        let source = &self.config.source;
        for collection in &source.collections {
            let top = self.config.root.join(&source.collections_dir).join(format!("_{}", collection.label));
            let start: &Path = if top.starts_with(folder) { &top } else { folder };
            // A collection without a folder is no error.
            if !start.starts_with(&top) || !start.is_dir() {
                continue;
            }
            let keeps = |seen: &WalkEntry<'_>| {
                if seen.is_dir {
                    !base_name(seen.path).starts_with('.')
                } else {
                    self.rules.keeps_document(seen.path)
                }
            };
            self.walk(&top, start, files, keeps, |_, file| {
                self.rules.published.forbidden(&file.path).is_none().then_some(SiteFileKind::Page)
            });
        }
    }

    /// Collects the posts of a folder that the configuration names, and the pages beside them.
    fn walk_posts(&self, named: &str, start: &Path, files: &mut Files) {
        let top = self.config.root.join(named);
        self.walk(
            &top,
            start,
            files,
            |seen| self.rules.keeps_in(named, seen),
            |path, file| {
                if FileName::from_path(&file.path).is_some() {
                    return Some(SiteFileKind::Post);
                }
                let is_page =
                    self.rules.filter.keeps_path(&file.path) && self.rules.is_read(path, &file.path);
                is_page.then_some(SiteFileKind::Page)
            },
        );
    }

    /// Collects posts if the configuration names no folders, and pages outside the named folders.
    fn walk_site(&self, start: &Path, files: &mut Files) {
        let keeps = |seen: &WalkEntry<'_>| self.rules.filter.keeps(seen) && !self.rules.is_named(seen.path);
        self.walk(&self.config.root, start, files, keeps, |path, file| match self.rules.kind(&file.path) {
            Some(SiteFileKind::Post) => Some(SiteFileKind::Post),
            _ => self.rules.is_read(path, &file.path).then_some(SiteFileKind::Page),
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
                                        && matches!(self.rules.published.resolved(&file.path), Ok(None))
                            };
                            let reason = || self.rules.reason_withheld(&file.path, is_refused);
                            let defect = self.rules.undated(&file.path).or_else(|| reason().map(withheld));
                            if let Some(defect) = defect {
                                files.withhold(&file.path, defect);
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
        let is_read = || FileName::from_path(&path).is_some() || self.rules.kind(&path).is_some();
        keeps(&WalkEntry { path: &path, is_dir, is_link }) && (is_dir || is_read())
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
