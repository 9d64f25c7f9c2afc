//! Finds the archives of posts: folders outside `_posts` whose files are dated posts. Jekyll publishes these files
//! as pages without a date. The search lists the names of files, and opens a sample of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use crate::archive::jekyll::files::entry::{WalkEntry, base_name, is_at_or_below, is_below, relative};
use crate::archive::jekyll::files::fence::has_front_matter;
use crate::archive::jekyll::files::filter::{EntryFilter, is_special};
use crate::archive::jekyll::files::links::{circle, is_link};
use crate::archive::jekyll::files::post_folders::holds_old_posts;
use crate::archive::jekyll::files::temporary::is_temporary;
use crate::archive::jekyll::permalink::FileName;
use crate::config::Config;

/// Minimum number of files in an archive whose name does not say what it holds.
const FEWEST_FILES: usize = 10;
/// Maximum number of files of a folder whose names count. The names of more files would give the same result.
const MOST_NAMES: usize = 10_000;
/// Maximum number of entries of a folder of old posts that are listed after an event in it.
const MOST_LISTED: usize = 1000;
/// Maximum number of files of a folder that are opened.
const SAMPLE: usize = 100;

/// Completes a configuration by the archives of posts, which depend on the site's files. An archive that was
/// `known` stays one while its folder is missing or empty, as it is on an unmounted volume. A configuration that
/// names the folders of posts has no archives.
pub(crate) fn with_archives(config: Arc<Config>, known: &[String]) -> Arc<Config> {
    let archives = if config.source.posts.is_empty() { archives(&config, known) } else { Vec::new() };
    if archives == config.archives {
        return config;
    }
    let mut config = Config::clone(&config);
    config.archives = archives;
    Arc::new(config)
}

fn archives(config: &Config, known: &[String]) -> Vec<String> {
    let mut archives = ArchiveSearch::new(config).run();
    let has_files = |folder: &String| {
        fs::read_dir(config.root.join(folder)).is_ok_and(|mut entries| entries.next().is_some())
    };
    archives.extend(known.iter().filter(|folder| !has_files(folder)).cloned());
    archives.sort_unstable();
    archives.dedup();
    archives
}

/// Adds archives to a configuration. An archive inside or around a known one is left out, since it would change the
/// URLs of posts; the next start or reload finds it.
pub(crate) fn with_more_archives(config: Arc<Config>, more: Vec<String>) -> Arc<Config> {
    let more: Vec<String> = more.into_iter().filter(|folder| is_separate(&config, folder)).collect();
    if more.is_empty() {
        return config;
    }
    let mut config = Config::clone(&config);
    config.archives.extend(more);
    config.archives.sort_unstable();
    Arc::new(config)
}

/// Returns the unknown archives around paths of the site: folders whose names say that they hold old posts, and that
/// hold one. The search reads only some entries of a large folder, because events in it may be frequent.
pub(crate) fn new_archives_around<'p>(config: &Config, paths: impl Iterator<Item = &'p str>) -> Vec<String> {
    if !config.source.posts.is_empty() {
        return Vec::new();
    }
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        if let Some(folder) = folder_of_old_posts(path).filter(|folder| is_separate(config, folder)) {
            folders.entry(folder).or_default().push(path);
        }
    }
    if folders.is_empty() {
        return Vec::new();
    }
    let search = ArchiveSearch::new(config);
    let holds_post = |folder: &str, paths: &[&str]| {
        let is_visible = |path: &str| {
            path.split('/')
                .skip(folder.split('/').count())
                .all(|part| !is_special(part) && !is_temporary(part))
        };
        let is_visible_post =
            |path: &&str| is_dated(path) && is_visible(path) && is_post(&config.root.join(path));
        paths.iter().any(is_visible_post) || has_post(&config.root.join(folder), MOST_LISTED)
    };
    let found = folders.iter().filter(|(folder, paths)| search.enters(folder) && holds_post(folder, paths));
    found.map(|(folder, _)| (*folder).to_owned()).collect()
}

