//! In-memory cost of one new post: the time to build the next snapshot, and the bytes allocated for it.

use std::fs;
use std::sync::Arc;

use finews::archive::Progress;
use finews::archive::snapshot::GroupKind;
use finews::archive::updater::Updater;
use finews::config::{Config, Overrides};
use finews::web::paths;

use crate::report::{Report, Section};
use crate::site::{self, Sites};
use crate::stats::{grouped, number, quantile};
use crate::{Cli, Result, progress};

/// Adds posts to the largest source of each archive, one at a time.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let mut section = Section::new(
        "A snapshot",
        "One new post in the largest source, within this process: milliseconds from what is known of the post to the next \
         snapshot, and bytes allocated by the thread that makes it, the look at the file included.",
        &["posts", "in its source", "p50 ms", "p99 ms", "greatest ms", "p99 KB allocated", "new posts"],
    );
    for posts in &cli.posts {
        let site = sites.of(*posts)?;
        let category = site::addresses(&site)?.largest.0;
        progress(&format!("{posts} posts: adding {} one at a time", cli.snapshots()));
        let config = Config::read(&site, &Overrides::default(), &|_| None)?;
        let mut updater = Updater::open(Arc::new(config), paths::RESERVED_PATHS, &Progress::default())?;
        let source = updater.archive().group(GroupKind::Source, &category).map(|group| group.posts().len());
        let in_source = source.unwrap_or(0);
        let (mut seconds, mut kilobytes) = (Vec::new(), Vec::new());
        for number in 0..cli.snapshots() {
            // Give every tenth post an old date, so that it is inserted before existing posts.
            let day = if number % 10 == 0 { "2021-12-09" } else { "2031-01-01" };
            let file = site.join("posts").join(format!("{day}-snapshot-{number}.md"));
            let text = format!(
                "---\ntitle: 第{number}篇\ndate: {day} 08:00:00 +0800\ncategories: {category}\n---\n<p>正文</p>\n"
            );
            fs::write(&file, text)?;
            let mut update = None;
            let events = std::slice::from_ref(&file);
            let allocated = allocation_counter::measure(|| update = updater.apply_events(events, &[]).0);
            fs::remove_file(&file)?;
            let update = update.ok_or("a new post made no snapshot")?;
            seconds.push(update.took.as_secs_f64());
            kilobytes.push(allocated.bytes_total as f64 / 1e3);
        }
        report.figure(&format!("snapshot ms {posts}"), quantile(&seconds, 0.99) * 1e3);
        report.figure(&format!("snapshot kb {posts}"), quantile(&kilobytes, 0.99));
        section.row([
            grouped(*posts as u64),
            grouped(in_source as u64),
            number(quantile(&seconds, 0.5) * 1e3),
            number(quantile(&seconds, 0.99) * 1e3),
            number(quantile(&seconds, 1.0) * 1e3),
            number(quantile(&kilobytes, 0.99)),
            seconds.len().to_string(),
        ]);
    }
    report.add(section);
    Ok(())
}
