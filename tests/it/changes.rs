//! Files change under a running finews: its pages always show what a fresh start would show, and a broken
//! file keeps its last good version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use finews::archive::snapshot::{Group, GroupKind};
use finews::archive::updater::{FullScan, Updater};
use finews::archive::{Code, Progress, Snapshot, Target};
use finews::web::paths;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::{config, folder, load, post};

const CONFIG: &str = "title: t\ntimezone: Asia/Shanghai\nfuture: false\n";

/// A site on disk, and the updater that follows it.
struct EditedSite {
    folder: TempDir,
    updater: Updater,
}

impl EditedSite {
    fn from_files(files: &[(&str, &str)]) -> Self {
        let folder = folder(&[&[("_config.yml", CONFIG)], files].concat());
        let updater = open_updater(folder.path());
        Self { folder, updater }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file and notifies the updater; returns whether that made an update.
    fn write(&mut self, path: &str, text: &str) -> bool {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(&file, text).expect("a file");
        self.updater.apply_events(&[file], &[]).0.is_some()
    }

    fn remove(&mut self, path: &str) -> bool {
        fs::remove_file(self.path(path)).expect("a file");
        self.updater.apply_events(&[self.path(path)], &[]).0.is_some()
    }

    /// Scans all files; returns whether that made an update.
    fn rescan(&mut self, reread_all: bool) -> bool {
        let scan = FullScan::new(self.updater.config(), &self.archive(), reread_all);
        self.updater.apply_scan(scan).0.is_some()
    }

    /// Notifies the updater of changed files; returns the paths of the posts that are news.
    fn news(&mut self, paths: &[&str]) -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| self.path(path)).collect();
        let Some(update) = self.updater.apply_events(&paths, &[]).0 else { return Vec::new() };
        update.new.iter().map(|id| update.archive.post(*id).path().to_owned()).collect()
    }

    /// Sets the time of a file back by an hour.
    fn set_old(&self, path: &str) {
        let file = fs::File::options().append(true).open(self.path(path)).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).expect("a time");
    }

    /// The path of the file whose post is served at a URL.
    fn served_at(&self, url: &str) -> Option<String> {
        match self.archive().at_path(url) {
            Some(Target::Post(id)) => Some(self.archive().post(id).path().to_owned()),
            _ => None,
        }
    }

    fn archive(&self) -> Arc<Snapshot> {
        self.updater.archive()
    }

    fn titles(&self) -> Vec<String> {
        self.archive().posts().iter().map(|post| post.title().to_owned()).collect()
    }

    /// Codes of the problems reported for a file or folder.
    fn codes(&self, path: &str) -> Vec<Code> {
        let problems = self.archive().problems();
        problems.iter().filter(|problem| *problem.path == *path).map(|problem| problem.code).collect()
    }
}

fn open_updater(root: &Path) -> Updater {
    Updater::open(Arc::new(config(root)), paths::RESERVED_PATHS, &Progress::default()).expect("a site")
}

/// Everything that pages read from an archive, in an order that does not depend on its history.
fn visible_state(archive: &Snapshot) -> Vec<String> {
    let path = |id| archive.post(id).path().to_owned();
    let group = |group: &Group| {
        let posts: Vec<_> = group.posts().iter().map(path).collect();
        let called = archive.used_names(group);
        let (name, label, recent) = (archive.name(group.name()), group.label(), group.recent());
        let ends = [group.first(), group.last()];
        format!("{name} = {label} {called:?} {recent:?} {ends:?}: {posts:?}")
    };
    let groups = |kind| {
        let groups = archive.groups(kind);
        let version = format!("version {:x}", groups.version());
        groups.iter().map(group).chain([version]).collect::<Vec<_>>()
    };
    let mut state = Vec::new();
    for post in archive.posts() {
        state.push(format!("{} {} {} {:x}", post.path(), post.url(), post.title(), post.hash));
        state.push(format!("{:?}", archive.at_path(post.url()).is_some()));
        let story = archive.story(archive.at_file(post.path()).expect("a post"));
        let mentions = archive.mentions(&story);
        let names: Vec<_> = mentions.iter().map(|mention| archive.shown_name(mention)).collect();
        state.push(format!(
            "{:?} {:x} {names:?}",
            story.posts().map(path).collect::<Vec<_>>(),
            archive.version(&story)
        ));
    }
    state.push(format!("{}", archive.tags_repeat_sources()));
    state.push(format!("listed {:?}", archive.listed().iter().map(path).collect::<Vec<_>>()));
    let mut sorted = GroupKind::ALL.map(groups).concat();
    sorted.sort();
    state.append(&mut sorted);
    for kind in GroupKind::ALL {
        state.push(format!("empty {:?}", archive.empty_groups(kind)));
    }
    state.push(format!("{:?}", archive.last_modified(archive.listed(), 0..archive.listed().len())));
    state.extend(archive.active_categories().map(|group| archive.name(group.name()).to_owned()));
    for (day, count) in archive.days(chrono::NaiveDate::MIN..=chrono::NaiveDate::MAX) {
        let posts = archive.day(day).map(|list| list.iter().map(path).collect::<Vec<_>>());
        state.push(format!("{day} {count} {posts:?}"));
    }
    for (index, page) in archive.pages().iter().enumerate() {
        let is_served = archive.is_page_served(index);
        state.push(format!("{} {} {is_served} {:x}", page.path, page.url, page.hash));
    }
    state.extend(archive.problems().iter().map(ToString::to_string));
    state
}

