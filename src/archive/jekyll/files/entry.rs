//! An entry of the walk, and the parts of its path.

use std::path::Path;

/// The properties of a file or folder that the filters test.
pub(crate) struct WalkEntry<'a> {
    pub(crate) path: &'a str,
    pub(crate) is_dir: bool,
    pub(crate) is_link: bool,
}

/// Returns a path relative to the root, with `/` as separator. Replaces bytes that are not UTF-8.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    if let Some(text) = below.to_str() {
        return text.to_owned();
    }
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the extension of a file without its dot; empty if it has none.
pub(crate) fn extension(path: &str) -> &str {
    base_name(path).rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Returns the name of the file that a compressed one holds; `None` if the file is not compressed.
pub(crate) fn without_compression(name: &str) -> Option<&str> {
    const ENDINGS: [&str; 10] = ["7z", "br", "bz2", "gz", "lz4", "lzma", "xz", "z", "zip", "zst"];
    let (name, ending) = name.rsplit_once('.')?;
    ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)).then_some(name)
}

/// Returns whether a path is below a folder. Both are relative to the site.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Returns whether a path is a folder or below it. Both are relative to the site.
pub(crate) fn is_at_or_below(path: &str, folder: &str) -> bool {
    path == folder || is_below(path, folder)
}

/// Returns the part of a path below its first `_posts` folder.
pub(crate) fn below_posts(path: &str) -> Option<&str> {
    let mut rest = path;
    while let Some((part, below)) = rest.split_once('/') {
        if part == "_posts" {
            return Some(below);
        }
        rest = below;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_itself_is_at_but_not_below_it() {
        let table = [
            ("a/b", "a", true, true),
            ("a", "a", false, true),
            ("ab", "a", false, false),
            ("b/a", "a", false, false),
            ("a", "a/b", false, false),
            ("a", "", true, true),
            ("", "", true, true),
        ];
        for (path, folder, below, at_or_below) in table {
            assert_eq!(is_below(path, folder), below, "{path} {folder}");
            assert_eq!(is_at_or_below(path, folder), at_or_below, "{path} {folder}");
        }
    }

    #[test]
    fn ending_of_a_compressed_file_is_removed() {
        let table = [
            ("a.md.gz", Some("a.md")),
            ("a.sql.ZST", Some("a.sql")),
            ("a.zip", Some("a")),
            ("a.md", None),
            ("gz", None),
        ];
        for (name, expected) in table {
            assert_eq!(without_compression(name), expected, "{name}");
        }
    }

    #[test]
    fn path_below_posts_starts_after_the_first_posts_folder() {
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
