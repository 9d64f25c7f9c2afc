//! The measured archives: written by the generator, and listed by finews.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use rayon::prelude::*;

use crate::finews::PROGRAM;
use crate::make_archive::{self, Options};
use crate::{Result, progress};

/// Characters that a request path must escape.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b'<').add(b'>').add(b'?').add(b'#');
/// Share of broken files, as in real archives.
const BAD: f64 = 0.02;
/// finews does not recheck a broken file of this age.
const SETTLED_AFTER: Duration = Duration::from_secs(3);

/// The folder of the archives.
#[derive(Debug)]
pub(crate) struct Sites {
    folder: PathBuf,
}

/// Escaped URL paths of an archive, newest first.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    pub(crate) articles: Vec<String>,
    /// The category with the most posts, and the number of its posts.
    pub(crate) largest: (String, usize),
}

impl Sites {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Creates a folder for other files.
    pub(crate) fn scratch(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The archive of `posts` posts, generated if it does not exist.
    pub(crate) fn of(&self, posts: usize) -> Result<PathBuf> {
        let folder = self.folder.join(format!("archive-{posts}"));
        make(&folder, posts, BAD)?;
        Ok(folder)
    }

    /// A separate archive without defects, for programs that stop at a broken file.
    pub(crate) fn sound(&self, name: &str, posts: usize) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        make(&folder, posts, 0.0)?;
        Ok(folder)
    }
}

fn make(folder: &Path, posts: usize, bad: f64) -> Result<()> {
    // The mark is written last, so an archive without it is incomplete.
    let mark = folder.join(".whole");
    if mark.exists() {
        return Ok(());
    }
    progress(&format!("making an archive of {posts} posts"));
    let start = NaiveDate::from_ymd_opt(2021, 12, 8).ok_or("no such day")?;
    make_archive::write(folder, &Options { posts, bad, seed: 7, sources: 2000, per_day: 2000, start })?;
    // finews rechecks broken files that were written recently, so let them age first.
    std::thread::sleep(SETTLED_AFTER);
    fs::write(mark, "")?;
    Ok(())
}

/// Reads all posts into the kernel's page cache; returns their size in bytes.
pub(crate) fn read_all(site: &Path) -> Result<u64> {
    let start = Instant::now();
    let entries: Vec<_> = fs::read_dir(site.join("posts"))?.collect::<std::io::Result<_>>()?;
    let bytes = entries
        .par_iter()
        .map(|entry| Ok(fs::read(entry.path())?.len() as u64))
        .sum::<std::io::Result<u64>>()?;
    progress(&format!("{} files read in {:.1} s", entries.len(), start.elapsed().as_secs_f64()));
    Ok(bytes)
}

/// Lists the URL paths that finews gives the posts of an archive.
pub(crate) fn addresses(site: &Path) -> Result<Addresses> {
    progress("asking for the addresses of all posts");
    let mut list =
        Command::new(PROGRAM).arg("list").arg(site).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let lines = BufReader::new(list.stdout.take().ok_or("no output")?).lines();
    let mut sizes = HashMap::<String, usize>::new();
    let mut addresses = Addresses::default();
    for line in lines {
        let post: serde_json::Value = serde_json::from_str(&line?)?;
        let url = post["url"].as_str().ok_or("a post without an address")?;
        addresses.articles.push(escaped(url));
        if let Some(category) = post["categories"][0].as_str() {
            *sizes.entry(category.to_owned()).or_default() += 1;
        }
    }
    if !list.wait()?.success() {
        return Err("finews list failed".into());
    }
    addresses.largest = sizes.into_iter().max_by(|a, b| (a.1, &a.0).cmp(&(b.1, &b.0))).unwrap_or_default();
    Ok(addresses)
}

fn escaped(path: &str) -> String {
    utf8_percent_encode(path, ESCAPED).to_string()
}
