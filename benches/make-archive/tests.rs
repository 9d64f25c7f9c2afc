//! The generator is deterministic, and its archive has every shape and defect.

use std::collections::BTreeMap;
use std::fs;

use chrono::NaiveDate;

use crate::generate::{Options, write};

fn archive(seed: u64) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let start = NaiveDate::from_ymd_opt(2021, 12, 8).expect("a day");
    let options = Options { posts: 600, bad: 0.2, seed, sources: 50, per_day: 200, start };
    write(folder.path(), &options).expect("an archive");
    fs::read_dir(folder.path().join("posts"))
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("a file");
            let name = entry.file_name().into_string().expect("UTF-8");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

#[test]
fn same_seed_yields_the_same_bytes() {
    let first = archive(7);
    assert_eq!(first.len(), 600);
    assert!(first == archive(7));
    assert!(first != archive(8));
}

#[test]
fn archive_contains_every_shape_and_defect() {
    let files = archive(7);
    let texts: Vec<_> = files.values().map(|bytes| String::from_utf8_lossy(bytes)).collect();
    let holding = |part: &str| texts.iter().filter(|text| text.contains(part)).count();
    for part in [
        "\n> ",
        "](../",
        "<img ",
        "keytip",
        "date:  +0800",
        "Career In",
        "\r\n",
        "\u{feff}",
        "\n<>\n",
        "[快讯]",
    ] {
        assert!(holding(part) > 0, "{part:?}");
    }
    assert!(files.keys().any(|name| name.starts_with('-')));
    assert!(holding("\ntags: ") < 600);
    assert!(holding("---\nlayout") == 600 - holding("---\r\nlayout"));
}
