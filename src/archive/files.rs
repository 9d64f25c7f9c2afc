//! The files of a site: which are posts, which are pages, and which Jekyll passes over.
//! The rules are those of Jekyll's `reader.rb`, `readers/post_reader.rb` and `entry_filter.rb`.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::permalink::{self, FileName};
use super::problem::{Code, Defect, Problem};
use crate::config::Config;

/// A file that is a post by its name and place.
#[derive(Debug)]
pub struct PostFile {
    /// Relative to the site's folder, with `/` between its parts.
    pub path: String,
    /// Where to read it.
    pub file: PathBuf,
    /// What its name says.
    pub name: FileName,
}

/// A file that may be a page: Markdown or HTML outside the folders of posts.
#[derive(Debug)]
pub struct PageFile {
    /// Relative to the site's folder, with `/` between its parts.
    pub path: String,
    /// Where to read it.
    pub file: PathBuf,
}

/// What a walk through the site found, each sorted by path.
#[derive(Debug, Default)]
pub struct Files {
    /// The posts.
    pub posts: Vec<PostFile>,
    /// What may be pages.
    pub pages: Vec<PageFile>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Walks the site.
pub fn find(config: &Config) -> Files {
    let filter = Filter::new(config);
    let mut files = Files::default();
    for folder in &config.posts {
        walk_posts(config, folder, &mut files);
    }
    walk_site(config, &filter, &mut files);
    files.posts.sort_by(|a, b| a.path.cmp(&b.path));
    files.posts.dedup_by(|a, b| a.path == b.path);
    files.pages.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Everything dated in a folder that the configuration names.
fn walk_posts(config: &Config, folder: &str, files: &mut Files) {
    let start = config.root.join(folder);
    for entry in WalkDir::new(&start).follow_links(true) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let path = relative(&config.root, entry.path());
                if !is_special(&entry.file_name().to_string_lossy()) {
                    files.posts.extend(post_file(path, &entry));
                }
            }
            Ok(_) => {}
            Err(error) => files.problems.push(unreadable(&config.root, &error)),
        }
    }
}

/// Posts where the configuration names no folders, and pages in any case.
fn walk_site(config: &Config, filter: &Filter, files: &mut Files) {
    let named = |path: &str| config.posts.iter().any(|folder| path == folder);
    let walk = WalkDir::new(&config.root).follow_links(true).into_iter().filter_entry(|entry| {
        let path = relative(&config.root, entry.path());
        // A folder of posts is not special, though its name begins with a line.
        entry.depth() == 0 || filter.keeps(&path, entry)
    });
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let path = relative(&config.root, entry.path());
                let in_posts = path.split('/').any(|part| part == "_posts");
                let in_root_posts = path.starts_with("posts/");
                if config.posts.is_empty() && (in_posts || in_root_posts) {
                    let found = post_file(path.clone(), &entry);
                    let is_post = found.is_some();
                    files.posts.extend(found);
                    if is_post || in_posts {
                        continue;
                    }
                }
                let in_named = config.posts.iter().any(|folder| is_below(&path, folder));
                let is_post = in_named && permalink::file_name(base_name(&path)).is_some();
                if !in_posts && !is_post && is_page_name(&path) {
                    files.pages.push(PageFile { path, file: entry.into_path() });
                }
            }
            Ok(_) => {}
            // Below a named folder of posts the other walk has said so already.
            Err(error) => {
                let problem = unreadable(&config.root, &error);
                if !named(&problem.path) && !files.problems.contains(&problem) {
                    files.problems.push(problem);
                }
            }
        }
    }
}

fn post_file(path: String, entry: &DirEntry) -> Option<PostFile> {
    let name = permalink::file_name(base_name(&path))?;
    Some(PostFile { path, file: entry.path().to_owned(), name })
}

fn unreadable(root: &Path, error: &walkdir::Error) -> Problem {
    let path = error.path().map(|path| relative(root, path)).unwrap_or_default();
    let reason = match error.io_error() {
        Some(error) => error.to_string(),
        None => "a link that leads back to a folder above it".to_owned(),
    };
    Defect::error(Code::Unreadable, reason).of(&path)
}

/// A path below the root, with `/` between its parts; bytes that are not UTF-8 are replaced.
fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn is_page_name(path: &str) -> bool {
    let extension = base_name(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "md" | "mkd" | "mkdn" | "mkdown" | "markdown" | "html" | "htm")
}

/// Whether a name is one that Jekyll keeps to itself: hidden, a part of a layout, a backup.
pub fn is_special(name: &str) -> bool {
    name.starts_with(['.', '_', '#', '~']) || name.ends_with('~')
}

/// Jekyll's `EntryFilter`: which files and folders it passes over.
pub struct Filter {
    include: Patterns,
    exclude: Patterns,
}

impl Filter {
    /// The filter of a configuration.
    pub fn new(config: &Config) -> Self {
        let excluded: Vec<_> =
            config.exclude.iter().filter(|pattern| !config.include.contains(pattern)).cloned().collect();
        Self { include: Patterns::new(&config.include), exclude: Patterns::new(&excluded) }
    }

    /// Whether a configured pattern excludes a file, or a folder above it.
    pub fn excludes(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.map(|(end, is_dir)| (&path[..end], is_dir))
            .any(|(part, is_dir)| self.exclude.matches(part, is_dir) && !self.include.matches(part, is_dir))
    }

    fn keeps(&self, path: &str, entry: &DirEntry) -> bool {
        let is_dir = entry.file_type().is_dir();
        let name = base_name(path);
        if self.include.matches(path, is_dir) || self.include.matches(name, is_dir) {
            return true;
        }
        let in_posts = path.split('/').any(|part| part == "_posts");
        if self.exclude.matches(path, is_dir) || name.ends_with('.') {
            return false;
        }
        if in_posts {
            // Below `_posts` Jekyll lists all files at once, so that of the folders there only
            // the first is looked at for a special name.
            let below = path.split("_posts/").last().unwrap_or("");
            return is_dir || !(is_special(name) || is_special(below));
        }
        !is_special(name)
    }
}

/// Ruby's `File.fnmatch` without flags, or a plain prefix: `vendor` covers `vendor-old` too.
struct Patterns {
    globs: GlobSet,
    prefixes: Vec<String>,
}

impl Patterns {
    fn new(patterns: &[String]) -> Self {
        let mut globs = GlobSetBuilder::new();
        for pattern in patterns {
            // A pattern that is no glob still counts as a prefix.
            if let Ok(glob) = GlobBuilder::new(pattern.trim_start_matches('/')).build() {
                globs.add(glob);
            }
        }
        Self {
            globs: globs.build().unwrap_or_default(),
            prefixes: patterns.iter().map(|pattern| pattern.trim_start_matches('/').to_owned()).collect(),
        }
    }

    fn matches(&self, path: &str, is_dir: bool) -> bool {
        self.globs.is_match(path)
            || self.prefixes.iter().filter(|prefix| !prefix.is_empty()).any(|prefix| {
                path.starts_with(prefix.as_str()) || (is_dir && prefix.strip_suffix('/') == Some(path))
            })
    }
}
