//! A made-up news archive of any size, the same for the same options: three shapes of posts, a few
//! thousand sources of very different weight, stock links, pictures, and a share of broken files.

mod defect;
mod post;
mod random;
mod sentences;
mod sources;

use std::fs;
use std::io;
use std::path::Path;

use chrono::NaiveDate;
use rayon::prelude::*;
use sentences::Texts;
use sources::Sources;

const CONFIG: &str = "\
title: 样例财讯
url: https://news.example.com
lang: zh-CN
timezone: Asia/Shanghai
future: true
finews:
  posts: [posts]
  legacy_hosts: [old.example.com]
";

/// What the archive is like.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) posts: usize,
    /// The share of broken files, 0 to 1.
    pub(crate) bad: f64,
    pub(crate) seed: u64,
    pub(crate) sources: usize,
    /// How many posts a day has; at least 1.
    pub(crate) per_day: usize,
    pub(crate) start: NaiveDate,
}

/// Writes the archive: `_config.yml`, and the files in `posts`.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(folder: &Path, options: &Options) -> io::Result<()> {
    let posts = folder.join("posts");
    fs::create_dir_all(&posts)?;
    fs::write(folder.join("_config.yml"), CONFIG)?;
    let texts = Texts::new(options.seed);
    let sources = Sources::new(options.seed, options.sources);
    (0..options.posts).into_par_iter().try_for_each(|index| {
        let (name, text) = post::make(index, options, &texts, &sources);
        fs::write(posts.join(name), text)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

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
    fn a_seed_makes_the_same_bytes_each_time() {
        let first = archive(7);
        assert_eq!(first.len(), 600);
        assert!(first == archive(7));
        assert!(first != archive(8));
    }

    #[test]
    fn every_shape_and_defect_is_there() {
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
}
