//! A search finds every post that contains the query, and no other post.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use finews::archive::{NameId, Snapshot};
use finews::search::normalise::normalised;
use finews::search::query::Query;
use finews::search::tokens::{is_han, is_word};
use finews::search::{Facet, Order, SearchIndex, Writer};
use tempfile::TempDir;

use crate::support::{config, folder, load};

/// Pseudo-random numbers that are the same in each run.
struct Rng(u64);

impl Rng {
    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

/// A small alphabet, so that many texts share parts; some characters are of other scripts and widths.
const PIECES: [&str; 24] = [
    "降",
    "准",
    "央",
    "行",
    "银",
    "股",
    "市",
    "時",
    "报",
    "証",
    "券",
    "涨",
    "，",
    "。",
    " ",
    "5G",
    "ＡＢＣ",
    "600160.SH",
    "3.6.3",
    "x",
    "\n\n",
    "、",
    "手",
    "机",
];

fn random_text(rng: &mut Rng, pieces: usize) -> String {
    (0..pieces).map(|_| rng.pick(&PIECES)).collect()
}

/// A site of `posts` posts with random titles and bodies.
fn site(posts: usize) -> TempDir {
    let mut rng = Rng(7);
    let site = folder(&[("_config.yml", "timezone: Asia/Shanghai\n")]);
    std::fs::create_dir(site.path().join("_posts")).expect("a folder");
    for number in 0..posts {
        let (title, body) = (random_text(&mut rng, 8).replace('\n', " "), random_text(&mut rng, 40));
        let (day, source) = (number % 28 + 1, rng.pick(&["hongwang", "emnews", "21Tech"]));
        let title = serde_json::to_string(&title).expect("a text");
        let post = format!(
            "---\ntitle: {title}\ndate: 2024-02-{day:02} 08:00:{:02} +0800\ncategories: {source}\ntags: {source}新闻\n---\n<p>{body}</p>\n",
            number / 28
        );
        std::fs::write(site.path().join(format!("_posts/2024-02-{day:02}-p{number}.html")), post)
            .expect("a file");
    }
    site
}

/// A writer whose index contains an archive.
fn writer(archive: &Arc<Snapshot>, folder: &Path) -> Writer {
    let index = SearchIndex::open(folder).expect("an index");
    // Batches so small that the writer needs many of them.
    let mut writer = Writer::new(&index, 7).expect("a writer").expect("the only one");
    follow(&mut writer, archive);
    writer
}

fn follow(writer: &mut Writer, archive: &Arc<Snapshot>) {
    while writer.follow(archive).expect("it follows") > 0 {}
}

/// An index that contains an archive.
fn index(archive: &Arc<Snapshot>, folder: &Path) -> Arc<SearchIndex> {
    Arc::clone(writer(archive, folder).index())
}

/// Paths of the posts that a query finds by whole words, in the order of the results.
fn search_paths(index: &SearchIndex, archive: &Snapshot, query: &str) -> Vec<String> {
    let found = index.search(archive, &Query::new(query), Order::Newest, None, 10_000).expect("an answer");
    assert_eq!(found.count, found.posts.len(), "{query}");
    if found.is_cut {
        return Vec::new();
    }
    found.posts.iter().map(|id| archive.post(*id).path().to_owned()).collect()
}

/// Returns whether a text contains another: Han characters anywhere, words only whole.
fn contains_text(text: &[char], part: &[char]) -> bool {
    (0..(text.len() + 1).saturating_sub(part.len())).any(|start| {
        let end = start + part.len();
        let cuts = |at: usize| at > 0 && at < text.len() && is_word(text[at - 1]) && is_word(text[at]);
        text[start..end] == *part && !cuts(start) && !cuts(end)
    })
}

/// Paths of the posts that contain a text, newest first, found by a scan of every post.
fn scan(archive: &Snapshot, query: &str) -> Vec<String> {
    let part = normalised(query).chars;
    let contains_query = |post: &&finews::archive::Post| {
        let text = archive.article(post).expect("an article").text();
        [post.title(), &text].iter().any(|text| contains_text(&normalised(text).chars, &part))
    };
    archive.posts().into_iter().filter(contains_query).map(|post| post.path().to_owned()).collect()
}

fn sorted(mut paths: Vec<String>) -> Vec<String> {
    paths.sort_unstable();
    paths
}

#[test]
fn search_finds_the_same_posts_as_a_full_scan() {
    let (site, folder) = (site(400), tempfile::tempdir().expect("a folder"));
    let archive = Arc::new(load(&config(site.path())));
    let index = index(&archive, folder.path());
    let mut rng = Rng(11);
    let posts = archive.posts();
    let (mut tried, mut hits) = (0, 0);
    while tried < 600 {
        let post = posts[rng.below(posts.len())];
        let text: Vec<char> = archive.article(post).expect("an article").text().chars().collect();
        let start = rng.below(text.len());
        let part: Vec<char> = text[start..].iter().copied().take(1 + rng.below(6)).collect();
        // An unquoted part ends at a space. A search ignores punctuation, except inside words.
        let is_sought = |at: usize| {
            let is_word = |at: Option<usize>| at.and_then(|at| part.get(at)).is_some_and(|c| is_word(*c));
            is_han(part[at])
                || is_word(Some(at))
                || part[at] == '.' && is_word(at.checked_sub(1)) && is_word(Some(at + 1))
        };
        if !(0..part.len()).all(is_sought) {
            continue;
        }
        let part: String = part.into_iter().collect();
        let (ours, theirs) = (search_paths(&index, &archive, &part), scan(&archive, &part));
        assert_eq!(sorted(ours), sorted(theirs.clone()), "{part}");
        tried += 1;
        hits += theirs.len();
    }
    assert!(hits > tried, "most of what was looked for is somewhere: {hits}");
}

#[test]
fn query_words_filters_and_dates_narrow_the_results() {
    let post =
        |title: &str, fields: &str, body: &str| format!("---\ntitle: {title}\n{fields}\n---\n{body}\n");
    let site = folder(&[
        ("_config.yml", "timezone: Asia/Shanghai\n"),
        (
            "_posts/2022-05-01-a.md",
            &post("央行降准", "categories: hongwang\ntags: 红网新闻", "银行间利率下行。"),
        ),
        (
            "_posts/2022-05-26-b.md",
            &post("股市收盘", "categories: emnews\ntags: [东方财富新闻, 收盘]", "央行未降准，股指上涨。"),
        ),
        (
            "_posts/2022-06-15-c.html",
            &post(
                "公告",
                "categories: emnews",
                "<span class=\"keytip\" data-code=\"1,600160\">巨化股份</span>今日公告，央行无涉。",
            ),
        ),
        ("_posts/2022-06-16-hidden.md", &post("降准", "hidden: true", "x")),
        (
            "_posts/2022-04-01-d.html",
            &post(
                "外股",
                "categories: emnews",
                "<span class=\"keytip\" data-code=\"116,2888\">甲集团</span>，<span class=\"keytip\" \
                 data-code=\"106,BABA\">乙集团</span>。",
            ),
        ),
    ]);
    let (archive, folder) = (Arc::new(load(&config(site.path()))), tempfile::tempdir().expect("a folder"));
    let index = index(&archive, folder.path());
    let table: [(&str, &[&str]); 37] = [
        ("央行", &["c", "b", "a"]),
        ("央行 降准", &["b", "a"]),
        ("央行降准", &["a"]),
        ("\"央行降准\"", &["a"]),
        ("央行 -降准", &["c"]),
        ("-央行", &["d"]),
        ("證券", &[]),
        ("降準", &["b", "a"]),
        ("source:红网", &["a"]),
        ("source:hongwang 央行", &["a"]),
        ("source:HONGWANG", &["a"]),
        ("tag:收盘", &["b"]),
        ("source:收盘", &[]),
        ("source:红网新闻", &["a"]),
        ("央行 - 降准", &["b", "a"]),
        ("。", &[]),
        ("stock:600160.SH", &["c"]),
        ("stock:600160", &["c"]),
        ("stock:巨化股份", &["c"]),
        ("stock:nobody", &[]),
        // The code of a security finds the posts that mention the security.
        ("600160", &["c"]),
        ("600160.sh 公告", &["c"]),
        ("央行 -600160", &["b", "a"]),
        ("2888", &["d"]),
        ("02888", &["d"]),
        ("2888.HK", &["d"]),
        ("888", &[]),
        ("stock:2888", &["d"]),
        ("stock:2888.hk", &["d"]),
        ("stock:02888", &["d"]),
        ("BABA", &["d"]),
        ("BABA.US", &["d"]),
        ("baba", &[]),
        ("stock:baba", &["d"]),
        ("from:2022-05-02 to:2022-05", &["b"]),
        ("from:2022-06", &["c"]),
        ("央", &["c", "b", "a"]),
    ];
    for (query, files) in table {
        let paths = search_paths(&index, &archive, query);
        let names: Vec<&str> = paths.iter().filter_map(|path| path.split(['-', '.']).nth(3)).collect();
        assert_eq!(names, files, "{query}");
    }
    let best = index.search(&archive, &Query::new("降准"), Order::Best, None, 1).expect("an answer");
    assert_eq!((archive.post(best.posts[0]).title(), best.count), ("央行降准", 2), "a title says more");
}

#[test]
fn index_follows_the_archive_and_survives_a_restart() {
    let text = |body: &str| format!("---\ntitle: T\n---\n{body}\n");
    let site =
        folder(&[("_posts/2022-05-01-a.md", &text("第一稿")), ("_posts/2022-05-02-b.md", &text("别的"))]);
    let folder = tempfile::tempdir().expect("a folder");
    let archive = Arc::new(load(&config(site.path())));
    let mut writer = writer(&archive, folder.path());
    let index = Arc::clone(writer.index());
    assert_eq!(search_paths(&index, &archive, "第一稿").len(), 1);
    std::fs::write(site.path().join("_posts/2022-05-01-a.md"), text("第二稿")).expect("a file");
    std::fs::write(site.path().join("_posts/2022-05-03-c.md"), text("新的")).expect("a file");
    std::fs::remove_file(site.path().join("_posts/2022-05-02-b.md")).expect("a file");
    let archive = Arc::new(load(&config(site.path())));
    follow(&mut writer, &archive);
    for (query, count) in [("第一稿", 0), ("第二稿", 1), ("别的", 0), ("新的", 1)] {
        assert_eq!(search_paths(&index, &archive, query).len(), count, "{query}");
    }
    assert!(
        Writer::new(&SearchIndex::open(folder.path()).expect("an index"), 7).expect("an answer").is_none()
    );
    drop((writer, index));
    std::fs::create_dir(folder.path().join("search-0")).expect("a folder");
    let again = SearchIndex::open(folder.path()).expect("an index");
    assert_eq!(search_paths(&again, &archive, "第二稿").len(), 1);
    let mut writer = Writer::new(&again, 7).expect("a writer").expect("the only one");
    let before = again.generation();
    follow(&mut writer, &archive);
    assert_eq!(again.generation(), before, "nothing is written anew");
    assert!(!folder.path().join("search-0").exists(), "of another version");
}

#[test]
fn query_without_whole_word_match_finds_parts_of_words() {
    let site = folder(&[
        ("_posts/2022-05-01-a.md", "---\ntitle: Tesla发布Model3售价231500元\n---\nSpaceX。\n"),
        ("_posts/2022-05-02-b.md", "---\ntitle: Tesla 再次发布 Model3\n---\nSpaceX。\n"),
        ("_posts/2022-05-03-c.md", "---\ntitle: Märklin、Газпром 涨/跌\n---\n"),
        ("_posts/2022-05-04-d.md", "---\ntitle: Nvidia 财报\n---\n盘后涨/跌不一。\n"),
    ]);
    let (archive, folder) = (Arc::new(load(&config(site.path()))), tempfile::tempdir().expect("a folder"));
    let index = index(&archive, folder.path());
    let table: [(&str, &[&str]); 18] = [
        ("Tesla", &["b", "a"]),
        ("ärkl", &["c"]),
        ("азпром", &["c"]),
        ("\"азпром 涨/跌\"", &["c"]),
        ("涨/跌 rklin", &["c"]),
        ("azprom 涨/跌", &[]),
        ("азпром 涨/跌", &["c"]),
        ("vidi 涨/跌", &["d"]),
        ("\"vidi 涨/跌\"", &[]),
        ("pace", &[]),
        ("Tes", &["b", "a"]),
        ("esl", &["b", "a"]),
        ("esla发布Mod", &["a"]),
        ("发布Mod", &["a"]),
        ("3售价2315", &["a"]),
        ("31500元", &["a"]),
        ("esla model", &["b", "a"]),
        ("发布 -Tes", &["b", "a"]),
    ];
    for (query, files) in table {
        let found = index.search(&archive, &Query::new(query), Order::Newest, None, 10).expect("an answer");
        let paths = found.posts.iter().map(|id| archive.post(*id).path());
        let names: Vec<&str> = paths.filter_map(|path| path.split(['-', '.']).nth(3)).collect();
        assert_eq!(names, files, "{query}");
    }
}

#[test]
fn result_pages_contain_each_post_once() {
    let (site, folder) = (site(400), tempfile::tempdir().expect("a folder"));
    let archive = Arc::new(load(&config(site.path())));
    let index = index(&archive, folder.path());
    let query = Query::new("央");
    let all = search_paths(&index, &archive, "央").len();
    for order in [Order::Newest, Order::Best] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = index.search(&archive, &query, order, after, 7).expect("an answer");
            assert_eq!((page.count, page.is_more), (all, false));
            seen.extend(page.posts);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), all, "{order:?}");
        if order == Order::Newest {
            assert!(seen.is_sorted_by(|a, b| archive.post(*a).date >= archive.post(*b).date));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), all, "{order:?}");
    }
}

