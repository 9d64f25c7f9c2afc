//! The files of a site: which are posts, which are pages, and which Jekyll passes over.
//! The rules are those of Jekyll's `reader.rb`, `readers/post_reader.rb` and `entry_filter.rb`.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::body::Format;
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
        walk_posts(config, &filter, folder, &mut files);
    }
    walk_site(config, &filter, &mut files);
    add_included(config, &mut files);
    files.posts.sort_by(|a, b| a.path.cmp(&b.path));
    files.posts.dedup_by(|a, b| a.path == b.path);
    files.pages.sort_by(|a, b| a.path.cmp(&b.path));
    files.pages.dedup_by(|a, b| a.path == b.path);
    files
}

/// A page that `include` names with its path, though its folder is passed over.
fn add_included(config: &Config, files: &mut Files) {
    for path in config.include.iter().map(|path| path.trim_matches('/')) {
        let file = config.root.join(path);
        let is_inside = !path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if is_inside && below_posts(path).is_none() && is_page_name(path, config) && file.is_file() {
            files.pages.push(PageFile { path: path.to_owned(), file });
        }
    }
}

/// Everything dated in a folder that the configuration names.
fn walk_posts(config: &Config, filter: &Filter, folder: &str, files: &mut Files) {
    let start = config.root.join(folder);
    // What the owner names counts, whatever passes it over; what is below it does not.
    let is_excluded = filter.excludes(folder);
    let walk = WalkDir::new(&start).follow_links(true).into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        let passed_over = is_special(&name) && name != "_posts"
            || !is_excluded && filter.excludes(&relative(&config.root, entry.path()));
        entry.depth() == 0 || !passed_over
    });
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                files.posts.extend(post_file(relative(&config.root, entry.path()), &entry));
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
        entry.depth() == 0 || filter.keeps(&path, entry)
    });
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let path = relative(&config.root, entry.path());
                let in_posts = below_posts(&path).is_some();
                let in_root_posts = path.starts_with("posts/");
                let counts = in_root_posts || is_below(&path, &config.collections_dir);
                if config.posts.is_empty() && counts && (in_posts || in_root_posts) {
                    let found = post_file(path.clone(), &entry);
                    let is_post = found.is_some();
                    files.posts.extend(found);
                    if is_post || in_posts {
                        continue;
                    }
                }
                let in_named = config.posts.iter().any(|folder| is_below(&path, folder));
                let is_post = in_named && permalink::file_name(base_name(&path)).is_some();
                if !in_posts && !is_post && is_page_name(&path, config) {
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

/// What of a path is below its first `_posts`.
fn below_posts(path: &str) -> Option<&str> {
    let mut rest = path;
    while let Some((part, below)) = rest.split_once('/') {
        if part == "_posts" {
            return Some(below);
        }
        rest = below;
    }
    None
}

fn is_page_name(path: &str, config: &Config) -> bool {
    let extension = base_name(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "html" | "htm") || format(config, extension) == Format::Markdown
}

/// How a file is read, by its extension.
pub(super) fn format(config: &Config, extension: &str) -> Format {
    let extension = extension.strip_prefix('.').unwrap_or(extension);
    match &config.markdown_ext {
        Some(known) if known.iter().any(|known| known.eq_ignore_ascii_case(extension)) => Format::Markdown,
        Some(_) => Format::Html,
        None => Format::of_extension(extension),
    }
}

/// Whether a name is one that Jekyll keeps to itself: hidden, a part of a layout, a backup.
pub fn is_special(name: &str) -> bool {
    name.starts_with(['.', '_', '#', '~']) || name.ends_with('~')
}

/// Jekyll's `EntryFilter`: which files and folders it passes over.
pub struct Filter {
    include: Patterns,
    exclude: Patterns,
    destination: String,
}

impl Filter {
    /// The filter of a configuration.
    pub fn new(config: &Config) -> Self {
        let excluded: Vec<_> =
            config.exclude.iter().filter(|pattern| !config.include.contains(pattern)).cloned().collect();
        Self {
            include: Patterns::new(&config.include),
            exclude: Patterns::new(&excluded),
            destination: config.destination.clone(),
        }
    }

    /// Whether a configured pattern excludes a file, or a folder above it.
    pub fn excludes(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.map(|(end, is_dir)| (&path[..end], is_dir)).any(|(part, is_dir)| {
            self.exclude.matches(part, is_dir) && !self.include.matches(base_name(part), is_dir)
        })
    }

    fn keeps(&self, path: &str, entry: &DirEntry) -> bool {
        let is_dir = entry.file_type().is_dir();
        let name = base_name(path);
        if let Some(below) = below_posts(path) {
            // `Dir["**/*"]` lists the files below `_posts` all at once. It sees nothing hidden
            // and follows no links to folders; of the folders only the first is looked at for a
            // special name, as the beginning of the file's path.
            if is_dir {
                return !name.starts_with('.') && !entry.path_is_symlink();
            }
            return !name.starts_with('.') && self.passes(path, below, is_dir);
        }
        // A folder of posts is listed whatever its own path is.
        is_dir && name == "_posts" || path != self.destination && self.passes(path, name, is_dir)
    }

    /// EntryFilter#filter of an entry: its path below the folder that is listed.
    fn passes(&self, path: &str, entry: &str, is_dir: bool) -> bool {
        let name = base_name(entry);
        let included = self.include.matches(entry, is_dir) || self.include.matches(name, is_dir);
        !name.ends_with('.')
            && (included || !(self.exclude.matches(path, is_dir) || is_special(entry) || is_special(name)))
    }
}

/// EntryFilter#glob_include?: a pattern of `File.fnmatch`, or the beginning of the path, so
/// that `vendor` covers `vendor-old` too.
struct Patterns(Vec<String>);

impl Patterns {
    fn new(patterns: &[String]) -> Self {
        Self(patterns.iter().map(|pattern| pattern.trim_start_matches('/').to_owned()).collect())
    }

    fn matches(&self, path: &str, is_dir: bool) -> bool {
        self.0.iter().any(|pattern| {
            path.starts_with(pattern.as_str())
                || (is_dir && pattern.strip_suffix('/') == Some(path))
                || (pattern.contains(['*', '?', '[', '\\']) && fnmatch(pattern, path))
        })
    }
}

/// Ruby's `File.fnmatch` without flags: `*` and `?` cover `/` too, braces are plain text.
fn fnmatch(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    if first == '*' {
        let rest = rest.trim_start_matches('*');
        return text.char_indices().any(|(start, _)| fnmatch(rest, &text[start..])) || fnmatch(rest, "");
    }
    let Some(next) = text.chars().next() else { return false };
    let text = &text[next.len_utf8()..];
    match first {
        '?' => fnmatch(rest, text),
        '[' => match bracket(rest, next) {
            Some((true, rest)) => fnmatch(rest, text),
            _ => false,
        },
        '\\' if !rest.is_empty() => {
            let literal = rest.chars().next();
            literal == Some(next) && fnmatch(&rest[next.len_utf8()..], text)
        }
        _ => first == next && fnmatch(rest, text),
    }
}

/// Whether a character is in the set whose `[` was read, and what follows the set.
fn bracket(set: &str, c: char) -> Option<(bool, &str)> {
    let negated = set.starts_with(['!', '^']);
    let mut rest = if negated { &set[1..] } else { set };
    let mut found = false;
    while let Some((low, after)) = member(rest) {
        rest = after;
        let range = rest.strip_prefix('-').filter(|after| !after.starts_with(']')).and_then(member);
        let (high, after) = range.unwrap_or((low, rest));
        rest = after;
        found |= (low..=high).contains(&c);
        if let Some(rest) = rest.strip_prefix(']') {
            return Some((found != negated, rest));
        }
    }
    None
}

/// The next character of a set, without the `\` before it.
fn member(set: &str) -> Option<(char, &str)> {
    let set = set.strip_prefix('\\').unwrap_or(set);
    set.chars().next().map(|c| (c, &set[c.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row was answered by Ruby.
    #[test]
    fn patterns_are_rubys() {
        let table = [
            ("a/*/c", "a/b/b/c", true),
            ("**/a", "a", false),
            ("**/a", "b/a", true),
            ("*.md", "a/b.md", true),
            ("*.md", ".b.md", true),
            ("{a,b}", "a", false),
            ("doc?", "docs", true),
            ("doc?", "doc", false),
            ("doc[st]", "doct", true),
            ("doc[!st]", "doct", false),
            ("doc[^a-c]x", "docdx", true),
            ("doc[^a-c]x", "docbx", false),
            ("[", "[", false),
            ("\\*a", "*a", true),
            ("d\\ocs", "docs", true),
            ("中?", "中文", true),
            ("*", "", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(fnmatch(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_covers_what_begins_with_it() {
        let patterns = Patterns::new(&["vendor/bundle/".into(), "/docs".into()]);
        let table = [("vendor/bundle", true), ("vendor/bundler", false), ("docs2", true), ("a/docs", false)];
        for (path, expected) in table {
            assert_eq!(patterns.matches(path, true), expected, "{path}");
        }
    }

    #[test]
    fn what_is_below_posts_is_what_follows_the_first() {
        let table = [
            ("_posts/a.md", Some("a.md")),
            ("x/_posts/y/_posts/a.md", Some("y/_posts/a.md")),
            ("my_posts/a.md", None),
            ("_posts", None),
        ];
        for (path, expected) in table {
            assert_eq!(below_posts(path), expected, "{path}");
        }
    }
}
