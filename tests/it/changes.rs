//! Files change under a running finews: its pages always show what a fresh start would show, and a broken
//! file keeps its last good version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use finews::archive::editor::{Editor, Survey};
use finews::archive::snapshot::{Group, Groups};
use finews::archive::{Code, Progress, Snapshot};
use finews::web::paths;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::{config, folder, load, post};

const CONFIG: &str = "title: t\ntimezone: Asia/Shanghai\nfuture: false\n";

/// A site on disk, and the editor that follows it.
struct Desk {
    folder: TempDir,
    editor: Editor,
}

impl Desk {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = folder(&[&[("_config.yml", CONFIG)], files].concat());
        let editor = open(folder.path());
        Self { folder, editor }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file and notifies the editor; returns whether that made a new edition.
    fn write(&mut self, path: &str, text: &str) -> bool {
        let file = self.path(path);
        fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        fs::write(&file, text).expect("a file");
        self.editor.see(&[file]).0.is_some()
    }

    fn remove(&mut self, path: &str) -> bool {
        fs::remove_file(self.path(path)).expect("a file");
        self.editor.see(&[self.path(path)]).0.is_some()
    }

    fn archive(&self) -> Arc<Snapshot> {
        self.editor.archive()
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

fn open(root: &Path) -> Editor {
    Editor::open(Arc::new(config(root)), paths::CLAIMS, &Progress::default()).expect("a site")
}

/// Everything that pages read from an archive, in an order that does not depend on its history.
fn told(archive: &Snapshot) -> Vec<String> {
    let path = |id| archive.post(id).path().to_owned();
    let group = |group: &Group| {
        let posts: Vec<_> = group.posts().iter().map(path).collect();
        let called = archive.called(group);
        let (name, label, recent) = (archive.name(group.name()), group.label(), group.recent());
        let ends = [group.first(), group.last()];
        format!("{name} = {label} {called:?} {recent:?} {ends:?}: {posts:?}")
    };
    let groups = |groups: &Groups| {
        let version = format!("version {:x}", groups.version());
        groups.iter().map(group).chain([version]).collect::<Vec<_>>()
    };
    let mut told = Vec::new();
    for post in archive.posts() {
        told.push(format!("{} {} {} {:x}", post.path(), post.url(), post.title(), post.hash));
        told.push(format!("{:?}", archive.at_path(post.url()).is_some()));
    }
    told.push(format!("listed {:?}", archive.listed().iter().map(path).collect::<Vec<_>>()));
    let mut sorted = [archive.categories(), archive.tags(), archive.securities()].map(groups).concat();
    sorted.sort();
    told.append(&mut sorted);
    told.push(format!("{:?}", archive.last_modified(archive.listed(), 0..archive.listed().len())));
    told.extend(archive.active_categories().map(|group| archive.name(group.name()).to_owned()));
    for (day, count) in archive.days(chrono::NaiveDate::MIN..=chrono::NaiveDate::MAX) {
        let posts = archive.day(day).map(|list| list.iter().map(path).collect::<Vec<_>>());
        told.push(format!("{day} {count} {posts:?}"));
    }
    told.extend(archive.problems().iter().map(ToString::to_string));
    told
}

#[test]
fn a_new_file_is_a_post_and_a_removed_one_is_none() {
    let mut desk = Desk::of(&[("_posts/2024-01-01-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    assert!(desk.write("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x")));
    assert_eq!(desk.titles(), ["b", "a"]);
    assert!(desk.remove("_posts/2024-01-01-a.md"));
    assert_eq!(desk.titles(), ["b"]);
    assert!(desk.remove("_posts/2024-01-02-b.md"));
    assert_eq!(desk.titles(), [""; 0]);
    assert!(desk.archive().categories().is_empty());
}

#[test]
fn a_folder_that_is_gone_takes_its_problems_along() {
    let files = [
        ("_posts/2024-01-01-a.md", &*post("a", "2024-01-01 08:00", "x")),
        ("market/_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x")),
    ];
    let circle = |desk: &Desk| std::os::unix::fs::symlink(".", desk.path("market/loop")).expect("a link");
    // The editor learns of the removal by an event.
    let mut desk = Desk::of(&files);
    circle(&desk);
    desk.editor.rescan(false);
    assert_eq!(desk.codes("market/loop"), [Code::Unreadable]);
    fs::remove_dir_all(desk.path("market")).expect("a folder");
    desk.editor.see(&[desk.path("market")]);
    assert_eq!(desk.codes("market/loop"), []);
    // The folder is removed during a full scan.
    let mut desk = Desk::of(&files);
    circle(&desk);
    let survey = Survey::of(desk.editor.config(), &desk.archive(), false);
    fs::remove_dir_all(desk.path("market")).expect("a folder");
    desk.editor.take_survey(survey);
    assert_eq!(desk.codes("market/loop"), []);
}

#[test]
fn a_file_that_was_touched_or_says_the_same_is_no_news() {
    let text = post("a", "2024-01-01 08:00", "x");
    let mut desk = Desk::of(&[("_posts/2024-01-01-a.md", &text)]);
    assert!(!desk.write("_posts/2024-01-01-a.md", &text));
    assert!(!desk.write("_posts/2024-01-01-a.md", &text.replace("title: a", "title:  a")));
    assert!(desk.editor.rescan(false).0.is_none());
    assert!(desk.editor.rescan(true).0.is_none());
}

#[test]
fn an_empty_file_keeps_its_last_good_version() {
    let text = post("a", "2024-01-01 08:00", "x");
    let mut desk = Desk::of(&[("_posts/2024-01-01-a.md", &text)]);
    assert!(desk.write("_posts/2024-01-01-a.md", ""));
    assert_eq!(desk.titles(), ["a"]);
    assert_eq!(desk.codes("_posts/2024-01-01-a.md"), [Code::HalfWritten]);
    assert!(desk.write("_posts/2024-01-01-a.md", &text));
    assert_eq!(desk.codes("_posts/2024-01-01-a.md"), []);
    // An empty file that never was a post is not served.
    desk.write("_posts/2024-01-02-b.md", "");
    assert_eq!(desk.titles(), ["a"]);
    assert_eq!(desk.codes("_posts/2024-01-02-b.md"), [Code::HalfWritten]);
    desk.remove("_posts/2024-01-02-b.md");
    assert_eq!(desk.codes("_posts/2024-01-02-b.md"), []);
}

#[test]
fn a_file_without_its_closing_fence_waits_until_it_rests() {
    let mut desk = Desk::of(&[("_posts/2024-01-01-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    desk.write("_posts/2024-01-01-a.md", "---\ntitle: half");
    assert_eq!(desk.titles(), ["a"]);
    assert_eq!(desk.codes("_posts/2024-01-01-a.md"), [Code::HalfWritten, Code::FrontMatterInvalid]);
    let wait = desk.editor.next_wake();
    assert!(wait <= Duration::from_secs(2), "{wait:?}");
    std::thread::sleep(wait + Duration::from_millis(100));
    assert!(desk.editor.tick().is_some());
    assert_eq!(desk.codes("_posts/2024-01-01-a.md"), [Code::FrontMatterInvalid]);
    assert_eq!(desk.titles(), ["A"]);
}

#[test]
fn a_post_of_the_future_appears_at_its_time() {
    let soon = chrono::Utc::now() + chrono::Duration::seconds(2);
    let text = post("soon", &soon.format("%Y-%m-%d %H:%M:%S +0000").to_string(), "x");
    let mut desk = Desk::of(&[]);
    desk.write("_posts/2024-01-01-a.md", &text);
    assert_eq!(desk.titles(), [""; 0]);
    let wait = desk.editor.next_wake();
    assert!(wait <= Duration::from_secs(3), "{wait:?}");
    std::thread::sleep(wait);
    let edition = desk.editor.tick().expect("an edition");
    assert_eq!(edition.new.len(), 1);
    assert_eq!(desk.titles(), ["soon"]);
}

#[test]
fn a_folder_of_posts_that_vanishes_keeps_its_posts_until_it_is_back() {
    let mut desk = Desk::of(&[("_posts/2024-01-01-a.md", &post("a", "2024-01-01 08:00", "x"))]);
    for empty in [false, true] {
        fs::rename(desk.path("_posts"), desk.path(".away")).expect("a folder");
        if empty {
            // Like a mount point without its volume.
            fs::create_dir(desk.path("_posts")).expect("a folder");
        }
        desk.editor.rescan(false);
        assert_eq!(desk.titles(), ["a"], "empty: {empty}");
        assert_eq!(desk.codes("_posts"), [Code::Unreadable], "empty: {empty}");
        assert!(!desk.editor.has_returned());
        if empty {
            fs::remove_dir(desk.path("_posts")).expect("a folder");
        }
        fs::rename(desk.path(".away"), desk.path("_posts")).expect("a folder");
        assert!(desk.editor.has_returned());
        desk.editor.rescan(false);
        assert_eq!(desk.titles(), ["a"]);
        assert_eq!(desk.codes("_posts"), []);
        assert!(!desk.editor.misses_folders());
    }
}

#[test]
fn the_last_version_stays_when_a_file_is_no_post_any_more() {
    let text = post("a", "2024-01-01 08:00", "x");
    let mut desk = Desk::of(&[("_posts/-1.md", &text)]);
    assert_eq!(desk.titles(), ["a"]);
    desk.write("_posts/-1.md", "---\ntitle: no date\n---\n");
    assert_eq!(desk.titles(), ["a"]);
    assert_eq!(desk.codes("_posts/-1.md"), [Code::DateMissing]);
    // A sparse file of 1 GiB takes up no space.
    let huge = fs::File::create(desk.path("_posts/-1.md")).expect("a file");
    huge.set_len(1 << 30).expect("a size");
    desk.editor.rescan(false);
    assert_eq!(desk.titles(), ["a"]);
    assert_eq!(desk.codes("_posts/-1.md"), [Code::TooLarge]);
    fs::remove_file(desk.path("_posts/-1.md")).expect("a file");
    fs::create_dir(desk.path("_posts/-1.md")).expect("a folder named like a post");
    desk.editor.rescan(false);
    desk.write("_posts/2024-02-02-b.md", &post("b", "2024-02-02 08:00", "x"));
    assert_eq!(desk.titles()[0], "b");
}

#[test]
fn links_follow_the_posts_that_they_name() {
    let linking = "---\ntitle: l\n---\n[b]({% post_url 2024-01-02-b %})\n";
    let mut desk = Desk::of(&[("_posts/2024-01-01-l.md", linking)]);
    let body = |desk: &Desk| {
        let archive = desk.archive();
        let id = archive.at_file("_posts/2024-01-01-l.md").expect("a post");
        archive.article(archive.post(id)).expect("an article").html.as_str().to_owned()
    };
    assert!(!body(&desk).contains("/x/2024"), "{}", body(&desk));
    desk.write("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "x"));
    assert!(body(&desk).contains("/x/2024/01/02/b.html"), "{}", body(&desk));
    desk.write("_posts/2024-01-02-b.md", &post("b", "2024-01-02 08:00", "y"));
    assert!(body(&desk).contains("/y/2024/01/02/b.html"), "{}", body(&desk));
}

#[test]
fn pages_of_the_site_change_too() {
    let mut desk = Desk::of(&[("about.md", "---\ntitle: About\n---\nOld.\n")]);
    assert!(desk.write("about.md", "---\ntitle: About\n---\nNew.\n"));
    assert!(desk.archive().pages()[0].body.as_str().contains("New."));
    assert!(!desk.write("about.md", ""), "an empty page keeps its last version");
    assert!(desk.write("imprint.md", "---\ntitle: Imprint\n---\nUs.\n"));
    assert!(desk.remove("about.md"));
    assert_eq!(desk.archive().pages().len(), 1);
}

/// One change of a file.
#[derive(Debug, Clone)]
enum Step {
    Write { file: usize, title: u8, day: u8, categories: u8, kind: u8 },
    Remove(usize),
}

const FILES: [&str; 8] = [
    "_posts/2024-01-01-a.md",
    "_posts/2024-01-02-a.md",
    "_posts/2024-01-03-b.md",
    "_posts/sub/2024-01-03-b.md",
    "_posts/-a.md",
    "_posts/-20240105.md",
    "market/_posts/2024-01-01-a.md",
    "about.md",
];

fn step() -> impl Strategy<Value = Step> {
    let write = (0..FILES.len(), 0u8..3, 1u8..6, 0u8..5, 0u8..12)
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
        _ => "",
    };
    // Days that are weeks apart, so that the set of recent posts changes.
    let date = match kind {
        9 => "date: never\n".to_owned(),
        10 => format!("date: 2024-03-{:02} 08:00\n", day * 5),
        _ => format!("date: 2024-01-0{day} 08:00\n"),
    };
    let mention = match kind {
        7 | 10 => {
            "<a class=\"keytip\" data-code=\"1,600001\">One</a><a class=\"keytip\" data-code=\"90,BK0001\">Sector</a>"
        }
        11 => "<span class=\"em_stock_key_common\" data-code=\"1,600001\">Uno</span>",
        _ => "",
    };
    format!(
        "---\ntitle: t{title}\n{date}categories: {categories}\ntags: {categories}新闻\n{more}---\nText {title}. {mention}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_is_what_a_fresh_start_would_show(steps in prop::collection::vec(step(), 1..24)) {
        let mut desk = Desk::of(&[]);
        fs::create_dir_all(desk.path("_posts")).expect("a folder");
        let mut batch = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            let file = match step {
                Step::Write { file, title, day, categories, kind } => {
                    let path = desk.path(FILES[*file]);
                    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                    fs::write(&path, text(*title, *day, *categories, *kind)).expect("a file");
                    path
                }
                Step::Remove(file) => {
                    let path = desk.path(FILES[*file]);
                    let _ = fs::remove_file(&path);
                    path
                }
            };
            batch.insert(file, ());
            // Sometimes several files change at once.
            if index % 3 != 0 || index + 1 == steps.len() {
                let paths: Vec<_> = std::mem::take(&mut batch).into_keys().collect();
                desk.editor.see(&paths);
            }
        }
        // A running finews keeps a post whose date becomes invalid; a fresh start would not serve it.
        if steps.iter().all(|step| !matches!(step, Step::Write { kind: 9, .. })) {
            prop_assert_eq!(told(&desk.archive()), told(&load(&config(desk.folder.path()))));
        }
        desk.editor.rescan(false);
    }
}

#[test]
fn the_next_day_begins_at_midnight_in_the_sites_zone() {
    let archive = Desk::of(&[]).archive();
    let midnight = archive.next_midnight().in_zone(archive.zone());
    assert_eq!(midnight.time(), chrono::NaiveTime::MIN);
    assert_eq!(midnight.date_naive().pred_opt(), Some(archive.today()));
    assert_eq!(archive.zone().name(), "Asia/Shanghai");
}
