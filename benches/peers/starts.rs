//! Start time of finews, and its memory after the start.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::finews::Finews;
use crate::report::{Report, Section};
use crate::site::{self, Sites};
use crate::stats::{grouped, median, mib, number, spread};
use crate::{Cli, Result, process, progress};

/// Pause after a start before memory is read: finews first checks all files once more, and the system
/// reclaims freed memory with a delay.
const REST: Duration = Duration::from_secs(5);

/// Starts finews on every archive.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let mut starts = Section::new(
        "Start",
        "From the start of the process until `/readyz` says so: median, least and greatest.",
        &["posts", "start", "median", "least", "greatest", "runs"],
    );
    let mut memory = Section::new(
        "Memory",
        "After the start without a cache, before any traffic: anonymous memory (RssAnon) and the greatest seen until \
         then (VmHWM, which counts pages of files too).",
        &["posts", "RssAnon MiB", "VmHWM MiB", "runs"],
    );
    for posts in &cli.posts {
        let site = sites.of(*posts)?;
        let scratch = sites.scratch("scratch")?;
        let bytes = site::read_all(&site)?;
        let posts_cell = format!("{} ({} MB)", grouped(*posts as u64), bytes / 1_000_000);
        let mut row = |kind: &str, runs: &Runs| {
            progress(&format!("{posts} posts, {kind}: {:.2} s", median(&runs.seconds)));
            let [median, least, greatest, count] = spread(&runs.seconds, "s");
            starts.row([posts_cell.clone(), kind.to_owned(), median, least, greatest, count]);
        };

        let warm_files = runs(cli, &site, &scratch, None, false)?;
        row("without a cache, files in the page cache", &warm_files);
        report.figure(&format!("start {posts}"), median(&warm_files.seconds));
        report.figure(&format!("memory {posts}"), median(&warm_files.anonymous));
        memory.row([
            posts_cell.clone(),
            number(median(&warm_files.anonymous)),
            number(median(&warm_files.peak)),
            warm_files.peak.len().to_string(),
        ]);

        if may_drop_caches() {
            let cold = runs(cli, &site, &scratch, None, true)?;
            row("without a cache, from a cold disk", &cold);
            report.figure(&format!("cold disk {posts}"), median(&cold.seconds));
        }
        if Finews::has("--cache-dir") {
            let cache = sites.scratch(&format!("cache-{posts}"))?;
            let first = Finews::serve(&site, &scratch, Some(&cache))?;
            // finews may write the cache after the start; the file is complete after a clean exit.
            std::thread::sleep(REST);
            row(
                "the first with a cache",
                &Runs { seconds: vec![first.took.as_secs_f64()], ..Runs::default() },
            );
            drop(first);
            let again = runs(cli, &site, &scratch, Some(&cache), false)?;
            row("again, with the cache", &again);
            report.figure(&format!("restart {posts}"), median(&again.seconds));
            fs::remove_dir_all(cache)?;
        }
    }
    if !may_drop_caches() {
        report.absent("starts from a cold disk", "only root may drop the page cache");
    }
    if !Finews::has("--cache-dir") {
        report.absent("starts with a cache", "not built in");
    }
    report.add(starts);
    report.add(memory);
    Ok(())
}

/// Results of several starts of one kind: seconds, and MiB after the start.
#[derive(Debug, Default)]
struct Runs {
    seconds: Vec<f64>,
    anonymous: Vec<f64>,
    peak: Vec<f64>,
}

fn runs(cli: &Cli, site: &Path, scratch: &Path, cache: Option<&Path>, is_cold: bool) -> Result<Runs> {
    let mut runs = Runs::default();
    for _ in 0..cli.runs.max(1) {
        if is_cold {
            drop_caches()?;
        }
        let finews = Finews::serve(site, scratch, cache)?;
        runs.seconds.push(finews.took.as_secs_f64());
        std::thread::sleep(REST);
        let memory = |line| finews.process.memory(line).map(mib).ok_or("no memory in /proc");
        runs.anonymous.push(memory("RssAnon")?);
        runs.peak.push(memory("VmHWM")?);
    }
    Ok(runs)
}

const DROP_CACHES: &str = "/proc/sys/vm/drop_caches";

fn may_drop_caches() -> bool {
    process::is_root() && fs::File::options().write(true).open(DROP_CACHES).is_ok()
}

fn drop_caches() -> Result<()> {
    process::output(&mut std::process::Command::new("sync"));
    Ok(fs::write(DROP_CACHES, "3")?)
}
