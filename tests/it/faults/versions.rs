//! A reader sees whole versions of a post, each under a tag of its own, however it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use super::{Files, SOON};
use crate::support::{Connection, Running};

const PATH: &str = "_posts/2024-01-01-a.md";
const URL: &str = "/x/2024/01/01/a.html";
const READERS: usize = 4;
const READS_EACH: usize = 25_000;

/// A version of a post: its number is at both ends of a body of more than 16 KiB.
fn version(number: usize) -> String {
    let filling = "These words stand between the one end and the other.\n".repeat(400);
    format!(
        "---\ntitle: Version {number}.\ndate: 2024-01-01 08:00\ncategories: x\n---\n\
         Begins {number}.\n\n{filling}\nEnds {number}.\n"
    )
}

/// The number after a word.
fn number(text: &str, word: &str) -> Option<usize> {
    let (_, rest) = text.split_once(word)?;
    rest.split_once('.')?.0.parse().ok()
}

/// Writes one version after the other, now in place, now aside, until told to stop. The last one.
fn write(files: &Files, stop: &AtomicBool) -> usize {
    for round in 1.. {
        let text = version(round);
        if round % 2 == 0 {
            files.put(PATH, &text);
        } else {
            let mut file = BufWriter::new(File::create(files.path(PATH)).expect("a file"));
            file.write_all(text.as_bytes()).expect("room");
            file.flush().expect("room");
        }
        if stop.load(Ordering::Relaxed) {
            return round;
        }
        std::thread::sleep(Duration::from_millis([0, 3, 150, 40][round % 4]));
    }
    unreachable!("the rounds have no end")
}

/// Reads a post many times: which versions were seen under which tags.
fn read(mut reader: Connection) -> BTreeSet<(usize, String)> {
    let mut seen = BTreeSet::new();
    for _ in 0..READS_EACH {
        let answer = reader.get(URL);
        assert_eq!(answer.status, StatusCode::OK);
        let text = std::str::from_utf8(&answer.bytes).expect("UTF-8");
        let version = number(text, "<h1>Version ").or_else(|| number(text, "Version ")).expect("a title");
        assert_eq!(number(text, "Begins "), Some(version));
        assert_eq!(number(text, "Ends "), Some(version));
        assert!(text.len() > 16 << 10);
        assert!(text.trim_end().ends_with("</html>"));
        let tag = answer.header("etag");
        assert!(tag.starts_with('"'), "a weak tag: {tag}");
        seen.insert((version, tag.to_owned()));
    }
    seen
}

fn read_by_all(server: &Running) -> BTreeSet<(usize, String)> {
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(|| read(server.connect()))).collect();
        readers.into_iter().flat_map(|reader| reader.join().expect("a reader sees no fault")).collect()
    })
}

#[test]
fn every_answer_is_one_whole_version_while_a_post_is_written_and_read() {
    let files = Files::of(&[(PATH, &version(0))]);
    let server = files.serve(&[]);
    let stop = AtomicBool::new(false);
    let (seen, last) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&files, &stop));
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_by_all(&server)));
        stop.store(true, Ordering::Relaxed);
        (seen, writer.join().expect("a writer"))
    });
    let seen = seen.expect("readers see no fault");
    let (mut tags, mut versions) = (BTreeMap::new(), BTreeMap::new());
    for (version, tag) in &seen {
        assert_eq!(tags.insert(version, tag), None, "two tags of version {version}");
        assert_eq!(versions.insert(tag, version), None, "two versions under {tag}");
    }
    assert!(seen.len() > 5, "only {} of {last} versions were seen", seen.len());
    server.wait(SOON, "at the last version", |server| server.shows(URL, &format!("Ends {last}.")));
}
