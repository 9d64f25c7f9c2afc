//! A generated news archive of any size; the same options give the same files. It has three shapes of posts,
//! a few thousand sources of very different size, stock links, pictures, and a share of broken files.

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

/// Size and properties of the archive.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) posts: usize,
    /// Share of broken files, from 0 to 1.
    pub(crate) bad: f64,
    pub(crate) seed: u64,
    pub(crate) sources: usize,
    /// Posts per day; at least 1.
    pub(crate) per_day: usize,
    pub(crate) start: NaiveDate,
}

/// Writes the archive: `_config.yml`, and the post files in `posts`.
///
/// # Errors
/// Returns an error if a file cannot be written.
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