/// Returns the unknown archives of a site whose pages have these paths. The search lists only the folders directly in
/// the site whose pages may be posts, since each full scan calls it.
pub(crate) fn new_archives<'p>(config: &Config, pages: impl Iterator<Item = &'p str>) -> Vec<String> {
    if !config.source.posts.is_empty() {
        return Vec::new();
    }
    let top = |folder: &str| folder.split('/').next().map(str::to_owned);
    let tops: BTreeSet<String> = folders_of_dated_pages(pages)
        .into_iter()
        .filter(|folder| is_separate(config, folder))
        .filter_map(top)
        .collect();
    let mut search = ArchiveSearch::new(config);
    for top in tops {
        if search.enters(&top)
            && let Some(names) = search.subfolder(&config.root.join(&top), top)
        {
            search.record_archives(&names);
        }
    }
    search.found.into_iter().filter(|folder| is_separate(config, folder)).collect()
}

/// Returns the folders whose pages have the names of an archive of posts.
fn folders_of_dated_pages<'p>(pages: impl Iterator<Item = &'p str>) -> BTreeSet<&'p str> {
    let mut folders = BTreeSet::new();
    // The pages directly in each folder, and those in the folder and below it.
    let (mut direct, mut all): (BTreeMap<&str, PageCounts>, BTreeMap<&str, PageCounts>) = Default::default();
    for page in pages {
        let is_dated = is_dated(page);
        if let Some(folder) = folder_of_old_posts(page) {
            folders.extend(is_dated.then_some(folder));
            continue;
        }
        for (depth, (end, _)) in page.rmatch_indices('/').enumerate() {
            let folder = &page[..end];
            all.entry(folder).or_default().add(is_dated);
            if depth == 0 {
                direct.entry(folder).or_default().add(is_dated);
            }
        }
    }
    let counts = direct.into_iter().chain(all);
    folders.extend(counts.filter(|(_, counts)| counts.may_be_posts()).map(|(folder, _)| folder));
    folders
}

/// Numbers of the pages in a folder.
#[derive(Default)]
struct PageCounts {
    all: usize,
    dated: usize,
}

impl PageCounts {
    fn add(&mut self, is_dated: bool) {
        self.all += 1;
        self.dated += usize::from(is_dated);
    }

    /// Returns whether the folder may be an archive, whatever other files it holds.
    fn may_be_posts(&self) -> bool {
        self.dated * 10 >= self.all.max(FEWEST_FILES) * 9
    }
}

/// Returns whether a folder is neither a known archive nor inside or around one.
fn is_separate(config: &Config, folder: &str) -> bool {
    !config.archives.iter().any(|known| is_at_or_below(folder, known) || is_below(known, folder))
}

/// Returns the outermost folder at or above a path whose name says that it holds old posts, unless a folder of posts
/// contains it.
fn folder_of_old_posts(path: &str) -> Option<&str> {
    let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]).chain([path]);
    folders
        .find(|folder| holds_old_posts(folder) || is_of_posts(folder))
        .filter(|folder| holds_old_posts(folder))
}

/// Returns whether every site reads the files of a folder as posts.
fn is_of_posts(folder: &str) -> bool {
    base_name(folder) == "_posts" || folder == "posts"
}

/// The names of a folder's files, and those of the folders below it.
#[derive(Default)]
struct FolderNames {
    path: String,
    files: usize,
    /// The files with the name of a dated post.
    dated: usize,
    /// Some of the dated files.
    sample: Vec<PathBuf>,
    below: Vec<FolderNames>,
}

/// A search for archives in a site.
struct ArchiveSearch<'a> {
    config: &'a Config,
    filter: EntryFilter,
    found: Vec<String>,
}

impl<'a> ArchiveSearch<'a> {
    fn new(config: &'a Config) -> Self {
        Self { config, filter: EntryFilter::new(config), found: Vec::new() }
    }

    fn run(mut self) -> Vec<String> {
        let config = self.config;
        let site = self.names(&config.root, String::new());
        // The site itself is no archive, whatever files it holds.
        site.below.iter().for_each(|folder| self.record_archives(folder));
        self.found
    }

