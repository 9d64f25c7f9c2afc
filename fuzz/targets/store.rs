//! Any bytes as the store of an archive: it is rejected, or its content can be shown.
//!
//! Checksums detect almost every change of a store. So the input is also taken as sections with a mark
//! between them, and the target adds the correct lengths and checksums. With `FINEWS_STORES=FOLDER` it first
//! writes real stores to FOLDER, in both forms.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::Days;
use finews::archive::json_line::{JsonLine, LineContent};
use finews::archive::snapshot::{Group, GroupKind, ListPage, PageNumber, SnapshotRules};
use finews::archive::store::{Store, StoreError};
use finews::archive::updater::Updater;
use finews::archive::{Post, Progress, Snapshot, Timestamp};
use finews::config::{Config, Overrides};
use finews::web::paths;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

/// Length of the header that identifies the program and settings behind a store.
const START: usize = 24;
/// Separator between sections in the input.
const MARK: &[u8] = b"\0SECTION";

static SITE: LazyLock<Site> = LazyLock::new(|| Site::new(&[("about.md", "---\ntitle: 关于\n---\nText.\n")]));

fuzz_target!(
    init: {
        // Work on other threads would be missing from the coverage.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        pool.build_global().expect("threads");
        if let Some(folder) = std::env::var_os("FINEWS_STORES") {
            write_stores(Path::new(&folder));
        }
    },
    |bytes: &[u8]| {
        let mut store = bytes.to_vec();
        if let Some(start) = store.get_mut(..START) {
            start.copy_from_slice(&SITE.bytes[..START]);
            check(&store);
        }
        check(&framed(bytes));
    }
);

/// A site and its store.
struct Site {
    config: Arc<Config>,
    store: Store,
    bytes: Vec<u8>,
    _folder: TempDir,
}

impl Site {
    /// Creates a site from these files.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().join(".cache");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let overrides = Overrides(vec![("cache-dir", cache.display().to_string())]);
        let config = Config::read(folder.path(), &overrides, &|_| None).expect("a configuration");
        let config = Arc::new(config);
        let store = Store::new(&cache, &config);
        let mut updater =
            Updater::open(Arc::clone(&config), paths::RESERVED_PATHS, &Progress::default()).expect("a site");
        updater.save();
        // Another thread writes the store, and renames it when complete.
        while !store.file().exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let bytes = std::fs::read(store.file()).expect("a store");
        Self { config, store, bytes, _folder: folder }
    }

    fn read(&self, bytes: &[u8]) -> Result<Snapshot, StoreError> {
        let rules = SnapshotRules::new(&self.config, paths::RESERVED_PATHS);
        self.store.read(bytes, bytes.len() as u64, rules, Timestamp::from_seconds(1_800_000_000))
    }
}

/// Writes the stores of small sites, as a corpus.
fn write_stores(folder: &Path) {
    let post = |number: usize| {
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        let digit = number % 10;
        let text = format!(
            "---\ntitle: 第{number}号\ndate: 2024-{month:02}-{day:02} 08:00:00 +0800\ncategories: 红网\n\
             tags: [a, b{number}]\nauthor: x\nlast_modified_at: 2024-12-31\nredirect_from: /old/{number}\n---\n\
             > 摘要{number}\n\n文 **{number}** <span class=keytip data-code=\"1,60051{digit}\">茅台</span>\n\n\
             （文章来源：[报](https://source.example/{number})）\n"
        );
        (format!("_posts/2024-01-01-{number}.md"), text)
    };
    let others = [
        ("about.md", "---\ntitle: 关于\nredirect_from: [/a, /b]\n---\nText.\n"),
        ("_posts/2024-01-02-broken.md", "---\ntitle: [\ndate: never\n---\n\n{% include x %}"),
        ("_posts/2024-01-03-gone.md", "---\npublished: false\n---\nGone."),
        ("_posts/2024-01-04-hidden.md", "---\nhidden: true\nsitemap: false\nlang: en\n---\nHidden."),
        ("_posts/2024-01-05-away.md", "---\nredirect_to: https://elsewhere.example/\n---\nAway."),
        ("_posts/2099-01-05-later.md", "---\ntitle: later\n---\nLater, [x]({% post_url 2024-01-03-gone %})."),
        ("_posts/-202401051234.md", "---\ntitle: undated\n---\nUndated."),
    ];
    std::fs::create_dir_all(folder).expect("a folder");
    // Enough posts train a dictionary.
    for (number, posts) in [0, 1, 80].into_iter().enumerate() {
        let posts: Vec<(String, String)> = (0..posts).map(post).collect();
        let files = posts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let files: Vec<_> = files.chain(others.into_iter().take(posts.len() * 9)).collect();
        let bytes = Site::new(if files.is_empty() { &others[..1] } else { &files }).bytes;
        let path = |form: &str| -> PathBuf { folder.join(format!("{number}.{form}")) };
        std::fs::write(path("sections"), sections(&bytes).join(MARK)).expect("a file");
        std::fs::write(path("store"), bytes).expect("a file");
    }
}

