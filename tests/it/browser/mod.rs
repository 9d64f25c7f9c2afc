//! The journeys of a reader, in a real browser.

mod driver;

use std::path::Path;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Running, folder};
use driver::{Browser, Driver, Reader};

/// Posts of the source that is gone through.
const POSTS: usize = 120;

/// A source of three pages, whose posts mention a security each, an hour apart until a while ago.
fn long_source() -> TempDir {
    let newest = Utc::now() - TimeDelta::hours(2);
    let posts = (1..=POSTS).map(|n| {
        let date = newest - TimeDelta::hours((POSTS - n) as i64);
        let mention = "<a class=\"keytip\" data-code=\"1,600001\" href=\"https://q.example/\">河滩股份</a>";
        let text = format!(
            "---\ntitle: 第 {n} 条\ndate: {}\ncategories: hetan\n---\n<p>{mention}第 {n} 条正文。</p>\n",
            date.format("%Y-%m-%d %H:%M:%S +0000")
        );
        (format!("_posts/{}-n{n}.md", date.format("%Y-%m-%d")), text)
    });
    let posts: Vec<_> = posts.collect();
    let config = ("_config.yml", "title: 长长的来源\nlang: zh-CN\npermalink: /:categories/:title.html\n");
    let other = ("_posts/2020-02-03-x.md", "---\ntitle: 别处\ncategories: jiangkou\n---\n文\n");
    let posts = posts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    folder(&[config, other].into_iter().chain(posts).collect::<Vec<_>>())
}

/// A reader at a desk, as most are.
const AT_A_DESK: Reader = Reader { width: 1440, dark: false, script: true };

