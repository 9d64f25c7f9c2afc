//! Chromium, steered: what a reader sees and does.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::common::print::PrintParameters;
use thirtyfour::prelude::*;

/// The driver that steers Chromium, ended when dropped.
pub struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    pub fn start() -> Self {
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

/// A browser as a reader has it.
pub struct Browser {
    web: WebDriver,
    site: String,
}

/// How a reader looks at the site.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub width: u32,
    pub dark: bool,
    pub script: bool,
}

impl Browser {
    /// A browser for the site at an address that ends without a slash.
    pub async fn open(driver: &Driver, site: &str) -> Self {
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
        let web = WebDriver::new(&driver.url, wishes).await.expect("a browser");
        Self { web, site: site.to_owned() }
    }

    pub async fn close(self) {
        self.web.quit().await.expect("the browser ends");
    }

    /// Tells the browser something of its protocol for tools.
    pub async fn tell(&self, command: &str, parameters: Value) {
        self.web.cdp().send_raw(command, parameters).await.expect(command);
    }

    /// Makes the browser that of a reader.
    pub async fn become_that_of(&self, reader: Reader) {
        let scheme = if reader.dark { "dark" } else { "light" };
        let size = json!({ "width": reader.width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.tell("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await;
        self.tell("Emulation.setScriptExecutionDisabled", json!({ "value": !reader.script })).await;
    }

    pub async fn goto(&self, path: &str) {
        self.web.goto(format!("{}{path}", self.site)).await.expect(path);
    }

    /// The path and query of the page.
    pub async fn at(&self) -> String {
        let url = self.web.current_url().await.expect("an address");
        match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        }
    }

    pub async fn find(&self, selector: &str) -> WebElement {
        self.web.find(By::Css(selector)).await.expect(selector)
    }

    pub async fn all(&self, selector: &str) -> Vec<WebElement> {
        self.web.find_all(By::Css(selector)).await.expect(selector)
    }

    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.expect(selector)
    }

    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.expect(selector);
    }

    pub async fn press(&self, keys: &str) {
        let chain = self.web.action_chain().send_keys(keys);
        chain.perform().await.expect(keys);
    }

    /// What a script says of the page.
    pub async fn ask(&self, script: &str) -> Value {
        self.web.execute(format!("return {script}"), Vec::new()).await.expect(script).json().clone()
    }

    /// Waits until a script says that something is so; no longer than two seconds.
    pub async fn wait_until(&self, what: &str) {
        let start = std::time::Instant::now();
        while self.ask(what).await != json!(true) {
            assert!(start.elapsed() < Duration::from_secs(2), "not within two seconds: {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Asserts that nothing is wider than the window.
    pub async fn assert_fits(&self, what: &str) {
        let beyond =
            self.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
        assert_eq!(beyond, json!(0), "{what} is wider than the window");
    }

    /// The page as it is printed.
    pub async fn pdf(&self) -> Vec<u8> {
        self.web.print_page(PrintParameters::default()).await.expect("a document")
    }
}
