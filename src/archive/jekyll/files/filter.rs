//! Decides which files and folders of a site Jekyll ignores: a port of `entry_filter.rb`, with the
//! patterns of `exclude` and `include`.

use crate::archive::jekyll::files::entry::{WalkEntry, base_name, below_posts};
use crate::config::Config;

/// Returns whether Jekyll treats a name as special: a hidden file, a part of a layout or a backup.
pub(crate) fn is_special(name: &str) -> bool {
    name.starts_with(['.', '_', '#', '~']) || name.ends_with('~')
}

/// Jekyll's `EntryFilter`, which selects the files and folders of a site.
pub(crate) struct EntryFilter {
    include: Patterns,
    exclude: Patterns,
    destination: String,
}

impl EntryFilter {
    /// Creates the filter. A pattern listed in both `exclude` and `include` does not exclude.
    pub(crate) fn new(config: &Config) -> Self {
        let source = &config.source;
        let excluded: Vec<_> =
            source.exclude.iter().filter(|pattern| !source.include.contains(pattern)).cloned().collect();
        Self {
            include: Patterns::new(&source.include),
            exclude: Patterns::new(&excluded),
            destination: source.destination.clone(),
        }
    }

    /// Returns whether a configured pattern excludes a file or a folder above it.
    pub(crate) fn excludes(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.map(|(end, is_dir)| (&path[..end], is_dir)).any(|(part, is_dir)| {
            self.exclude.matches(part, is_dir) && !self.include.matches(base_name(part), is_dir)
        })
    }

    pub(crate) fn keeps(&self, seen: &WalkEntry<'_>) -> bool {
        let &WalkEntry { path, is_dir, is_link } = seen;
        let name = base_name(path);
        if let Some(below) = below_posts(path) {
            // `Dir["**/*"]` lists all files below `_posts` at once. It skips hidden names and does not
            // follow links to folders. The test for special names sees the path relative to `_posts`, so
            // it affects only the first folder of that path.
            if is_dir {
                return !name.starts_with('.') && !is_link;
            }
            return !name.starts_with('.') && self.passes(path, below, is_dir);
        }
        // Jekyll lists a folder of posts regardless of its own path.
        is_dir && name == "_posts" || path != self.destination && self.passes(path, name, is_dir)
    }

    /// Returns whether Jekyll lists a file outside its folders of posts, by the path alone.
    pub(crate) fn keeps_path(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| (end, true)).chain([(path.len(), false)]);
        ends.map(|(end, is_dir)| WalkEntry { path: &path[..end], is_dir, is_link: false })
            .all(|seen| self.keeps(&seen))
    }

    /// Returns whether `include` names a file by its whole path, so that Jekyll reads it from any folder.
    pub(crate) fn names(&self, path: &str) -> bool {
        self.include.0.iter().any(|pattern| pattern == path)
    }

    /// `EntryFilter#filter`; `entry` is the path relative to the listed folder.
    pub(crate) fn passes(&self, path: &str, entry: &str, is_dir: bool) -> bool {
        let name = base_name(entry);
        let included = self.include.matches(entry, is_dir) || self.include.matches(name, is_dir);
        !name.ends_with('.')
            && (included || !(self.exclude.matches(path, is_dir) || is_special(entry) || is_special(name)))
    }
}

/// `EntryFilter#glob_include?`: a pattern matches as in `File.fnmatch` or as a prefix of the path, so
/// that `vendor` also covers `vendor-old`.
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

/// Ruby's `File.fnmatch` without flags: `*` and `?` also match `/`, and braces are plain text. Each step back goes to the
/// last star only, so that the time grows with the product of the lengths.
fn fnmatch(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text, mut last_star) = (pattern, text, None);
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            pattern = rest;
            last_star = Some((rest, text));
        } else if pattern.is_empty() && text.is_empty() {
            return true;
        } else if let Some(rest) = without_first(pattern, text) {
            (pattern, text) = rest;
        } else {
            let Some((after_star, from)) = last_star else { return false };
            let mut chars = from.chars();
            if chars.next().is_none() {
                return false;
            }
            (pattern, text) = (after_star, chars.as_str());
            last_star = Some((pattern, text));
        }
    }
}

/// Matches the first character of a text with the first part of a pattern. Returns what follows both.
fn without_first<'a>(pattern: &'a str, text: &'a str) -> Option<(&'a str, &'a str)> {
    let (mut parts, mut chars) = (pattern.chars(), text.chars());
    let (first, next) = (parts.next()?, chars.next()?);
    let rest = match first {
        '?' => parts.as_str(),
        '[' => bracket(parts.as_str(), next).and_then(|(matches, rest)| matches.then_some(rest))?,
        '\\' if !parts.as_str().is_empty() => (parts.next() == Some(next)).then_some(parts.as_str())?,
        _ => (first == next).then_some(parts.as_str())?,
    };
    Some((rest, chars.as_str()))
}

/// Matches a character against the set after a `[`. Returns the result and the pattern after the set.
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

/// Returns the next character of a set, without its `\`, and the text after it.
fn member(set: &str) -> Option<(char, &str)> {
    let set = set.strip_prefix('\\').unwrap_or(set);
    set.chars().next().map(|c| (c, &set[c.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values come from Ruby.
    #[test]
    fn patterns_match_like_ruby_fnmatch() {
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
            ("*a*b*c", "xaybzc", true),
            ("*a*b*c", "xaybz", false),
            ("a*", "b", false),
            ("a\\", "a\\", true),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(fnmatch(pattern, path), expected, "{pattern} {path}");
        }
        // A step back to every star would take longer than the test may run.
        assert!(!fnmatch("**a*a*a*a*a*a*a*a*a*a*b", &"a/".repeat(2_000)));
    }

    #[test]
    fn patterns_match_path_prefixes_from_the_root() {
        let patterns = Patterns::new(&["vendor/bundle/".into(), "/docs".into()]);
        let table = [("vendor/bundle", true), ("vendor/bundler", false), ("docs2", true), ("a/docs", false)];
        for (path, expected) in table {
            assert_eq!(patterns.matches(path, true), expected, "{path}");
        }
    }
}