#[test]
fn new_post_between_best_order_pages_hides_no_result() {
    let (site, folder) = (site(400), tempfile::tempdir().expect("a folder"));
    let mut archive = Arc::new(load(&config(site.path())));
    let mut writer = writer(&archive, folder.path());
    let query = Query::new("央");
    let (mut after, mut seen) = (None, Vec::new());
    for number in 0.. {
        let page = writer.index().search(&archive, &query, Order::Best, after, 7).expect("an answer");
        seen.extend(page.posts.iter().map(|id| archive.post(*id).path().to_owned()));
        after = page.next;
        if after.is_none() {
            assert_eq!(seen.len(), page.count);
            break;
        }
        let path = site.path().join(format!("_posts/2020-01-01-n{number}.md"));
        std::fs::write(path, format!("---\ntitle: 别的\n---\n{}\n", "某事".repeat(500))).expect("a file");
        archive = Arc::new(load(&config(site.path())));
        follow(&mut writer, &archive);
    }
    assert!(seen.len() > 200, "{}", seen.len());
    let count = seen.len();
    assert_eq!(
        {
            seen = sorted(seen);
            seen.dedup();
            seen.len()
        },
        count
    );
}

#[test]
fn word_part_results_are_paged() {
    let files: Vec<(String, String)> = (0..30)
        .map(|number| {
            (format!("_posts/2022-05-01-p{number}.md"), format!("---\ntitle: Xteslamodel{number}发布\n---\n"))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (site, index_folder) = (folder(&files), tempfile::tempdir().expect("a folder"));
    let archive = Arc::new(load(&config(site.path())));
    let index = index(&archive, index_folder.path());
    for order in [Order::Newest, Order::Best] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = index.search(&archive, &Query::new("teslamodel"), order, after, 7).expect("an answer");
            assert_eq!((page.count, page.is_more, page.is_cut), (30, false, true));
            seen.extend(page.posts);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 30);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 30, "{order:?}");
    }
}

