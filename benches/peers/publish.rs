//! Delay from writing a post to the served folder until its pages show it, measured by readers that poll.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::{Asia::Shanghai, Tz};

use crate::finews::Finews;
use crate::http::Client;
use crate::report::{Report, Section};
use crate::site::{self, Addresses, Sites};
use crate::stats::{grouped, number, quantile};
use crate::{Cli, Result, progress};

/// Pages that must show a new post.
const PAGES: [&str; 5] = ["home", "category", "tag", "day", "article"];
/// Polling interval of a reader.
const EVERY: Duration = Duration::from_millis(5);
/// Time limit for a post; a later one counts as not shown.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time limit for the first post; after it, finews is assumed not to watch its folder.
const FIRST: Duration = Duration::from_secs(5);

/// Publishes posts to each served archive.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let mut section = Section::new(
        "Publishing",
        "New posts are written to the folder that finews serves, one after another at random intervals, half of them \
         as a file that grows under its name, half under another name and then renamed. Milliseconds from the end of the \
         writing until a reader sees the post, who asks for the page every 5 ms with its ETag on a kept connection.",
        &["page", "posts", "p50 ms", "p99 ms", "greatest ms", "new posts", "not seen", "runs"],
    );
    for posts in &cli.posts {
        let site = sites.of(*posts)?;
        let addresses = site::addresses(&site)?;
        let scratch = sites.scratch("scratch")?;
        let mut delays: Delays = PAGES.map(|page| (page, Vec::new())).into();
        for _ in 0..cli.runs.max(1) {
            let finews = Finews::serve(&site, &scratch, None)?;
            let mut written = Written::default();
            let Some(found) = publish(cli, &finews, &site, &addresses, &mut written)? else {
                report.absent("publishing", "not built in: a new file was not shown within 5 s");
                return Ok(());
            };
            for ((_, all), (_, found)) in delays.iter_mut().zip(found) {
                all.extend(found);
            }
        }
        for (page, delays) in delays {
            let seen: Vec<_> = delays.iter().copied().flatten().collect();
            let p99 = quantile(&seen, 0.99);
            progress(&format!("{posts} posts, {page}: p99 {p99:.3} s"));
            let is_complete = seen.len() == delays.len();
            report.figure(&format!("publish {page} {posts}"), if is_complete { p99 } else { f64::INFINITY });
            section.row([
                page.to_owned(),
                grouped(*posts as u64),
                number(quantile(&seen, 0.5) * 1e3),
                number(p99 * 1e3),
                number(quantile(&seen, 1.0) * 1e3),
                delays.len().to_string(),
                (delays.len() - seen.len()).to_string(),
                cli.runs.max(1).to_string(),
            ]);
        }
    }
    report.add(section);
    Ok(())
}

/// Files that are deleted on drop, so that the archive is as before.
#[derive(Default)]
pub(crate) struct Written(Vec<PathBuf>);

impl Drop for Written {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

/// Seconds until each new post appeared on a page; `None` if it did not.
type Delays = Vec<(&'static str, Vec<Option<f64>>)>;

fn publish(
    cli: &Cli,
    finews: &Finews,
    site: &Path,
    addresses: &Addresses,
    written: &mut Written,
) -> Result<Option<Delays>> {
    let category = addresses.largest.0.as_str();
    let first = NewPost::new(0, category);
    first.write(site, written)?;
    if watch(&mut Client::new(finews.port), &first.url, &first.slug, Instant::now(), FIRST).is_none() {
        return Ok(None);
    }
    let readers: Vec<_> = PAGES.iter().map(|page| Reader::start(page, finews.port)).collect();
    let mut intervals = 0x2545_f491_4f6c_dd1d_u64;
    for number in 1..=cli.publish {
        intervals ^= intervals << 13;
        intervals ^= intervals >> 7;
        intervals ^= intervals << 17;
        thread::sleep(Duration::from_millis(20 + intervals % 400));
        let post = NewPost::new(number, category);
        let closed = post.write(site, written)?;
        for reader in &readers {
            reader.orders.send((post.clone(), closed))?;
        }
        if number % 20 == 0 {
            progress(&format!("{number} posts published"));
        }
    }
    let done = |reader: Reader| {
        drop(reader.orders);
        reader.thread.join().map_err(|_| "a reader failed")
    };
    let delays = readers.into_iter().map(done).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(Some(PAGES.into_iter().zip(delays).collect()))
}

/// A reader that polls one page for one post after another.
struct Reader {
    orders: Sender<(NewPost, Instant)>,
    thread: JoinHandle<Vec<Option<f64>>>,
}

impl Reader {
    fn start(page: &'static str, port: u16) -> Self {
        let (orders, posts): (_, Receiver<(NewPost, Instant)>) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut client = Client::new(port);
            posts
                .iter()
                .map(|(post, closed)| watch(&mut client, &post.page(page), &post.slug, closed, PATIENCE))
                .collect()
        });
        Self { orders, thread }
    }
}

