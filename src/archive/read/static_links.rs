//! The lookups of the files that a text names in `{% link %}` and that are served unchanged. Each costs a call to the
//! file system.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::archive::body;

/// Maximum number of files that are looked up for one text. A link to a further file has the URL that follows from its
/// path, and no report.
const MOST_FILES: usize = 256;

/// Limits a function to one call for each path, and to [`MOST_FILES`] paths.
pub(super) fn once_for_each(look_up: impl Fn(&str) -> Option<String>) -> impl Fn(&str) -> Option<String> {
    let known = RefCell::new(HashMap::<String, Option<String>>::new());
    move |path: &str| {
        let mut known = known.borrow_mut();
        if let Some(url) = known.get(path) {
            return url.clone();
        }
        if known.len() >= MOST_FILES {
            return Some(body::unchecked_url(path));
        }
        let url = look_up(path);
        known.insert(path.to_owned(), url.clone());
        url
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn each_file_is_looked_up_once_up_to_a_limit() {
        let calls = Cell::new(0);
        let files = once_for_each(|path| {
            calls.set(calls.get() + 1);
            (path != "none").then(|| format!("/{path}"))
        });
        for _ in 0..3 {
            assert_eq!(files("a").as_deref(), Some("/a"));
            assert_eq!(files("none"), None);
        }
        assert_eq!(calls.get(), 2);
        for index in 0..2 * MOST_FILES {
            files(&index.to_string());
        }
        assert_eq!((calls.get(), files("a").as_deref()), (MOST_FILES, Some("/a")));
        assert_eq!(files("none"), None);
        assert_eq!(files("g/b.txt").as_deref(), Some("g/b.txt"), "a file beyond the limit counts as known");
        assert_eq!(files("g/b.md").as_deref(), Some("g/b.html"));
        assert_eq!(calls.get(), MOST_FILES);
    }
}