#[test]
fn word_part_results_continue_after_a_deleted_post() {
    let site = folder(&[]);
    std::fs::create_dir(site.path().join("_posts")).expect("a folder");
    let path = |number| site.path().join(format!("_posts/2022-05-0{number}-p.md"));
    for number in 1..=6 {
        std::fs::write(path(number), "---\ntitle: Xtesla\n---\n").expect("a file");
    }
    let index_folder = tempfile::tempdir().expect("a folder");
    let archive = Arc::new(load(&config(site.path())));
    let mut writer = writer(&archive, index_folder.path());
    let page = |writer: &Writer, archive: &Snapshot, after| {
        let found = writer.index().search(archive, &Query::new("tesla"), Order::Newest, after, 3);
        let found = found.expect("an answer");
        let days =
            found.posts.iter().map(|id| archive.post(*id).path()["_posts/2022-05-0".len()..][..1].to_owned());
        (days.collect::<Vec<_>>(), found.next)
    };
    let (first, next) = page(&writer, &archive, None);
    assert_eq!((first.concat().as_str(), next.is_some()), ("654", true));
    std::fs::remove_file(path(4)).expect("a file");
    let archive = Arc::new(load(&config(site.path())));
    follow(&mut writer, &archive);
    assert_eq!(page(&writer, &archive, next).0.concat(), "321");
}