#[test]
fn file_events_add_and_remove_posts() {
    let mut site = EditedSite::from_files(&[("_posts/2024-01-01-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    assert!(site.write("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x")));
    assert_eq!(site.titles(), ["b", "a"]);
    assert!(site.remove("_posts/2024-01-01-a.md"));
    assert_eq!(site.titles(), ["b"]);
    assert!(site.remove("_posts/2024-01-02-b.md"));
    assert_eq!(site.titles(), [""; 0]);
    assert!(site.archive().groups(GroupKind::Source).is_empty());
}

#[test]
fn removed_folder_clears_its_problems() {
    let files = [
        ("_posts/2024-01-01-a.md", &*post("a", "2024-01-01 08:00", "x")),
        ("market/_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x")),
    ];
    let add_link_loop =
        |site: &EditedSite| std::os::unix::fs::symlink(".", site.path("market/loop")).expect("a link");
    // The updater learns of the removal by an event.
    let mut site = EditedSite::from_files(&files);
    add_link_loop(&site);
    site.rescan(false);
    assert_eq!(site.codes("market/loop"), [Code::Unreadable]);
    fs::remove_dir_all(site.path("market")).expect("a folder");
    site.updater.apply_events(&[site.path("market")], &[]);
    assert_eq!(site.codes("market/loop"), []);
    // The folder is removed during a full scan.
    let mut site = EditedSite::from_files(&files);
    add_link_loop(&site);
    let scan = FullScan::new(site.updater.config(), &site.archive(), false);
    fs::remove_dir_all(site.path("market")).expect("a folder");
    site.updater.apply_scan(scan);
    assert_eq!(site.codes("market/loop"), []);
}

#[test]
fn rewrite_without_changes_makes_no_edition() {
    let text = post("a", "2024-01-01 08:00", "x");
    let mut site = EditedSite::from_files(&[("_posts/2024-01-01-a.md", &text)]);
    assert!(!site.write("_posts/2024-01-01-a.md", &text));
    assert!(!site.write("_posts/2024-01-01-a.md", &text.replace("title: a", "title:  a")));
    assert!(!site.rescan(false));
    assert!(!site.rescan(true));
}

#[test]
fn unknown_files_of_a_permalink_are_in_folders_of_posts() {
    let site = EditedSite::from_files(&[
        ("_posts/2024-01-01-a.md", "A"),
        ("market/_posts/2024/2024-01-01-b.md", "B"),
    ]);
    let day = chrono::NaiveDate::from_ymd_opt(2024, 1, 2).expect("a day");
    let found = |slug: &str| {
        let files = site.updater.unknown_files(day, slug);
        let name = |file: &PathBuf| {
            file.strip_prefix(site.folder.path()).expect("a file of the site").to_string_lossy().into_owned()
        };
        files.iter().map(name).collect::<Vec<_>>()
    };
    for path in
        ["_posts/2024-01-02-c.markdown", "market/_posts/2024/2024-01-02-页.html", "2024-01-02-root.md"]
    {
        fs::write(site.path(path), "Text.").expect("a file");
    }
    fs::create_dir(site.path("_posts/2024-01-02-folder.md")).expect("a folder");
    assert_eq!(found("c"), ["_posts/2024-01-02-c.markdown"]);
    assert_eq!(found("页"), ["market/_posts/2024/2024-01-02-页.html"]);
    for slug in ["none", "root", "folder"] {
        assert_eq!(found(slug), [""; 0], "{slug}");
    }
    let known = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day");
    assert!(site.updater.unknown_files(known, "a").is_empty(), "the archive has the post");
}

#[test]
fn emptied_file_keeps_its_last_good_version() {
    let text = post("a", "2024-01-01 08:00", "x");
    let mut site = EditedSite::from_files(&[("_posts/2024-01-01-a.md", &text)]);
    assert!(site.write("_posts/2024-01-01-a.md", ""));
    assert_eq!(site.titles(), ["a"]);
    assert_eq!(site.codes("_posts/2024-01-01-a.md"), [Code::HalfWritten]);
    assert!(site.write("_posts/2024-01-01-a.md", &text));
    assert_eq!(site.codes("_posts/2024-01-01-a.md"), []);
    // An empty file that never was a post is not served.
    site.write("_posts/2024-01-02-b.md", "");
    assert_eq!(site.titles(), ["a"]);
    assert_eq!(site.codes("_posts/2024-01-02-b.md"), [Code::HalfWritten]);
    site.remove("_posts/2024-01-02-b.md");
    assert_eq!(site.codes("_posts/2024-01-02-b.md"), []);
}

/// A fresh start would not serve the post.
#[test]
fn post_whose_date_becomes_invalid_keeps_its_last_version() {
    let mut site = EditedSite::from_files(&[("_posts/-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    assert!(site.write("_posts/-a.md", &post("b", "never", "x")));
    assert_eq!(site.titles(), ["a"]);
    assert_eq!(site.codes("_posts/-a.md"), [Code::DateInvalid]);
    assert!(load(&config(site.folder.path())).is_empty());
    assert!(site.write("_posts/-a.md", &post("b", "2024-01-01 08:00", "x")));
    assert_eq!(site.titles(), ["b"]);
    assert_eq!(site.codes("_posts/-a.md"), []);
}

#[test]
fn file_without_closing_fence_is_read_after_a_delay() {
    let mut site = EditedSite::from_files(&[("_posts/2024-01-01-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    site.write("_posts/2024-01-01-a.md", "---\ntitle: half");
    assert_eq!(site.titles(), ["a"]);
    assert_eq!(site.codes("_posts/2024-01-01-a.md"), [Code::HalfWritten, Code::FrontMatterInvalid]);
    let wait = site.updater.next_wake();
    assert!(wait <= Duration::from_secs(2), "{wait:?}");
    std::thread::sleep(wait + Duration::from_millis(100));
    assert!(site.updater.tick().is_some());
    assert_eq!(site.codes("_posts/2024-01-01-a.md"), [Code::FrontMatterInvalid]);
    assert_eq!(site.titles(), ["A"]);
}

#[test]
fn future_post_appears_at_its_date() {
    let soon = chrono::Utc::now() + chrono::Duration::seconds(2);
    let text = post("soon", &soon.format("%Y-%m-%d %H:%M:%S +0000").to_string(), "x");
    let mut site = EditedSite::from_files(&[]);
    site.write("_posts/2024-01-01-a.md", &text);
    assert_eq!(site.titles(), [""; 0]);
    let wait = site.updater.next_wake();
    assert!(wait <= Duration::from_secs(3), "{wait:?}");
    std::thread::sleep(wait);
    let update = site.updater.tick().expect("an update");
    assert_eq!(update.new.len(), 1);
    assert_eq!(site.titles(), ["soon"]);
}

#[test]
fn future_document_appears_at_its_date() {
    let mut site = EditedSite::from_files(&[]);
    fs::write(site.path("_config.yml"), format!("{CONFIG}collections: {{docs: {{output: true}}}}\n"))
        .expect("a file");
    site.updater = open_updater(site.folder.path());
    let soon = chrono::Utc::now() + chrono::Duration::seconds(2);
    let text = format!("---\ndate: {}\n---\nText.\n", soon.format("%Y-%m-%d %H:%M:%S +0000"));
    site.write("_docs/a.md", &text);
    let mut started_later = open_updater(site.folder.path());
    let wait = site.updater.next_wake().max(started_later.next_wake());
    assert!(wait <= Duration::from_secs(3), "{wait:?}");
    for updater in [&site.updater, &started_later] {
        assert_eq!(updater.archive().pages().len(), 0);
    }
    std::thread::sleep(wait);
    for updater in [&mut site.updater, &mut started_later] {
        assert!(updater.tick().is_some());
        assert_eq!(updater.archive().pages().len(), 1);
    }
}

#[test]
fn second_file_of_a_story_is_no_new_post() {
    let (other, own) =
        ("_posts/2024-01-04-202401040000000001.md", "_posts/2024-01-04-NW202401040000000001.md");
    for (first, second) in [(other, own), (own, other)] {
        let mut site = EditedSite::from_files(&[(first, &post("one", "2024-01-04 08:00", "x"))]);
        fs::write(site.path(second), post("one", "2024-01-04 08:00", "y")).expect("a file");
        let update = site.updater.apply_events(&[site.path(second)], &[]).0.expect("an update");
        assert_eq!(update.new, []);
        let listed = |site: &EditedSite| {
            let archive = site.archive();
            let paths = archive.listed().iter().map(|id| archive.post(id).path().to_owned());
            paths.collect::<Vec<_>>()
        };
        assert_eq!(listed(&site), [own], "{second} came second");
        let archive = site.archive();
        for name in ["x", "y"] {
            let group = archive.group(GroupKind::Source, name).expect("a source");
            assert_eq!((group.posts().len(), group.label()), (1, name), "{second} came second");
        }
        // The other file takes the place of a leader that is gone.
        fs::remove_file(site.path(own)).expect("a file");
        let update = site.updater.apply_events(&[site.path(own)], &[]).0.expect("an update");
        assert_eq!(update.new, []);
        assert_eq!(listed(&site), [other]);
    }
}

#[test]
fn missing_posts_folder_keeps_its_posts() {
    let mut site = EditedSite::from_files(&[("_posts/2024-01-01-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    for empty in [false, true] {
        fs::rename(site.path("_posts"), site.path(".away")).expect("a folder");
        if empty {
            // Like a mount point without its volume.
            fs::create_dir(site.path("_posts")).expect("a folder");
        }
        site.rescan(false);
        assert_eq!(site.titles(), ["a"], "empty: {empty}");
        assert_eq!(site.codes("_posts"), [Code::Unreadable], "empty: {empty}");
        assert!(!site.updater.folder_states().has_returned());
        if empty {
            fs::remove_dir(site.path("_posts")).expect("a folder");
        }
        fs::rename(site.path(".away"), site.path("_posts")).expect("a folder");
        assert!(site.updater.folder_states().has_returned());
        site.rescan(false);
        assert_eq!(site.titles(), ["a"]);
        assert_eq!(site.codes("_posts"), []);
        assert!(!site.updater.folder_states().has_missing_folder());
    }
}

#[test]
fn post_file_that_becomes_invalid_keeps_last_version() {
    let text = post("a", "2024-01-01 08:00", "x");
    let mut site = EditedSite::from_files(&[("_posts/-1.md", &text)]);
    assert_eq!(site.titles(), ["a"]);
    site.write("_posts/-1.md", "---\ntitle: no date\n---\n");
    assert_eq!(site.titles(), ["a"]);
    assert_eq!(site.codes("_posts/-1.md"), [Code::DateMissing]);
    // A sparse file of 1 GiB takes up no space.
    let huge = fs::File::create(site.path("_posts/-1.md")).expect("a file");
    huge.set_len(1 << 30).expect("a size");
    site.rescan(false);
    assert_eq!(site.titles(), ["a"]);
    assert_eq!(site.codes("_posts/-1.md"), [Code::TooLarge]);
    fs::remove_file(site.path("_posts/-1.md")).expect("a file");
    fs::create_dir(site.path("_posts/-1.md")).expect("a folder named like a post");
    site.rescan(false);
    site.write("_posts/2024-02-02-b.md", &post("b", "2024-02-02 08:00", "x"));
    assert_eq!(site.titles()[0], "b");
}

#[test]
fn pages_with_links_follow_the_posts_and_pages_that_they_name() {
    let mut site = EditedSite::from_files(&[
        ("about.md", "---\n---\n[b]({% post_url 2024-01-02-b %})\n"),
        ("x.json", "---\n---\n[\"{% post_url 2024-01-02-b %}\"]"),
        ("y.txt", "---\n---\n{% link _posts/2024-01-02-b.md %}"),
        ("_posts/2024-01-03-c.md", "---\ntitle: c\n---\n[About]({% link about.md %})\n"),
    ]);
    let pages = |site: &EditedSite| {
        let fresh = load(&config(site.folder.path()));
        assert_eq!(visible_state(&site.archive()), visible_state(&fresh));
        let archive = site.archive();
        archive.served_pages().map(|page| page.path.to_string()).collect::<Vec<_>>()
    };
    let target = |url: &str| format!("---\ntitle: b\npermalink: {url}\n---\nText.\n");
    assert_eq!(pages(&site), ["about.md"]);
    assert_eq!(site.codes("x.json"), [Code::PageSkipped]);
    for url in ["/b.html", "/moved.html"] {
        site.write("_posts/2024-01-02-b.md", &target(url));
        assert_eq!(pages(&site), ["about.md", "x.json", "y.txt"], "{url}");
        assert_eq!(site.codes("x.json"), []);
        assert_eq!(site.codes("about.md"), []);
    }
    site.write("about.md", "---\npermalink: /us/\n---\n[b]({% post_url 2024-01-02-b %})\n");
    assert_eq!(pages(&site), ["about.md", "x.json", "y.txt"]);
    site.remove("_posts/2024-01-02-b.md");
    assert_eq!(pages(&site), ["about.md"]);
}

#[test]
fn post_url_link_follows_the_url_of_its_target() {
    let linking = "---\ntitle: l\n---\n[b]({% post_url 2024-01-02-b %})\n";
    let mut site = EditedSite::from_files(&[("_posts/2024-01-01-l.md", linking)]);
    let body = |site: &EditedSite| {
        let archive = site.archive();
        let id = archive.at_file("_posts/2024-01-01-l.md").expect("a post");
        archive.article(archive.post(id)).expect("an article").html.as_str().to_owned()
    };
    assert!(!body(&site).contains("/x/2024"), "{}", body(&site));
    site.write("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x"));
    assert!(body(&site).contains("/x/2024/01/02/b.html"), "{}", body(&site));
    site.write("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "y"));
    assert!(body(&site).contains("/y/2024/01/02/b.html"), "{}", body(&site));
}

#[test]
fn site_pages_follow_their_files() {
    let mut site = EditedSite::from_files(&[("about.md", "---\ntitle: About\n---\nOld.\n")]);
    assert!(site.write("about.md", "---\ntitle: About\n---\nNew.\n"));
    let shown = |site: &EditedSite| {
        site.archive().pages()[0].html().map(|html| html.as_str().to_owned()).expect("a page in our layout")
    };
    assert!(shown(&site).contains("New."));
    assert!(!site.write("about.md", ""), "an empty page keeps its last version");
    assert!(site.write("imprint.md", "---\ntitle: Imprint\n---\nUs.\n"));
    assert!(site.remove("about.md"));
    assert_eq!(site.archive().pages().len(), 1);
}

#[test]
fn pages_of_other_types_and_documents_follow_their_files() {
    let mut site = EditedSite::from_files(&[]);
    fs::write(site.path("_config.yml"), format!("{CONFIG}collections: {{docs: {{output: true}}}}\n"))
        .expect("a file");
    site.updater = open_updater(site.folder.path());
    let urls = |site: &EditedSite| -> Vec<String> {
        site.archive().pages().iter().map(|page| page.url.to_string()).collect()
    };
    assert!(site.write("search.json", "---\n---\n[]\n"));
    assert!(site.write("_docs/a.md", "---\ntitle: A\n---\nText.\n"));
    assert!(site.write("_docs/img/b.png", "x"));
    assert_eq!(urls(&site), ["/docs/a.html", "/docs/img/b.png", "/search.json"]);
    assert!(site.write("search.json", "[]\n"), "without front matter, the file itself is served");
    assert!(site.remove("_docs/a.md"));
    assert_eq!(urls(&site), ["/docs/img/b.png", "/search.json"]);
    assert!(site.remove("search.json"));
    assert_eq!(urls(&site), ["/docs/img/b.png"]);
    let fresh = load(&config(site.folder.path()));
    assert_eq!(fresh.pages().len(), 1);
}

#[test]
fn files_that_are_not_served_are_reported_until_removed() {
    let mut site = EditedSite::from_files(&[("keys/a.pem", "x")]);
    assert_eq!(site.codes("keys/a.pem"), [Code::FileSkipped]);
    assert!(site.write("news.db", "x"));
    assert!(!site.write("images/a.png", "x"));
    assert_eq!(site.codes("news.db"), [Code::FileSkipped]);
    assert!(!site.rescan(false), "a scan finds the same");
    assert!(site.remove("news.db") && site.remove("keys/a.pem"));
    assert!(site.archive().problems().is_empty());
}

const NEW_FILE: &str = "_posts/2024-01-01-a.md";
const MOVED_URL: &str = "/x/2024/01/01/a.html";

/// A site with a post in `_posts` and an archive of ten older posts.
fn site_with_archive(folder: &str) -> EditedSite {
    let old: Vec<(String, String)> = (1..=10)
        .map(|day| {
            (format!("{folder}/2023-01-{day:02}-old.md"), post("old", &format!("2023-01-{day:02}"), "x"))
        })
        .collect();
    let new = post("a", "2024-01-01 08:00", "x");
    let other = post("b", "2024-01-02 08:00", "x");
    let mut files = vec![(NEW_FILE, new.as_str()), ("_posts/2024-01-02-b.md", other.as_str())];
    files.extend(old.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    EditedSite::from_files(&files)
}

#[test]
fn post_moved_to_an_archive_is_served_throughout_and_no_news() {
    for folder in ["old_post", "old_posts", "news"] {
        let mut site = site_with_archive(folder);
        let moved = format!("{folder}/2024-01-01-a.md");
        for _ in 0..2 {
            fs::copy(site.path(NEW_FILE), site.path(&moved)).expect("a copy");
            assert_eq!(site.news(&[&moved]), [""; 0]);
            assert_eq!(site.served_at(MOVED_URL).as_deref(), Some(NEW_FILE));
            assert_eq!(site.archive().len(), 12, "the copy is the same post");
            fs::remove_file(site.path(NEW_FILE)).expect("a file");
            assert_eq!(site.news(&[NEW_FILE]), [""; 0]);
            assert_eq!(site.served_at(MOVED_URL), Some(moved.clone()));
            // The file moves back, in a single check.
            fs::rename(site.path(&moved), site.path(NEW_FILE)).expect("a file");
            assert_eq!(site.news(&[&moved, NEW_FILE]), [""; 0]);
            assert_eq!(site.served_at(MOVED_URL).as_deref(), Some(NEW_FILE));
        }
        assert!(site.archive().problems().is_empty(), "{:?}", site.archive().problems());
    }
}

#[test]
fn only_a_folder_of_old_posts_has_no_news() {
    for (folder, is_old) in [("old_post", true), ("news", false)] {
        let mut site = site_with_archive(folder);
        let path = format!("{folder}/2024-01-03-c.md");
        fs::write(site.path(&path), post("c", "2024-01-03 08:00", "x")).expect("a file");
        let expected = if is_old { Vec::new() } else { vec![path.clone()] };
        assert_eq!(site.news(&[&path]), expected);
        assert_eq!(site.titles()[0], "c");
    }
}

#[test]
fn posts_that_move_to_a_new_folder_together_are_no_news() {
    let names: Vec<String> = (1..=12).map(|day| format!("2024-01-{day:02}-a.md")).collect();
    let posts: Vec<(String, String)> = (1..=12)
        .map(|day| (format!("_posts/2024-01-{day:02}-a.md"), post("a", &format!("2024-01-{day:02}"), "x")))
        .chain([("_posts/2024-02-01-b.md".to_owned(), post("b", "2024-02-01", "x"))])
        .collect();
    let posts: Vec<(&str, &str)> = posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    // The events name the folder, or each file.
    for names_folder in [true, false] {
        let mut site = EditedSite::from_files(&posts);
        fs::create_dir(site.path("archive")).expect("a folder");
        let mut events = Vec::new();
        for name in &names {
            let (old, new) = (format!("_posts/{name}"), format!("archive/{name}"));
            fs::rename(site.path(&old), site.path(&new)).expect("a file");
            events.push(old);
            events.extend((!names_folder).then_some(new));
        }
        events.extend(names_folder.then(|| "archive".to_owned()));
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        assert_eq!(site.news(&events), [""; 0]);
        assert_eq!(site.served_at(MOVED_URL).as_deref(), Some("archive/2024-01-01-a.md"));
        assert_fresh_with_archives(&site, &["archive"]);
    }
}

/// Asserts that an archive is what a fresh start would load, with these folders as archives of posts.
fn assert_fresh_with_archives(site: &EditedSite, folders: &[&str]) {
    assert_eq!(site.archive().archive_folders(), folders);
    let fresh = load(&config(site.folder.path()));
    assert_eq!(visible_state(&site.archive()), visible_state(&fresh));
}

#[test]
fn new_folder_of_old_posts_is_an_archive_at_once() {
    for (folder, has_events) in
        [("old_post", true), ("old_posts", true), ("old_post/2024", true), ("old_post", false)]
    {
        let mut site = EditedSite::from_files(&[
            (NEW_FILE, &post("a", "2024-01-01 08:00", "x")),
            ("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x")),
        ]);
        let assert_no_news = |site: &mut EditedSite, path: &str| {
            let is_news = if has_events {
                !site.news(&[path]).is_empty()
            } else {
                let scan = FullScan::new(site.updater.config(), &site.archive(), false);
                site.updater.apply_scan(scan).0.is_some_and(|update| !update.new.is_empty())
            };
            assert!(!is_news, "{path}");
        };
        let (archive, _) = folder.split_once('/').unwrap_or((folder, ""));
        let moved = format!("{folder}/2024-01-01-a.md");
        fs::create_dir_all(site.path(folder)).expect("a folder");
        assert_no_news(&mut site, archive);
        assert_fresh_with_archives(&site, &[]);
        fs::copy(site.path(NEW_FILE), site.path(&moved)).expect("a copy");
        assert_no_news(&mut site, &moved);
        assert_eq!(site.served_at(MOVED_URL).as_deref(), Some(NEW_FILE), "{moved}");
        assert_fresh_with_archives(&site, &[archive]);
        fs::remove_file(site.path(NEW_FILE)).expect("a file");
        assert_no_news(&mut site, NEW_FILE);
        assert_eq!(site.served_at(MOVED_URL), Some(moved.clone()));
        let page = format!("/{folder}/2024-01-01-a.html");
        assert_eq!(site.archive().at_path(&page), Some(Target::Moved(MOVED_URL.into())));
        assert_fresh_with_archives(&site, &[archive]);
    }
}

#[test]
fn first_file_of_an_archive_may_move_in_one_check() {
    let mut site = EditedSite::from_files(&[(NEW_FILE, &post("a", "2024-01-01 08:00", "x"))]);
    fs::create_dir(site.path("old_post")).expect("a folder");
    fs::rename(site.path(NEW_FILE), site.path("old_post/2024-01-01-a.md")).expect("a file");
    assert_eq!(site.news(&["old_post", NEW_FILE]), [""; 0]);
    assert_eq!(site.served_at(MOVED_URL).as_deref(), Some("old_post/2024-01-01-a.md"));
    assert_fresh_with_archives(&site, &["old_post"]);
}

#[test]
fn scan_older_than_an_archive_keeps_its_posts() {
    let (mut site, path) = (EditedSite::from_files(&[]), "old_post/2024-01-01-a.md");
    // A folder without a whole post is no archive yet.
    site.write(path, "");
    assert!(site.archive().archive_folders().is_empty());
    let scan = FullScan::new(site.updater.config(), &site.archive(), false);
    site.write(path, &post("a", "2024-01-01 08:00", "x"));
    assert_fresh_with_archives(&site, &["old_post"]);
    site.updater.apply_scan(scan);
    assert_eq!(site.served_at(MOVED_URL).as_deref(), Some(path));
    assert_fresh_with_archives(&site, &["old_post"]);
}

#[test]
fn scan_finds_a_folder_with_ten_dated_posts() {
    let mut site = EditedSite::from_files(&[]);
    let text = |day: usize| post("a", &format!("2024-01-{day:02} 08:00"), "x");
    for day in 1..=9 {
        site.write(&format!("news/2024-01-{day:02}-a.md"), &text(day));
    }
    assert!(!site.rescan(false));
    assert_eq!(site.archive().pages().len(), 9);
    // The watch misses the event of the tenth file.
    fs::write(site.path("news/2024-01-10-a.md"), text(10)).expect("a file");
    let scan = FullScan::new(site.updater.config(), &site.archive(), false);
    let update = site.updater.apply_scan(scan).0.expect("an update");
    assert!(update.new.is_empty());
    assert_fresh_with_archives(&site, &["news"]);
    fs::write(site.path("news/2024-01-11-a.md"), post("a", "2024-01-11 08:00", "x")).expect("a file");
    assert_eq!(site.news(&["news/2024-01-11-a.md"]), ["news/2024-01-11-a.md"]);
}

#[test]
fn scan_before_a_move_ends_follows_the_moved_file() {
    let mut site = site_with_archive("old_post");
    let text = fs::read(site.path(NEW_FILE)).expect("a file");
    fs::remove_file(site.path(NEW_FILE)).expect("a file");
    // The scan finds the file in neither folder.
    let scan = FullScan::new(site.updater.config(), &site.archive(), false);
    fs::write(site.path("old_post/2024-01-01-a.md"), text).expect("a file");
    let update = site.updater.apply_scan(scan).0.expect("an update");
    assert!(update.new.is_empty());
    assert_eq!(site.served_at(MOVED_URL).as_deref(), Some("old_post/2024-01-01-a.md"));
}

#[test]
fn moved_post_stays_until_its_new_file_can_be_read() {
    let mut site = site_with_archive("old_post");
    // Without a closing fence, the file is read once it is two seconds old.
    fs::write(site.path(NEW_FILE), "---\ntitle: half").expect("a file");
    site.set_old(NEW_FILE);
    site.rescan(false);
    let (url, moved) = ("/2024/01/01/a.html", "old_post/2024-01-01-a.md");
    assert_eq!(site.served_at(url).as_deref(), Some(NEW_FILE));
    fs::write(site.path(moved), "---\ntitle: half").expect("a file");
    fs::remove_file(site.path(NEW_FILE)).expect("a file");
    assert_eq!(site.news(&[NEW_FILE, moved]), [""; 0]);
    assert_eq!(site.served_at(url).as_deref(), Some(NEW_FILE));
    let wait = site.updater.next_wake();
    assert!(wait <= Duration::from_secs(2), "{wait:?}");
    std::thread::sleep(wait + Duration::from_millis(100));
    let update = site.updater.tick().expect("an update");
    assert!(update.new.is_empty());
    assert_eq!(site.served_at(url).as_deref(), Some(moved));
    assert!(site.archive().at_file(NEW_FILE).is_none());
}

#[test]
fn temporary_file_is_no_post_and_reported_if_it_stays() {
    let mut site = EditedSite::from_files(&[(NEW_FILE, &post("a", "2024-01-01 08:00", "x"))]);
    for ending in [
        "tmp",
        "part",
        "filepart",
        "bak",
        "orig",
        "new",
        "old",
        "swp",
        "rej",
        "1234",
        "Xa3bQ9",
        "gz",
        "zst",
        "tmp.md",
        "LOCAL.123.md",
    ] {
        let path = format!("_posts/2024-01-02-b.md.{ending}");
        site.write(&path, &post("b", "2024-01-02 08:00", "x"));
        assert_eq!((site.titles(), site.codes(&path)), (vec!["a".to_owned()], vec![]), "{path}");
        assert!(site.updater.next_wake() <= Duration::from_secs(2));
        site.set_old(&path);
        assert_eq!(site.news(&[&path]), [""; 0]);
        assert_eq!(site.codes(&path), [Code::TemporaryFile]);
        assert_eq!(
            site.codes(&path),
            load(&config(site.folder.path()))
                .problems()
                .iter()
                .map(|problem| problem.code)
                .collect::<Vec<_>>()
        );
        fs::rename(site.path(&path), site.path("_posts/2024-01-02-b.md")).expect("a file");
        assert_eq!(site.news(&[&path, "_posts/2024-01-02-b.md"]), ["_posts/2024-01-02-b.md"], "{path}");
        assert_eq!(
            (site.titles(), site.codes(&path)),
            (vec!["b".to_owned(), "a".to_owned()], vec![]),
            "{path}"
        );
        site.remove("_posts/2024-01-02-b.md");
    }
    // Jekyll would not publish this file either.
    fs::write(site.path("_posts/sedXa3bQ9"), "x").expect("a file");
    site.set_old("_posts/sedXa3bQ9");
    site.news(&["_posts/sedXa3bQ9"]);
    assert!(site.archive().problems().is_empty());
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Step {
    Write { file: usize, title: u8, day: u8, categories: u8, kind: u8 },
    Remove(usize),
}

const FILES: [&str; 18] = [
    "_posts/2024-01-01-a.md",
    "old_post/2024-01-01-a.md",
    "old_post/2024-01-03-b.md",
    "old_post/-a.md",
    "market/old_post/2024-01-01-a.md",
    "_posts/2024-01-02-a.md",
    "_posts/2024-01-03-b.md",
    "_posts/sub/2024-01-03-b.md",
    "_posts/-a.md",
    "_posts/-20240105.md",
    "market/_posts/2024-01-01-a.md",
    "_posts/2024-01-04-202401040000000001.md",
    "_posts/2024-01-04-NW202401040000000001.md",
    "_posts/-202401040000000001.md",
    "old_post/2024-01-04-202401040000000001.md",
    "about.md",
    "category/x.html",
    "category/y/index.html",
];

fn step() -> impl Strategy<Value = Step> {
    let write = (0..FILES.len(), 0u8..3, 1u8..6, 0u8..5, 0u8..15)
        .prop_map(|(file, title, day, categories, kind)| Step::Write { file, title, day, categories, kind });
    prop_oneof![4 => write, 1 => (0..FILES.len()).prop_map(Step::Remove)]
}

fn text(title: u8, day: u8, categories: u8, kind: u8) -> String {
    let categories = ["x", "y", "x y", "2024", "market"][usize::from(categories)];
    let more = match kind {
        0 => "published: false\n",
        1 => "hidden: true\n",
        2 => "permalink: /one.html\n",
        3 => "permalink: /category/x.html\n",
        4 => "redirect_from: /old/\n",
        5 => "redirect_to: /elsewhere/\n",
        6 => "date: 2999-01-01\n",
        7 => "tags: [one, x新闻]\n",
        8 => "permalink: /search\n",
        12 => "tags: 甲新闻\n",
        13 => "tags: [甲, 乙]\n",
        14 => "tags: y\n",
        _ => "",
    };
    // Days that are weeks apart, so that the set of recent posts changes.
    let date = match kind {
        10 => format!("date: 2024-03-{:02} 08:00\n", day * 5),
        _ => format!("date: 2024-01-0{day} 08:00\n"),
    };
    let mention = match kind {
        7 | 10 => {
            "<a class=\"keytip\" data-code=\"1,600001\">One</a><a class=\"keytip\" data-code=\"90,BK0001\">Sector</a>"
        }
        11 => "<span class=\"em_stock_key_common\" data-code=\"1,600001\">Uno</span>",
        6 | 8 => "<img src=\"/k.png\" data-code=\"K 600001|1|2\">",
        _ => "",
    };
    let body = if kind == 9 { String::new() } else { format!("Text {title}. {mention}\n") };
    format!("---\ntitle: t{title}\n{date}categories: {categories}\ntags: {categories}新闻\n{more}---\n{body}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_changes_equals_a_fresh_start(steps in prop::collection::vec(step(), 1..24)) {
        // The folder has a file without a date too, which is a post only beside a dated one, so that one stays.
        // `market/old_post` becomes an archive with its first file.
        let mut site = EditedSite::from_files(&[
            ("old_post/2023-01-01-old.md", &text(0, 1, 0, 12)),
            ("link.md", "---\n---\n[b]({% post_url 2024-01-03-b %})\n"),
            ("link.json", "---\n---\n[\"{% post_url 2024-01-03-b %}\"]"),
        ]);
        fs::create_dir_all(site.path("_posts")).expect("a folder");
        let mut batch = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            let file = match step {
                Step::Write { file, title, day, categories, kind } => {
                    let path = site.path(FILES[*file]);
                    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                    fs::write(&path, text(*title, *day, *categories, *kind)).expect("a file");
                    path
                }
                Step::Remove(file) => {
                    let path = site.path(FILES[*file]);
                    let _ = fs::remove_file(&path);
                    path
                }
            };
            batch.insert(file, ());
            // Sometimes several files change at once.
            if index % 3 != 0 || index + 1 == steps.len() {
                let paths: Vec<_> = std::mem::take(&mut batch).into_keys().collect();
                site.updater.apply_events(&paths, &[]);
            }
        }
        let state = visible_state(&site.archive());
        prop_assert_eq!(&state, &visible_state(&load(&config(site.folder.path()))));
        site.rescan(false);
        prop_assert_eq!(state, visible_state(&site.archive()));
    }
}

const PAGE_FILES: [&str; 7] =
    ["a.html", "b.md", "docs/index.html", "docs/c.md", "x.json", "robots.txt", "_posts/2024-01-01-a.md"];

const PAGE_TEXTS: [&str; 8] = [
    "<p>Text.</p>\n",
    "---\ntitle: T\n---\nText.\n",
    "---\npermalink: /a.html\n---\nText.\n",
    "---\n---\n[a]({% post_url 2024-01-01-a %})\n",
    "---\n---\n[b]({% link b.md %}) {% post_url 2024-01-01-a %}\n",
    "---\n---\n{% for x in site.data.x %}x{% endfor %}\n",
    "---\npublished: false\n---\nText.\n",
    "---\nredirect_from: /old/\n---\nAllow: /\nHost: {{ site.host }}\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_page_changes_equals_a_fresh_start(
        // A text beyond the last one removes the file.
        steps in prop::collection::vec((0..PAGE_FILES.len(), 0..PAGE_TEXTS.len() + 2), 1..12)
    ) {
        // The only file of a folder of posts would stay when it is removed.
        let mut site = EditedSite::from_files(&[
            ("a.html", PAGE_TEXTS[0]),
            ("docs/c.md", PAGE_TEXTS[3]),
            ("_posts/2023-01-01-old.md", PAGE_TEXTS[1]),
        ]);
        for (file, text) in steps {
            let path = site.path(PAGE_FILES[file]);
            let folder = path.parent().expect("a parent").to_owned();
            if let Some(text) = PAGE_TEXTS.get(text) {
                fs::create_dir_all(&folder).expect("a folder");
                fs::write(&path, text).expect("a file");
                site.updater.apply_events(&[path], &[]);
            } else if folder == site.path("docs") {
                let _ = fs::remove_dir_all(&folder);
                site.updater.apply_events(std::slice::from_ref(&folder), std::slice::from_ref(&folder));
            } else {
                let _ = fs::remove_file(&path);
                site.updater.apply_events(&[path], &[]);
            }
        }
        let state = visible_state(&site.archive());
        prop_assert_eq!(&state, &visible_state(&load(&config(site.folder.path()))));
        site.rescan(false);
        prop_assert_eq!(&state, &visible_state(&site.archive()));
        site.rescan(true);
        prop_assert_eq!(&state, &visible_state(&site.archive()));
    }
}

#[test]
fn next_midnight_is_in_the_site_time_zone() {
    let archive = EditedSite::from_files(&[]).archive();
    let midnight = archive.next_midnight().in_zone(archive.zone());
    assert_eq!(midnight.time(), chrono::NaiveTime::MIN);
    assert_eq!(midnight.date_naive().pred_opt(), Some(archive.today()));
    assert_eq!(archive.zone().name(), "Asia/Shanghai");
}