/// Runs what a reader does, in a browser of its own. It takes no longer than three minutes.
fn with_browser(site: &Path, walk: impl AsyncFnOnce(&Browser)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (driver, server) = (Driver::start(), Running::serving(site, &[]));
    server.wait_until("searchable", |server| server.get("/readyz?verbose").text().contains("search: ok"));
    runtime.block_on(async {
        let browser = Browser::open(&driver, &format!("http://{}", server.address())).await;
        let walked = tokio::time::timeout(Duration::from_secs(180), walk(&browser)).await;
        browser.close().await;
        walked.expect("the walk takes less than three minutes");
    });
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn a_reader_finds_the_way_around_on_every_screen_with_and_without_script() {
    let site = long_source();
    with_browser(site.path(), async |browser| {
        for width in [360, 768, 1440] {
            for (dark, script) in [(false, true), (true, false), (true, true), (false, false)] {
                let reader = Reader { width, dark, script };
                browser.become_that_of(reader).await;
                journey(browser, reader).await;
            }
        }
    });
}

/// Home → article → its security → its source → page back → a day of the calendar → filter → search → 404.
async fn journey(browser: &Browser, reader: Reader) {
    let note = async |what: &str| browser.assert_fits(&format!("{what} {reader:?}")).await;
    browser.goto("/").await;
    note("home").await;
    let headline = browser.text(".entry-title a").await;
    assert_eq!(headline, format!("第 {POSTS} 条"));
    browser.click(".entry-title a").await;
    assert_eq!(browser.text("main h1").await, headline, "{reader:?}");
    note("article").await;

    browser.click(".body a[href^='/stock/']").await;
    assert_eq!(browser.at().await, "/stock/600001.SH.html");
    assert_eq!(browser.text("main h1").await, "河滩股份");
    note("security").await;
    browser.click(".entry-source").await;
    assert_eq!(browser.at().await, "/category/hetan.html");
    note("source").await;

    browser.click(".pager a[rel=next]").await;
    assert_eq!(browser.at().await, "/category/hetan/2.html");
    assert_eq!(browser.all(".entry").await.len(), 50);
    browser.click(".day-heading a").await;
    assert_eq!(browser.at().await.matches('/').count(), 4, "a day");
    note("day").await;
    browser.click(".crumb a").await;
    note("month").await;
    browser.click(".month td a").await;
    assert_eq!(browser.at().await.matches('/').count(), 4, "a day of the calendar");

    browser.goto("/category/?q=jiang").await;
    assert_eq!(browser.all(".groups li").await.len(), 1, "the filter needs no script");
    browser.goto("/stock/").await;
    note("securities").await;
    browser.goto(&format!("/search?q=第+{POSTS}")).await;
    assert_eq!(browser.text(".entry-title a").await, headline);
    note("search").await;
    browser.goto("/nowhere/at/all").await;
    assert_eq!(browser.text("main h1").await, "没有找到这个页面");
    note("404").await;

    let scheme = if reader.dark { "rgb(23, 22, 19)" } else { "rgb(253, 252, 249)" };
    let paper = browser.ask("getComputedStyle(document.documentElement).backgroundColor").await;
    assert_eq!(paper, json!(scheme), "{reader:?}");
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn new_posts_are_announced_and_shown_when_the_reader_says_so() {
    let site = long_source();
    with_browser(site.path(), async |browser| {
        browser.become_that_of(AT_A_DESK).await;
        browser.goto("/").await;
        browser.wait_until("document.querySelector('.live-pause').ariaPressed === 'false'").await;
        browser.ask("scrollTo(0, 1500)").await;
        let place = "[...document.querySelectorAll('.entry')].find(e => e.getBoundingClientRect().top > 100)";
        let before = browser
            .ask(&format!("(e => [e.querySelector('a').href, e.getBoundingClientRect().top])({place})"))
            .await;

        write_now(site.path(), "new-one", "刚到的消息");
        browser.wait_until("!document.querySelector('.live-apply').hidden").await;
        assert_eq!(browser.text(".live-apply").await, "1 条新消息");
        let first = browser.text(".entry-title a").await;
        assert_eq!(first, format!("第 {POSTS} 条"), "nothing is changed unasked");

        browser.click(".live-apply").await;
        browser.wait_until("document.querySelector('.entry-title a').textContent === '刚到的消息'").await;
        let href = before[0].as_str().expect("an address");
        let after = browser.ask(&format!("document.querySelector('.entry a[href$=\"{}\"]').closest('.entry').getBoundingClientRect().top", path_of(href))).await;
        let moved = (after.as_f64().expect("a number") - before[1].as_f64().expect("a number")).abs();
        assert!(moved < 2.0, "the reader's place moved by {moved} px");
        assert_eq!(browser.text(".live-apply").await, "↑ 看新消息");
        browser.click(".live-apply").await;
        browser.wait_until("document.querySelector('.entry').getBoundingClientRect().top > 0").await;
        browser.wait_until("document.querySelector('.live-apply').hidden").await;

        browser.click(".live-pause").await;
        write_now(site.path(), "unheard", "没有听到");
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(browser.ask("document.querySelector('.live-apply').hidden").await, json!(true));

        // What came while another page was read is told on the way back.
        browser.click(".live-pause").await;
        browser.wait_until("!document.querySelector('.live-apply').hidden").await;
        assert_eq!(browser.text(".live-apply").await, "1 条新消息");
        browser.click(".live-apply").await;
        browser.wait_until("document.querySelector('.entry-title a').textContent === '没有听到'").await;
        browser.goto("/nowhere.html").await;
        write_now(site.path(), "meanwhile", "在别处的时候");
        let is_served =
            "fetch('/', { cache: 'no-store' }).then(r => r.text()).then(t => t.includes('在别处的时候'))";
        browser.wait_until(is_served).await;
        browser.ask("history.back()").await;
        // The browser may show the page as it was, or ask for it again.
        let is_told = "document.querySelector('.live-apply')?.hidden === false";
        let is_shown = "document.querySelector('.entry-title a')?.textContent === '在别处的时候'";
        browser.wait_until(&format!("({is_told}) || ({is_shown})")).await;
    });
}

fn path_of(url: &str) -> &str {
    url.splitn(4, '/').nth(3).expect("a path")
}

/// A post of this moment, written aside and renamed.
fn write_now(site: &Path, slug: &str, title: &str) {
    let now = Utc::now();
    let text = format!(
        "---\ntitle: {title}\ndate: {}\ncategories: hetan\n---\n文\n",
        now.format("%Y-%m-%d %H:%M:%S +0000")
    );
    let (aside, name) = (site.join("_posts/.aside"), format!("_posts/{}-{slug}.md", now.format("%Y-%m-%d")));
    std::fs::write(&aside, text).expect("a file");
    std::fs::rename(aside, site.join(name)).expect("its name");
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn keys_sizes_and_colours_are_as_the_reader_wants_them() {
    let site = long_source();
    with_browser(site.path(), async |browser| {
        browser.become_that_of(AT_A_DESK).await;
        browser.goto("/").await;
        browser.wait_until("document.querySelector('#ui-size').title !== ''").await;
        let focused = "document.activeElement.textContent";
        browser.press("j").await;
        assert_eq!(browser.ask(focused).await, json!(format!("第 {POSTS} 条")));
        browser.press("j").await;
        assert_eq!(browser.ask(focused).await, json!(format!("第 {} 条", POSTS - 1)));
        browser.press("k").await;
        assert_eq!(browser.ask(focused).await, json!(format!("第 {POSTS} 条")));
        browser.press("?").await;
        assert_eq!(browser.ask("document.querySelector('#ui-keys').open").await, json!(true));
        browser.click("#ui-keys form button").await;
        browser.press("/").await;
        assert_eq!(browser.ask("document.activeElement.id").await, json!("ui-q"));

        let size = "parseFloat(getComputedStyle(document.documentElement).fontSize)";
        browser.click("#ui-size").await;
        assert_eq!(browser.ask(size).await, json!(19), "large");
        browser.click("#ui-theme").await;
        browser.click("#ui-theme").await;
        browser.goto("/category/hetan.html").await;
        assert_eq!(browser.ask(size).await, json!(19), "it is remembered");
        assert_eq!(browser.ask("document.documentElement.dataset.theme").await, json!("dark"));
        browser.click("#ui-size").await;
        assert_eq!(browser.ask(size).await, json!(15), "small");

        browser.goto("/category/").await;
        browser.click("#ui-filter").await;
        browser.press("jiang").await;
        browser.wait_until("document.querySelectorAll('.groups li:not([hidden])').length === 1").await;

        browser.goto("/hetan/n1.html").await;
        let pdf = browser.pdf().await;
        assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 2000);
        browser.tell("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
        for (part, is_printed) in [("h1", true), (".body", true), (".tools", false), (".share", false)] {
            let shown = browser.ask(&format!("document.querySelector('{part}').checkVisibility()")).await;
            assert_eq!(shown, json!(is_printed), "{part} on paper");
        }
    });
}

/// Posts of two sources and three months that mention one of two securities.
fn market() -> TempDir {
    let posts = (1..=60).map(|n| {
        let (source, tag) = if n % 5 == 0 { ("hongwang", "红网新闻") } else { ("emnews", "东方财富新闻") };
        let (code, name) = if n % 2 == 0 { (600160, "巨化股份") } else { (600519, "贵州茅台") };
        let text = format!(
            "---\ntitle: 第{n}号公告\ncategories: {source}\ntags: {tag}\n---\n<p>今日<a class=\"keytip\" data-code=\"1,{code}\">{name}</a>公告。</p>\n"
        );
        (format!("_posts/2024-{:02}-{:02}-n{n}.html", n % 3 + 1, n % 28 + 1), text)
    });
    let posts: Vec<_> = posts.collect();
    let config = ("_config.yml", "title: 市场\nlang: zh-CN\ntimezone: Asia/Shanghai\n");
    let posts = posts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    folder(&[config].into_iter().chain(posts).collect::<Vec<_>>())
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn a_search_is_narrowed_ordered_paged_and_followed() {
    let site = market();
    with_browser(site.path(), async |browser| {
        for width in [390, 1440] {
            browser.become_that_of(Reader { width, ..AT_A_DESK }).await;
            browser.goto("/search?q=公告").await;
            browser.assert_fits("search").await;
            let found = async || browser.text(".result-bar .summary").await;
            assert_eq!(found().await, "共 60 篇");
            for (choice, count) in [("source%3Ahongwang", 12), ("stock%3A600160.SH", 30)] {
                browser.click(&format!(".choices a[href*='{choice}']")).await;
                assert_eq!(found().await, format!("共 {count} 篇"), "{choice}");
                browser.click(".applied a").await;
                assert_eq!(found().await, "共 60 篇");
            }
            browser.click(".search-side summary").await;
            browser.click(".search-side details a[href*='from%3A2024-02']").await;
            assert_eq!(found().await, "共 20 篇");
            browser.click(".applied a").await;

            browser.click(".orders li:last-child a").await;
            assert_eq!(browser.text(".orders [aria-current]").await, "最新");
            let first = "document.querySelector('.result time').dateTime.slice(0, 10)";
            assert_eq!(browser.ask(first).await, json!("2024-03-27"));
            for page in 2..=3 {
                browser.click(".pager a[rel=next]").await;
                assert_eq!(browser.all(".result").await.len(), 20, "page {page}");
            }
            assert!(browser.all(".pager a[rel=next]").await.is_empty());
            browser.assert_fits("the last page").await;

            browser.goto("/search?q=公告+独角兽").await;
            browser.click(".offers a").await;
            assert_eq!(found().await, "共 60 篇");
            let entries = "fetch(document.querySelector('.result-feed').href).then(r => r.text()).then(t => t.split('<entry').length - 1)";
            assert_eq!(browser.ask(entries).await, json!(10));
        }
    });
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn suggestions_are_gone_through_with_the_keyboard() {
    const DOWN: &str = "\u{E015}";
    const ENTER: &str = "\u{E007}";
    const ESCAPE: &str = "\u{E00C}";
    let site = market();
    with_browser(site.path(), async |browser| {
        browser.become_that_of(AT_A_DESK).await;
        browser.goto("/").await;
        let options = "document.querySelectorAll('.search [role=option]').length";
        let is_open = "document.querySelector('#ui-q').ariaExpanded === 'true'";
        let is_closed = "document.querySelector('#ui-q').ariaExpanded === 'false'";
        browser.wait_until("document.querySelector('#ui-size').title !== ''").await;
        browser.press("/").await;
        browser.press("hw").await;
        browser.wait_until(is_open).await;
        assert_eq!(browser.ask(options).await, json!(1));
        browser.press(ESCAPE).await;
        browser.wait_until(is_closed).await;
        browser.press(DOWN).await;
        browser.wait_until(is_open).await;
        browser.press(DOWN).await;
        let chosen = "document.getElementById(document.querySelector('#ui-q').getAttribute('aria-activedescendant')).textContent";
        assert_eq!(browser.ask(chosen).await, json!("红网 来源"));
        browser.press(ENTER).await;
        browser.wait_until("location.pathname === '/category/hongwang.html'").await;
        // Without a choice the form is sent as it is.
        browser.press("/").await;
        browser.press("茅台").await;
        browser.wait_until(is_open).await;
        browser.press(ENTER).await;
        browser.wait_until("location.pathname === '/search'").await;
        browser
            .wait_until("document.querySelector('.result-bar .summary')?.textContent === '共 30 篇'")
            .await;
    });
}