/// Splits a store into the contents of its sections.
fn sections(store: &[u8]) -> Vec<&[u8]> {
    let mut sections = Vec::new();
    let mut rest = &store[START..];
    while let Some((head, behind)) = rest.split_at_checked(16) {
        let length = u64::from_le_bytes(head[..8].try_into().expect("eight bytes"));
        let (section, behind) = behind.split_at(length as usize);
        sections.push(section);
        rest = behind;
    }
    sections
}

/// Builds a store from sections, with correct lengths and checksums.
fn framed(mut bytes: &[u8]) -> Vec<u8> {
    let mut store = SITE.bytes[..START].to_vec();
    loop {
        let end = bytes.windows(MARK.len()).position(|window| window == MARK);
        let section = &bytes[..end.unwrap_or(bytes.len())];
        store.extend((section.len() as u64).to_le_bytes());
        store.extend(xxh3_64(section).to_le_bytes());
        store.extend(section);
        match end {
            Some(end) => bytes = &bytes[end + MARK.len()..],
            None => return store,
        }
    }
}

fn check(store: &[u8]) {
    let Ok(archive) = SITE.read(store) else { return };
    let zone = archive.zone();
    for post in archive.posts() {
        check_post(&archive, post);
    }
    let listed = archive.listed();
    for id in listed.iter() {
        assert!(archive.is_listed(id));
        let source = archive.source(archive.post(id));
        assert!(archive.around(id, source, &[], 5).len() <= 5);
        let (day, number) = archive.day_page(id);
        let page = archive.day(day).and_then(|list| ListPage::new(list, number));
        assert!(page.is_some_and(|page| page.posts.contains(&id)));
        let _ = (archive.neighbours(listed, id), archive.days_beside(day), archive.nearest_day(day));
    }
    let latest = ListPage::new(listed, PageNumber::Latest).expect("a page");
    assert_eq!(latest.total, listed.len());
    assert_eq!(archive.years().iter().map(|(_, posts)| posts).sum::<usize>(), listed.len());
    for kind in GroupKind::ALL {
        check_groups(&archive, kind);
    }
    let _ = archive.active_categories().count();
    for page in archive.pages() {
        let _ = archive.at_path(&page.url);
    }
    let _ = archive.served_pages().count();
    for problem in archive.problems() {
        assert!(!problem.to_string().contains(char::is_control));
    }
    let _ = (archive.next_midnight(), archive.next_due().map(|due| due.to_rfc3339(zone)));
}

fn check_post(archive: &Snapshot, post: &Post) {
    let id = archive.at_file(post.path()).expect("a post has its file");
    assert_eq!(archive.post(id).path(), post.path());
    assert!(archive.by_key(post.key()).is_some());
    let _ = (archive.at_path(post.url()), archive.named(post.path()), post.id(), post.headline());
    let _ = (post.updated().to_rfc3339(archive.zone()), post.due_since());
    for mention in &post.securities {
        let _ = archive.shown_name(mention);
    }
    for name in [post.source_name, post.authors(), post.lang()].into_iter().flatten() {
        let _ = archive.name(name);
    }
    let _ = (archive.authors(post).count(), post.description());
    // Compressed text is only checked when it is shown.
    if let Ok(line) = JsonLine::new(archive, post, LineContent::Text) {
        line.write(std::io::sink()).expect("nothing takes all");
    }
}

fn check_groups(archive: &Snapshot, kind: GroupKind) {
    let zone = archive.zone();
    for group in archive.groups(kind).iter() {
        let posts = group.posts();
        assert!(!posts.is_empty() && group.first() <= group.last());
        let _ = (archive.name(group.name()), group.label(), archive.used_names(group), group.recent());
        let _ = archive.group_by_slug(kind, archive.name(group.name()));
        let months = archive.months_of(posts);
        assert_eq!(months.iter().map(|month| month.posts()).sum::<usize>(), posts.len());
        let (first, last) = (group.first().day(zone), group.last().day(zone));
        let days = archive.days_of(posts, first..=last);
        assert_eq!(days.iter().map(|day| day.posts()).sum::<usize>(), posts.len());
        assert!(
            archive
                .month_of(posts, first.checked_sub_days(Days::new(400)).unwrap_or(first))
                .is_none_or(|month| month.posts() > 0)
        );
        let _ = (archive.hours_of(posts, 100), archive.last_modified(posts, 0..posts.len()));
        check_group(group);
    }
}

fn check_group(group: &Group) {
    assert_eq!(group.posts().iter().count(), group.posts().len());
    assert_eq!(group.posts().get(0), group.posts().first());
}