#[test]
fn long_word_is_found_whole_and_hides_no_match_beside_it() {
    let (word, longest) = ("x".repeat(70), "y".repeat(500));
    let site = folder(&[
        ("_posts/2022-05-01-a.md", &format!("---\ntitle: 央行{word}降准\n---\n{word}\n")),
        ("_posts/2022-05-02-b.md", &format!("---\ntitle: 股市{longest}涨停\n---\n")),
    ]);
    let (archive, folder) = (Arc::new(load(&config(site.path()))), tempfile::tempdir().expect("a folder"));
    let index = index(&archive, folder.path());
    let table = [
        ("央行 降准".to_owned(), 1),
        (format!("央行{word}降准"), 1),
        (format!("{word}降准"), 1),
        (word.clone(), 1),
        (word[1..].to_owned(), 0),
        (format!("{word}x"), 0),
        ("股市 涨停".to_owned(), 1),
    ];
    for (query, count) in table {
        assert_eq!(search_paths(&index, &archive, &query).len(), count, "{query}");
    }
}

#[test]
fn different_spellings_of_a_text_find_each_other() {
    let groups: [&[&str]; 12] = [
        &["café", "cafe", "CAFÉ", "cafe\u{301}"],
        &["Ελλάδα", "ελλαδα"],
        &["ΟΔΟΣ", "οδός"],
        &["ёлка", "елка"],
        &["Ørsted", "orsted"],
        &["Straße", "strasse"],
        &["3,600", "3600", "３，６００"],
        &["1,234,567.8", "1234567.8"],
        &["👩\u{200D}💻"],
        &["👍🏽", "👍"],
        &["❤\u{FE0F}", "❤"],
        &["🇨🇳"],
    ];
    let texts =
        || groups.iter().enumerate().flat_map(|(group, texts)| texts.iter().map(move |text| (group, *text)));
    // A post for each spelling, by turns in the title and in the body, beside Han, marks and words.
    let files: Vec<(String, String)> = texts()
        .enumerate()
        .map(|(number, (group, text))| {
            let path = format!("_posts/2024-01-01-{group}-{number}.md");
            match number % 3 {
                0 => (path, format!("---\ntitle: 甲 {text} 乙\n---\n文\n")),
                1 => (path, format!("---\ntitle: T\n---\n甲，{text}。\n")),
                _ => (path, format!("---\ntitle: T\n---\nword {text} word\n")),
            }
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (site, index_folder) = (folder(&files), tempfile::tempdir().expect("a folder"));
    let archive = Arc::new(load(&config(site.path())));
    let index = index(&archive, index_folder.path());
    for (group, text) in texts() {
        let paths = search_paths(&index, &archive, text);
        let all: Vec<&str> = files
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| path.starts_with(&format!("_posts/2024-01-01-{group}-")))
            .collect();
        assert_eq!(sorted(paths), all, "{text}");
    }
}

#[test]
fn different_letters_numbers_and_emoji_stay_apart() {
    let site = folder(&[
        ("_posts/2024-01-01-a.md", "---\ntitle: か ば 1,2 1,2345 🇨🇳🇺🇸 😀\n---\n"),
        ("_posts/2024-01-02-b.md", "---\ntitle: T\n---\n跨\n行的\n**词**，第一段\n\n第二段 word\nword\n"),
    ]);
    let (archive, folder) = (Arc::new(load(&config(site.path()))), tempfile::tempdir().expect("a folder"));
    let index = index(&archive, folder.path());
    let table = [
        ("か", 1),
        ("が", 0),
        ("は", 0),
        ("1,2", 1),
        ("12", 0),
        ("12345", 0),
        ("🇨🇳", 1),
        ("🇳🇺", 0),
        ("😀", 1),
        ("😁", 0),
        ("跨行的词", 1),
        ("段第二", 0),
        ("\"word word\"", 1),
        ("wordword", 0),
    ];
    for (query, count) in table {
        assert_eq!(search_paths(&index, &archive, query).len(), count, "{query}");
    }
}

#[test]
fn facets_count_results_by_source_month_and_security() {
    let post = |source: &str, code: &str| {
        format!(
            "---\ntitle: 降准\ncategories: {source}\n---\n<span class=\"keytip\" data-code=\"1,{code}\">某某</span>\n"
        )
    };
    let site = folder(&[
        ("_config.yml", "timezone: Asia/Shanghai\n"),
        ("_posts/2022-05-01-a.md", &post("hongwang", "600160")),
        ("_posts/2022-05-31-b.md", &post("hongwang", "600519")),
        ("_posts/2022-07-01-c.md", &post("emnews", "600160")),
        ("_posts/2022-07-02-d.md", "---\ntitle: 降准\n---\n"),
    ]);
    let (archive, folder) = (Arc::new(load(&config(site.path()))), tempfile::tempdir().expect("a folder"));
    let index = index(&archive, folder.path());
    let facets =
        index.search(&archive, &Query::new("降准"), Order::Newest, None, 1).expect("an answer").facets;
    let named = |facets: &[Facet<NameId>]| {
        facets.iter().map(|facet| (archive.name(facet.value).to_owned(), facet.count)).collect::<Vec<_>>()
    };
    assert_eq!(named(&facets.sources), [("hongwang".into(), 2), ("emnews".into(), 1)]);
    assert_eq!(named(&facets.securities), [("600160.SH".into(), 2), ("600519.SH".into(), 1)]);
    let months: Vec<_> = facets.months.iter().map(|facet| (facet.value.to_string(), facet.count)).collect();
    assert_eq!(months, [("2022-05-01".into(), 2), ("2022-07-01".into(), 2)]);
}

#[test]
fn corrupt_index_is_rebuilt() {
    let site = folder(&[("_posts/2022-05-01-a.md", "第一稿"), ("_posts/2022-05-02-b.md", "第一版")]);
    let archive = Arc::new(load(&config(site.path())));
    for (suffix, text) in [("json", "nonsense"), ("fast", ""), ("fast", "nonsense"), ("idx", ""), ("pos", "")]
    {
        let folder = tempfile::tempdir().expect("a folder");
        drop(index(&archive, folder.path()));
        let files = |folder: &Path| -> Vec<PathBuf> {
            let files = std::fs::read_dir(folder).expect("a folder");
            files.map(|file| file.expect("a file").path()).collect()
        };
        let files = files(folder.path()).into_iter().flat_map(|folder| files(&folder));
        let damaged: Vec<_> =
            files.filter(|file| file.extension().is_some_and(|end| end == suffix)).collect();
        assert!(!damaged.is_empty(), "{suffix}");
        damaged.iter().for_each(|file| std::fs::write(file, text).expect("a file"));
        let index = index(&archive, folder.path());
        assert_eq!(search_paths(&index, &archive, "第一").len(), 2, "{suffix}");
    }
}
