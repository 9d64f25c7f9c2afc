//! The folders of posts beside the main one, such as `old_post`: the files that they share with it, and the pages
//! that Jekyll made of their files.

use std::borrow::Cow;

use crate::archive::jekyll::files::entry::{base_name, is_below};
use crate::config::Config;

/// The folders of posts beside the main one, in the order of their precedence.
#[derive(Debug, Clone, Default)]
pub(crate) struct PostFolders {
    folders: Vec<PostFolder>,
    /// Folders outside `_posts`: Jekyll published their files as pages.
    of_pages: Vec<String>,
    found: Vec<String>,
}

/// A folder of posts that continues others: files move to it from them.
#[derive(Debug, Clone)]
struct PostFolder {
    path: String,
    /// The folders whose files take precedence over their copies in this one.
    origins: Vec<String>,
    /// The folder in which the posts would have the same URLs by Jekyll's rules.
    usual: Option<String>,
    /// The folder holds old posts only, so no post in it is new.
    is_old: bool,
}

impl PostFolders {
    /// Takes the folders that the configuration names, or else those that the site's files suggest.
    pub(crate) fn new(config: &Config) -> Self {
        let (named, found) = (&config.source.posts, &config.archives);
        if !named.is_empty() {
            let folders = named.iter().enumerate().skip(1).map(|(index, path)| PostFolder {
                path: path.clone(),
                origins: named[..index].to_vec(),
                usual: None,
                is_old: holds_old_posts(path),
            });
            let folders = folders.collect();
            return Self { folders, of_pages: outside_posts(named), found: Vec::new() };
        }
        let main = below(&config.source.collections_dir, "_posts");
        let folders = found.iter().enumerate().map(|(index, path)| {
            let above = above_archive(path);
            let usual = if above.is_empty() { main.clone() } else { below(above, "_posts") };
            let mut origins = vec![usual.clone()];
            origins.extend(above.is_empty().then(|| "posts".to_owned()));
            // The same file under another category is another post.
            origins.extend(found[..index].iter().filter(|other| above_archive(other) == above).cloned());
            let usual = (base_name(path) != "_posts").then_some(usual);
            PostFolder { path: path.clone(), origins, usual, is_old: holds_old_posts(path) }
        });
        let folders = folders.collect();
        let all: Vec<String> = found.iter().cloned().chain(["posts".to_owned()]).collect();
        Self { folders, of_pages: outside_posts(&all), found: found.clone() }
    }

    /// The folders that the site's files suggest, relative to the site.
    pub(crate) fn found(&self) -> &[String] {
        &self.found
    }

    /// Returns whether the site has no folders of posts beside the main one.
    pub(crate) fn is_empty(&self) -> bool {
        self.folders.is_empty()
    }

    /// Returns the path that a post would have in a usual folder, which gives it the same URL by Jekyll's rules.
    pub(crate) fn usual_path<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let usual = |folder: &PostFolder| Some(below(folder.usual.as_deref()?, below_folder(path, folder)));
        self.holder(path).and_then(usual).map_or(Cow::Borrowed(path), Cow::Owned)
    }

    /// Returns the paths of files whose copy a file may be. The first of them that exists takes precedence.
    pub(crate) fn originals<'p>(&'p self, path: &'p str) -> impl Iterator<Item = String> + 'p {
        self.holder(path).into_iter().flat_map(move |folder| {
            let rest = below_folder(path, folder);
            folder.origins.iter().flat_map(move |origin| in_folder(origin, rest))
        })
    }

    /// Returns the other paths that a file may have after or before a move.
    pub(crate) fn counterparts(&self, path: &str) -> Vec<String> {
        let mut paths: Vec<String> = self.originals(path).collect();
        for folder in &self.folders {
            let origin = folder.origins.iter().find(|origin| is_below(path, origin));
            let rest = origin.and_then(|origin| path.get(prefix(origin)..));
            paths.extend(rest.into_iter().flat_map(|rest| in_folder(&folder.path, rest)));
        }
        paths.retain(|other| other != path);
        paths
    }

    /// Returns whether a post is in a folder that holds old posts only.
    pub(crate) fn holds_old_post(&self, path: &str) -> bool {
        self.holder(path).is_some_and(|folder| folder.is_old)
    }

    /// Returns whether a post is in a folder that is not among the `known` ones.
    pub(crate) fn is_in_new_folder(&self, known: &Self, path: &str) -> bool {
        let is_known = |folder: &PostFolder| known.folders.iter().any(|known| known.path == folder.path);
        self.holder(path).is_some_and(|folder| !is_known(folder))
    }

    /// Returns whether Jekyll published a file at this path as a page, although it is a post.
    pub(crate) fn is_of_page(&self, path: &str) -> bool {
        self.of_pages.iter().any(|folder| is_below(path, folder))
    }

    /// The innermost of the folders that contains a file.
    fn holder(&self, path: &str) -> Option<&PostFolder> {
        let holders = self.folders.iter().filter(|folder| is_below(path, &folder.path));
        holders.max_by_key(|folder| folder.path.len())
    }
}