/// Polls a page until it contains a text; returns the seconds since `since`, or `None` after `most`.
pub(crate) fn watch(
    client: &mut Client,
    path: &str,
    text: &str,
    since: Instant,
    most: Duration,
) -> Option<f64> {
    let mut etag = String::new();
    loop {
        let known = [("If-None-Match", etag.as_str())];
        let answer = client.get(path, if etag.is_empty() { &[] } else { &known }).ok()?;
        if answer.status == 200 {
            if answer.holds(text) {
                return Some(since.elapsed().as_secs_f64());
            }
            etag = answer.header("etag").unwrap_or_default().to_owned();
        }
        if since.elapsed() > most {
            return None;
        }
        thread::sleep(EVERY);
    }
}

/// A post with the current date.
#[derive(Clone, Debug)]
pub(crate) struct NewPost {
    date: DateTime<Tz>,
    pub(crate) slug: String,
    category: String,
    tag: String,
    pub(crate) url: String,
}

impl NewPost {
    pub(crate) fn new(number: usize, category: &str) -> Self {
        let date = Utc::now().with_timezone(&Shanghai);
        let slug = format!("fresh-news-{}-{number}", date.format("%H%M%S%3f"));
        let url = format!("/{}/{}/{slug}.html", category.to_lowercase(), date.format("%Y/%m/%d"));
        Self { date, slug, category: category.to_owned(), tag: "快讯".into(), url }
    }

    /// The path of a page that must show the post.
    fn page(&self, page: &str) -> String {
        match page {
            "home" => "/".into(),
            "category" => format!("/category/{}.html", self.category),
            "tag" => format!(
                "/tag/{}.html",
                percent_encoding::utf8_percent_encode(&self.tag, percent_encoding::NON_ALPHANUMERIC)
            ),
            "day" => self.date.format("/%Y/%m/%d/").to_string(),
            _ => self.url.clone(),
        }
    }

    /// Writes the file, every second one under a temporary name first; returns the time of completion.
    pub(crate) fn write(&self, site: &Path, written: &mut Written) -> Result<Instant> {
        let Self { date, slug, category, tag, .. } = self;
        let folder = site.join("posts");
        let path = folder.join(format!("{}-{slug}.md", date.format("%Y-%m-%d")));
        let text = format!(
            "---\nlayout: post\ntitle: \"快讯 {slug}\"\ndate: {}\ncategories: {category}\ntags: {tag}\n---\n\
             <p>一条刚刚写成的消息，编号{slug}。</p><p class=\"em_media\">（文章来源：快讯台）</p>\n",
            date.format("%Y-%m-%d %H:%M:%S %z")
        );
        let is_renamed = written.0.len() % 2 == 1;
        let first = if is_renamed { folder.join(format!(".{slug}.tmp")) } else { path.clone() };
        written.0.push(path.clone());
        let mut file = fs::File::create(&first)?;
        file.write_all(text.as_bytes())?;
        drop(file);
        if is_renamed {
            fs::rename(first, path)?;
        }
        Ok(Instant::now())
    }
}
