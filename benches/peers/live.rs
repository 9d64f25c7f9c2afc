//! Memory cost of readers that listen for new posts.

use std::io::BufReader;
use std::time::Duration;

use crate::finews::Finews;
use crate::http::{self, Client};
use crate::process;
use crate::report::{Report, Section};
use crate::site::Sites;
use crate::stats::{grouped, number};
use crate::{Cli, Result, progress};

/// Files that this program and finews need besides the connections.
const OTHER_FILES: usize = 100;

/// Opens many connections to `/live` and measures the memory that each needs.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let posts = cli.posts.first().ok_or("no archive")?;
    let finews = Finews::serve(&sites.of(*posts)?, &sites.scratch("scratch")?, None)?;
    // An event stream does not end, so only the head of the response is read.
    let mut first = http::connect(finews.port)?;
    http::send(&mut first, "/live", &[("Accept", "text/event-stream")])?;
    let (status, _) = http::head(&mut BufReader::new(&first))?;
    if status != 200 {
        report.absent("readers who listen at /live", "not built in");
        return Ok(());
    }
    let count = cli.listeners.min(process::file_limit().saturating_sub(OTHER_FILES));
    let memory = || finews.process.memory("RssAnon").ok_or("no memory in /proc");
    let before = memory()?;
    let mut listeners = vec![first];
    while listeners.len() < count {
        let mut stream = http::connect(finews.port)?;
        http::send(&mut stream, "/live", &[("Accept", "text/event-stream")])?;
        let (status, _) = http::head(&mut BufReader::new(&stream))?;
        if status != 200 {
            progress(&format!("the {}th listener is turned away with {status}", listeners.len() + 1));
            break;
        }
        listeners.push(stream);
    }
    std::thread::sleep(Duration::from_secs(2));
    let each = memory()?.saturating_sub(before) as f64 / listeners.len() as f64;
    let answers = Client::new(finews.port).get("/", &[])?.status == 200;
    let mut section = Section::new(
        "Readers who listen",
        "Connections to `/live` that wait for news: anonymous memory of finews for each.",
        &["listeners", "KiB each", "the home page is still answered", "runs"],
    );
    let home = if answers { "yes" } else { "no" };
    section.row([grouped(listeners.len() as u64), number(each / 1024.0), home.into(), "1".into()]);
    report.add(section);
    Ok(())
}
