//! One journey in a real browser, as a reader makes it, on the sample archive.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use finews::web::{self, App, server};
use thirtyfour::prelude::*;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::support::{config, load};

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

/// Home → article → its source → an older page of it → a day → 404, without a line of script.
async fn journey(browser: &WebDriver, home: &str) {
    browser.goto(home).await.expect("the front page");
    let first = browser.find(By::Css(".entry-title a")).await.expect("a headline");
    let headline = first.text().await.expect("its text");
    first.click().await.expect("a click");
    assert_eq!(heading(browser).await, headline);
    assert!(path(browser).await.ends_with(".html"));

    click(browser, ".crumb a").await;
    assert!(path(browser).await.starts_with("/category/"), "{}", path(browser).await);

    // The sample's sources fit on one page, so page 1 is where the list begins.
    let source = path(browser).await;
    let numbered = source.replace(".html", "/1.html");
    browser.goto(format!("{}{numbered}", home.trim_end_matches('/'))).await.expect("a numbered page");
    assert!(browser.find_all(By::Css(".entry")).await.expect("entries").len() > 1);

    click(browser, ".day-heading a").await;
    let parts = path(browser).await.split('/').filter(|part| !part.is_empty()).count();
    assert_eq!(parts, 3, "a day: {}", path(browser).await);

    browser.goto(format!("{home}nowhere/at/all")).await.expect("a page that helps");
    assert_eq!(heading(browser).await, "没有找到这个页面");
    click(browser, "main a").await;
    assert_ne!(path(browser).await, "/nowhere/at/all");

    // Nothing is wider than a phone.
    browser.set_window_rect(0, 0, 390, 844).await.expect("a phone");
    for page in ["", "category/", "2026/", "2026/11/"] {
        browser.goto(format!("{home}{page}")).await.expect("a page");
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let beyond = browser.execute(script, Vec::new()).await.expect("a number");
        assert_eq!(beyond.json().as_i64(), Some(0), "{page}");
    }
}

#[test]
#[ignore = "needs Debian's packages chromium and chromium-driver"]
fn a_reader_finds_the_way_around() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let driver = Driver::start();
    runtime.block_on(async {
        let config = config(Path::new(env!("CARGO_MANIFEST_DIR")));
        let app = App::new(&config);
        app.publish(load(&config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let home = format!("http://{}/", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(server::run(listener, web::router(app), async {
            let _ = stopped.await;
        }));
        let browser = browser(&driver).await;
        let journey = tokio::time::timeout(Duration::from_secs(120), journey(&browser, &home)).await;
        browser.quit().await.expect("the browser ends");
        let _ = stop.send(());
        served.await.expect("the server ends");
        journey.expect("the journey takes less than two minutes");
    });
}