    /// Lists the names of a folder and of all folders below it, but for the folders of posts.
    fn names(&mut self, folder: &Path, path: String) -> FolderNames {
        let mut names = FolderNames { path, ..FolderNames::default() };
        let Ok(entries) = fs::read_dir(folder) else { return names };
        for entry in entries.flatten() {
            let Ok(file_type) = entry.file_type() else { continue };
            if file_type.is_file() && names.files >= MOST_NAMES {
                continue;
            }
            let (path, is_link) = (entry.path(), file_type.is_symlink());
            let is_dir = if is_link { path.is_dir() } else { file_type.is_dir() };
            let relative = relative(&self.config.root, &path);
            if !self.filter.keeps(&WalkEntry { path: &relative, is_dir, is_link }) {
                continue;
            }
            if is_dir {
                if !is_link || self.may_follow(&path) {
                    names.below.extend(self.subfolder(&path, relative));
                }
            } else if !is_temporary(base_name(&relative)) {
                names.files += 1;
                // A named pipe would block the process that opens it.
                let is_file = file_type.is_file() || is_link && path.is_file();
                if is_file && is_dated(&relative) {
                    names.dated += 1;
                    if names.sample.len() < SAMPLE {
                        names.sample.push(path);
                    }
                }
            }
        }
        names
    }

    /// Lists the names of a folder, unless its own name says what it holds.
    fn subfolder(&mut self, folder: &Path, path: String) -> Option<FolderNames> {
        if holds_old_posts(&path) {
            if has_post(folder, usize::MAX) {
                self.found.push(path);
            }
            return None;
        }
        (!is_of_posts(&path)).then(|| self.names(folder, path))
    }

    /// Returns whether the search enters a folder and all folders above it.
    fn enters(&self, folder: &str) -> bool {
        let mut folders = folder.match_indices('/').map(|(end, _)| &folder[..end]).chain([folder]);
        folders.all(|path| {
            let place = self.config.root.join(path);
            let is_link = is_link(&place);
            self.filter.keeps(&WalkEntry { path, is_dir: true, is_link })
                && (!is_link || self.may_follow(&place))
        })
    }

    /// Returns whether a link leads neither to a folder that contains it nor to a folder of posts of the site.
    fn may_follow(&self, link: &Path) -> bool {
        let (Ok(target), Ok(root)) = (link.canonicalize(), self.config.root.canonicalize()) else {
            return false;
        };
        let is_of_posts = target.strip_prefix(&root).is_ok_and(|below| {
            below.starts_with("posts") || below.components().any(|part| part.as_os_str() == "_posts")
        });
        !is_of_posts && circle(&self.config.root, link).is_none()
    }

    /// Records the archives among a folder and those below it. A folder without posts of its own is no archive
    /// if all posts are in one folder below it.
    fn record_archives(&mut self, folder: &FolderNames) {
        let (direct, all) = (FileCounts::from_folder(folder), FileCounts::from_tree(folder));
        let with_posts = folder.below.iter().filter(|below| FileCounts::from_tree(below).dated > 0).count();
        let is_outermost = direct.dated > 0 || with_posts > 1;
        if direct.are_posts() || is_outermost && all.are_posts() {
            self.found.push(folder.path.clone());
        } else {
            folder.below.iter().for_each(|below| self.record_archives(below));
        }
    }
}

/// Counts of files, by their names.
struct FileCounts<'a> {
    files: usize,
    dated: usize,
    sample: Vec<&'a Path>,
}

impl<'a> FileCounts<'a> {
    /// The files directly in a folder.
    fn from_folder(folder: &'a FolderNames) -> Self {
        let sample = folder.sample.iter().map(PathBuf::as_path).collect();
        Self { files: folder.files, dated: folder.dated, sample }
    }

    /// The files in a folder and in those below it.
    fn from_tree(folder: &'a FolderNames) -> Self {
        let mut counts = Self::from_folder(folder);
        for below in folder.below.iter().map(Self::from_tree) {
            counts.files += below.files;
            counts.dated += below.dated;
            counts.sample.extend(below.sample.into_iter().take(SAMPLE - counts.sample.len()));
        }
        counts
    }

    /// Returns whether at least 9 in 10 files are dated posts. Opens no file if the names exclude that.
    fn are_posts(&self) -> bool {
        let is_most = |posts: usize| self.files >= FEWEST_FILES && posts * 10 >= self.files * 9;
        is_most(self.dated) && {
            let posts = self.sample.iter().filter(|file| has_front_matter(file).unwrap_or(false)).count();
            is_most(self.dated * posts / self.sample.len().max(1))
        }
    }
}

