//! One journey in a real browser, as a reader makes it, on the sample archive.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use finews::web::{self, App, server};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{config, folder, load};

/// The driver that steers Chromium, ended when dropped.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver, of Debian's package chromium-driver");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned())
            })
            .expect("the driver's port");
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn browser(driver: &Driver) -> WebDriver {
    let mut wishes = DesiredCapabilities::chrome();
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1440,900",
    ];
    for argument in arguments {
        wishes.add_arg(argument).expect("an argument");
    }
    WebDriver::new(&driver.url, wishes).await.expect("a browser")
}

async fn click(browser: &WebDriver, selector: &str) {
    browser.find(By::Css(selector)).await.expect(selector).click().await.expect(selector);
}

async fn path(browser: &WebDriver) -> String {
    browser.current_url().await.expect("an address").path().to_owned()
}

async fn heading(browser: &WebDriver) -> String {
    browser.find(By::Css("main h1")).await.expect("a heading").text().await.expect("its text")
}

/// A source of three pages.
fn long_source() -> TempDir {
    let posts: Vec<(String, String)> = (1..=120)
        .map(|n| {
            let minute = format!("{:02}:{:02}", 8 + n / 60, n % 60);
            let text = format!("---\ntitle: 第 {n} 条\ndate: 2024-05-01 {minute}:00 +0800\ncategories: hetan\n---\n<p>第 {n} 条正文。</p>\n");
            (format!("_posts/2024-05-01-n{n}.md"), text)
        })
        .collect();
    let config = ("_config.yml", "title: 长长的来源\nlang: zh-CN\ntimezone: Asia/Shanghai\n");
    let posts = posts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    folder(&[config].into_iter().chain(posts).collect::<Vec<_>>())
}

/// Home → article → its source → page 2 → a day → 404, without a line of script.
async fn journey(browser: &WebDriver, home: &str) {
    browser.goto(home).await.expect("the front page");
    let first = browser.find(By::Css(".entry-title a")).await.expect("a headline");
    let headline = first.text().await.expect("its text");
    first.click().await.expect("a click");
    assert_eq!(heading(browser).await, headline);
    assert_eq!(path(browser).await, "/hetan/2024/05/01/n120.html");

    click(browser, ".crumb a").await;
    assert_eq!(path(browser).await, "/category/hetan.html");

    click(browser, ".pager a[rel=next]").await;
    assert_eq!(path(browser).await, "/category/hetan/2.html");
    let entries = browser.find_all(By::Css(".entry")).await.expect("entries");
    assert_eq!(entries.len(), 50);

    click(browser, ".day-heading a").await;
    assert_eq!(path(browser).await, "/2024/05/01/");

    browser.goto(format!("{home}nowhere/at/all")).await.expect("a page that helps");
    assert_eq!(heading(browser).await, "没有找到这个页面");
    click(browser, "main a").await;
    assert_eq!(path(browser).await, "/2024/05/01/", "the nearest day");
}

/// Nothing is wider than a phone, whatever the article holds.
async fn phone(browser: &WebDriver, home: &str) {
    browser.set_window_rect(0, 0, 390, 844).await.expect("a phone");
    let mut pages =
        vec![home.to_owned(), format!("{home}category/"), format!("{home}2026/"), format!("{home}2026/11/")];
    browser.goto(home).await.expect("the front page");
    for link in browser.find_all(By::Css(".entry-title a")).await.expect("headlines") {
        pages.push(link.prop("href").await.expect("an address").expect("an address"));
    }
    assert!(pages.len() > 50, "the sample's articles are looked at too");
    for page in pages {
        browser.goto(&page).await.expect("a page");
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let beyond = browser.execute(script, Vec::new()).await.expect("a number");
        assert_eq!(beyond.json().as_i64(), Some(0), "{page}");
    }
}

/// A server of a site, and how to end it.
async fn serve(root: &Path) -> (String, oneshot::Sender<()>) {
    let config = config(root);
    let app = App::new(&config);
    app.publish(Arc::new(load(&config)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let home = format!("http://{}/", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(server::run(listener, web::Front::new(app), async {
        let _ = stopped.await;
    }));
    (home, stop)
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn a_reader_finds_the_way_around() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let driver = Driver::start();
    let long = long_source();
    runtime.block_on(async {
        let (long, end_long) = serve(long.path()).await;
        let (sample, end_sample) = serve(Path::new(env!("CARGO_MANIFEST_DIR"))).await;
        let browser = browser(&driver).await;
        let walk = async {
            journey(&browser, &long).await;
            phone(&browser, &sample).await;
        };
        let walk = tokio::time::timeout(Duration::from_secs(120), walk).await;
        browser.quit().await.expect("the browser ends");
        let _ = (end_long.send(()), end_sample.send(()));
        walk.expect("the walk takes less than two minutes");
    });
}
