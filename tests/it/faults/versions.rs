//! Readers receive complete versions of a post, each with its own ETag, however the file is written.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;

use super::{Files, TIMEOUT};
use crate::support::{Connection, Server};

const PATH: &str = "_posts/2024-01-01-a.md";
const URL: &str = "/x/2024/01/01/a.html";
const READS_EACH: usize = 25_000;

/// A version of a post, with its number at both ends of a body of more than 16 KiB.
fn version(number: usize) -> String {
    let filling = "These words stand between the one end and the other.\n".repeat(400);
    format!(
        "---\ntitle: Version {number}.\ndate: 2024-01-01 08:00\ncategories: x\n---\n\
         Begins {number}.\n\n{filling}\nEnds {number}.\n"
    )
}

/// Parses the number between a word and the next full stop.
fn number(text: &str, word: &str) -> Option<usize> {
    let (_, rest) = text.split_once(word)?;
    rest.split_once('.')?.0.parse().ok()
}

/// Writes version after version until `stop` is set, in turns in place and by a rename; returns the last.
fn write(files: &Files, stop: &AtomicBool) -> usize {
    for round in 1.. {
        let text = version(round);
        if round % 2 == 0 {
            files.write_by_rename(PATH, &text);
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

/// The responses to one reader: the version and the bytes of each ETag.
type Seen = HashMap<String, (usize, Vec<u8>)>;

/// Reads a post many times in one content coding; with `revisits`, each request sends the last ETag.
fn read(mut reader: Connection, coding: &str, revisits: bool) -> Seen {
    let mut seen = Seen::new();
    let mut last = String::new();
    for _ in 0..READS_EACH {
        let headers = [("accept-encoding", coding), ("if-none-match", &*last)];
        let response =
            reader.get_with(URL, if revisits && !last.is_empty() { &headers } else { &headers[..1] });
        let tag = response.header("etag").to_owned();
        assert!(tag.starts_with('"'), "a weak tag: {tag}");
        if response.status == StatusCode::NOT_MODIFIED {
            assert_eq!(tag, last);
            continue;
        }
        assert_eq!(response.status, StatusCode::OK);
        match seen.get(&tag) {
            Some((version, bytes)) => assert!(*bytes == response.bytes, "version {version} has two bodies"),
            None => {
                let version = whole_version(&response.text());
                seen.insert(tag.clone(), (version, response.bytes));
            }
        }
        last = tag;
    }
    seen
}

/// Returns the version that a page shows, and asserts that it is the same from the title to the end.
fn whole_version(text: &str) -> usize {
    let version = number(text, "Version ").expect("a title");
    assert_eq!(number(text, "Begins "), Some(version));
    assert_eq!(number(text, "Ends "), Some(version));
    assert!(text.len() > 16 << 10);
    assert!(text.trim_end().ends_with("</html>"));
    version
}

/// Runs four readers in parallel, independent of each other.
fn read_in_parallel(server: &Server) -> Vec<(&'static str, Seen)> {
    let readers = [("identity", false), ("br", false), ("gzip", false), ("identity", true)];
    std::thread::scope(|scope| {
        let readers = readers.map(|(coding, revisits)| {
            (coding, scope.spawn(move || read(server.connect(), coding, revisits)))
        });
        readers.map(|(coding, reader)| (coding, reader.join().expect("a reader sees no fault"))).into()
    })
}

#[test]
fn responses_are_whole_versions_during_writes() {
    let files = Files::from_files(&[(PATH, &version(0))]);
    let server = files.serve(&[]);
    let stop = AtomicBool::new(false);
    let (seen, last) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write(&files, &stop));
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_in_parallel(&server)));
        stop.store(true, Ordering::Relaxed);
        (seen, writer.join().expect("a writer"))
    });
    let seen = seen.expect("readers see no fault");
    let (mut tags, mut versions) = (BTreeMap::new(), BTreeMap::new());
    for (coding, seen) in &seen {
        for (tag, (version, bytes)) in seen {
            let known = *tags.entry((coding, version)).or_insert(tag);
            assert_eq!(known, tag, "two tags of version {version} in {coding}");
            let known = *versions.entry(tag).or_insert((version, bytes));
            assert!(known == (version, bytes), "two bodies under {tag}");
        }
    }
    assert!(tags.len() > 15, "only {} bodies of {last} versions were seen", tags.len());
    server.wait(TIMEOUT, "at the last version", |server| server.shows(URL, &format!("Ends {last}.")));
    assert_eq!(server.problems(), []);
}