/// Returns whether a folder or one below it holds a dated post, among its first `most` entries.
fn has_post(folder: &Path, most: usize) -> bool {
    let is_visible = |name: &str| !is_special(name) && !is_temporary(name);
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .into_iter()
        .filter_entry(move |entry| entry.depth() == 0 || entry.file_name().to_str().is_some_and(is_visible));
    let files = entries.take(most).flatten().filter(|entry| entry.file_type().is_file());
    let dated = files.filter(|entry| entry.file_name().to_str().is_some_and(is_dated));
    dated.take(SAMPLE).any(|entry| has_front_matter(entry.path()).unwrap_or(false))
}

/// Returns whether a file is a regular one with front matter.
fn is_post(file: &Path) -> bool {
    // A named pipe would block the process that opens it.
    file.is_file() && has_front_matter(file).unwrap_or(false)
}

/// Returns whether a path has the name of a post and a date in it, at least in the digits of its slug.
pub(crate) fn is_dated(path: &str) -> bool {
    FileName::from_path(path).is_some_and(|name| {
        let digits = name.slug.bytes().take_while(u8::is_ascii_digit).count();
        name.date.is_some() || digits >= "20240102".len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    const POST: &str = "---\ntitle: T\n---\nText.\n";

    /// A site with these files, each a path and its content.
    fn site(config: &str, files: &[(String, &str)]) -> tempfile::TempDir {
        let site = tempfile::tempdir().expect("a folder");
        fs::write(site.path().join("_config.yml"), config).expect("a file");
        for (path, text) in files {
            let path = site.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        site
    }

    /// The archives of a site with these files.
    fn archives(config: &str, files: &[(String, &str)]) -> Vec<String> {
        let site = site(config, files);
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("a configuration");
        with_archives(Arc::new(config), &[]).archives.clone()
    }

    /// The path and the text of each file.
    type Files = Vec<(String, &'static str)>;

    /// The first `count` posts of a folder.
    fn posts(folder: &str, count: usize) -> Files {
        (0..count).map(|number| (format!("{folder}/2024-01-02-{number}.md"), POST)).collect()
    }

    fn others(paths: &[&str], text: &'static str) -> Files {
        paths.iter().map(|path| ((*path).to_owned(), text)).collect()
    }

    #[test]
    fn folders_of_dated_posts_are_archives() {
        let table: [(Files, &[&str]); 16] = [
            (posts("news", 10), &["news"]),
            (posts("news", 9), &[]),
            ([posts("news", 9), others(&["news/index.html"], POST)].concat(), &["news"]),
            ([posts("news", 8), others(&["news/a.md", "news/b.md"], POST)].concat(), &[]),
            ([posts("news", 9), others(&["news/2024-01-02-raw.md"], "Text.\n")].concat(), &["news"]),
            (
                [posts("news", 8), others(&["news/2024-01-02-x.md", "news/2024-01-02-y.md"], "Text.\n")]
                    .concat(),
                &[],
            ),
            (
                [posts("news", 10), others(&["news/.x", "news/2024-01-02-a.md.bak", "news/b.md~"], POST)]
                    .concat(),
                &["news"],
            ),
            ([posts("content/news", 20), others(&["content/about.md"], POST)].concat(), &["content/news"]),
            (
                [posts("news", 10), others(&["news/img/1.png", "news/img/2.png", "news/img/3.png"], "x")]
                    .concat(),
                &["news"],
            ),
            ([posts("news/2023", 8), posts("news/2024", 3)].concat(), &["news"]),
            ([posts("a", 10), posts("b", 10)].concat(), &["a", "b"]),
            (posts("old_post", 1), &["old_post"]),
            (
                [posts("market/old_posts/2024", 1), posts("archive/_posts", 1)].concat(),
                &["archive/_posts", "market/old_posts"],
            ),
            (others(&["old_post/about.md", "old_post/2024-01-02-a.md.bak"], POST), &[]),
            (others(&["old_post/2024-01-02-a.md"], "Text.\n"), &[]),
            (
                [
                    posts("_posts", 12),
                    posts("posts", 12),
                    posts("_drafts", 12),
                    posts(".x", 12),
                    posts("no", 12),
                ]
                .concat(),
                &[],
            ),
        ];
        for (files, expected) in table {
            assert_eq!(archives("exclude: ['no']\n", &files), expected, "{files:?}");
        }
        assert_eq!(archives("finews:\n  posts: [_posts]\n", &posts("old_post", 12)), [""; 0]);
    }

    #[test]
    fn folder_of_old_posts_is_a_new_archive_by_its_posts() {
        let texts: Vec<String> = (0..MOST_LISTED).map(|number| format!("old_post/{number}.md")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let table: [(Files, &str, &[&str]); 14] = [
            (posts("old_post", 1), "old_post", &["old_post"]),
            (posts("old_post/2024", 1), "old_post/2024/2024-01-02-0.md", &["old_post"]),
            (posts("market/old_posts", 1), "market/old_posts/x.png", &["market/old_posts"]),
            (posts("archive/_posts", 1), "archive/_posts/2024-01-02-0.md", &["archive/_posts"]),
            (posts("old_post/a/old_post", 1), "old_post/a/old_post/x.md", &["old_post"]),
            (
                [posts("old_post", 1), others(&texts, "Text.\n")].concat(),
                "old_post/2024-01-02-0.md",
                &["old_post"],
            ),
            (others(&["old_post/.x/2024-01-02-a.md"], POST), "old_post/.x/2024-01-02-a.md", &[]),
            // The folder has no post, lies in a folder of posts, or has another name.
            (others(&["old_post/2024-01-02-a.md"], ""), "old_post/2024-01-02-a.md", &[]),
            (others(&["old_post"], POST), "old_post", &[]),
            (posts("posts/old_post", 1), "posts/old_post/2024-01-02-0.md", &[]),
            (posts("_posts/old_post", 1), "_posts/old_post/2024-01-02-0.md", &[]),
            (posts("news", 20), "news/2024-01-02-0.md", &[]),
            // Jekyll ignores the folder, or it is known.
            (posts("no/old_post", 1), "no/old_post/2024-01-02-0.md", &[]),
            (posts("known/old_post", 1), "known/old_post/2024-01-02-0.md", &[]),
        ];
        for (files, path, expected) in table {
            let (_site, config) = with_known("exclude: ['no']\n", &files);
            assert_eq!(new_archives_around(&config, [path].into_iter()), expected, "{path}");
        }
        let (_site, config) = with_known("finews:\n  posts: [_posts]\n", &posts("old_post", 1));
        assert_eq!(new_archives_around(&config, ["old_post"].into_iter()), [""; 0]);
    }

    #[test]
    fn new_archives_are_searched_only_with_dated_pages() {
        let files = [
            posts("news", 10),
            posts("known/2024", 10),
            posts("old_post", 1),
            posts("content/2023", 6),
            posts("content/2024", 6),
        ]
        .concat();
        let (_site, config) = with_known("title: T\n", &files);
        let found = |folder: &str| {
            let pages = files.iter().map(|(path, _)| &**path).filter(|path| path.starts_with(folder));
            new_archives(&config, pages.chain(["about.md"]))
        };
        let table: [(&str, &[&str]); 7] = [
            ("about", &[]),
            ("news/", &["news"]),
            ("known/", &[]),
            ("old_post/", &["old_post"]),
            ("content/2023/", &[]),
            ("content/", &["content"]),
            ("", &["content", "news", "old_post"]),
        ];
        for (folder, expected) in table {
            assert_eq!(found(folder), expected, "{folder}");
        }
        let more = ["known/2024", "news", "known"].map(String::from).to_vec();
        assert_eq!(with_more_archives(Arc::new(config), more).archives, ["known", "news"]);
    }

    /// A site with these files, whose folder `known` is an archive.
    fn with_known(config: &str, files: &[(String, &str)]) -> (tempfile::TempDir, Config) {
        let site = site(config, files);
        let mut config =
            Config::read(site.path(), &Overrides::default(), &|_| None).expect("a configuration");
        config.archives = vec!["known".to_owned()];
        (site, config)
    }

    #[test]
    fn missing_archive_stays_one() {
        let site = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(site.path().join("empty")).expect("a folder");
        fs::create_dir_all(site.path().join("full")).expect("a folder");
        fs::write(site.path().join("full/about.md"), POST).expect("a file");
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("a configuration");
        let known = ["empty", "full", "missing"].map(String::from);
        assert_eq!(with_archives(Arc::new(config), &known).archives, ["empty", "missing"]);
    }
}