/// Returns whether a folder's name says that it holds old posts: it is an archive with a single post.
pub(crate) fn holds_old_posts(path: &str) -> bool {
    matches!(base_name(path), "old_post" | "old_posts")
        || path == "archive/_posts"
        || path.ends_with("/archive/_posts")
}

/// Returns the folder above an archive that Jekyll would read as a category.
fn above_archive(path: &str) -> &str {
    if !holds_old_posts(path) {
        return "";
    }
    let path = path.strip_suffix("/_posts").unwrap_or(path);
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

/// Returns the path of a file relative to a folder that contains it.
fn below_folder<'p>(path: &'p str, folder: &PostFolder) -> &'p str {
    path.get(prefix(&folder.path)..).unwrap_or(path)
}

/// Returns the length of a folder's path with its slash.
fn prefix(folder: &str) -> usize {
    if folder.is_empty() { 0 } else { folder.len() + 1 }
}

/// Returns the paths of a file in another folder: in the same folders below it, and directly in it.
fn in_folder(folder: &str, rest: &str) -> impl Iterator<Item = String> {
    let direct = rest.contains('/').then(|| below(folder, base_name(rest)));
    [below(folder, rest)].into_iter().chain(direct)
}

/// Joins a folder, which may be the site itself, and a path in it.
fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

fn outside_posts(folders: &[String]) -> Vec<String> {
    folders.iter().filter(|folder| folder.split('/').all(|part| part != "_posts")).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Overrides;

    fn folders(named: &[&str], found: &[&str]) -> PostFolders {
        let mut config =
            Config::read(Path::new("."), &Overrides::default(), &|_| None).expect("a configuration");
        let texts = |paths: &[&str]| -> Vec<String> { paths.iter().map(|path| (*path).to_owned()).collect() };
        (config.source.posts, config.archives) = (texts(named), texts(found));
        PostFolders::new(&config)
    }

    #[test]
    fn archived_post_has_the_path_of_its_origin() {
        let found = folders(&[], &["archive/_posts", "content/news", "market/old_post", "old_post"]);
        let table = [
            ("_posts/2024-01-01-a.md", "_posts/2024-01-01-a.md"),
            ("old_post/2024-01-01-a.md", "_posts/2024-01-01-a.md"),
            ("old_post/2024/2024-01-01-a.md", "_posts/2024/2024-01-01-a.md"),
            ("old_posts/2024-01-01-a.md", "old_posts/2024-01-01-a.md"),
            ("market/old_post/2024-01-01-a.md", "market/_posts/2024-01-01-a.md"),
            ("content/news/2024-01-01-a.md", "_posts/2024-01-01-a.md"),
            ("archive/_posts/2024-01-01-a.md", "archive/_posts/2024-01-01-a.md"),
        ];
        for (path, expected) in table {
            assert_eq!(found.usual_path(path), expected, "{path}");
        }
        let named = folders(&["_posts", "old_post"], &[]);
        assert_eq!(named.usual_path("old_post/a.md"), "old_post/a.md");
    }

    #[test]
    fn copies_are_sought_in_the_folders_before() {
        let found = folders(&[], &["archive/_posts", "old_post"]);
        let originals = |path: &str| found.originals(path).collect::<Vec<_>>();
        assert_eq!(originals("_posts/a.md"), [""; 0]);
        assert_eq!(originals("archive/_posts/a.md"), ["_posts/a.md", "posts/a.md"]);
        assert_eq!(
            originals("old_post/x/a.md"),
            [
                "_posts/x/a.md",
                "_posts/a.md",
                "posts/x/a.md",
                "posts/a.md",
                "archive/_posts/x/a.md",
                "archive/_posts/a.md"
            ]
        );
        assert_eq!(found.counterparts("_posts/a.md"), ["archive/_posts/a.md", "old_post/a.md"]);
        let named = folders(&["new", "older", "oldest"], &[]);
        assert_eq!(named.originals("oldest/a.md").collect::<Vec<_>>(), ["new/a.md", "older/a.md"]);
        assert_eq!(named.counterparts("older/a.md"), ["new/a.md", "oldest/a.md"]);
    }

    #[test]
    fn folders_outside_posts_had_pages() {
        let found = folders(&[], &["archive/_posts", "old_post"]);
        let table = [
            ("old_post/a.html", true),
            ("posts/a.html", true),
            ("_posts/a", false),
            ("archive/_posts/a", false),
        ];
        for (path, expected) in table {
            assert_eq!(found.is_of_page(path), expected, "{path}");
        }
    }
}
