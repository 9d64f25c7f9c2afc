//! Size of article responses, compared with `gzip -6`.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::Result;
use crate::finews::Finews;
use crate::http::Client;
use crate::report::{Report, Section};
use crate::site::Addresses;
use crate::stats::{median, number};

/// Number of articles to compare.
const SAMPLE: usize = 200;

pub(crate) fn measure(finews: &Finews, addresses: &Addresses, report: &mut Report) -> Result<()> {
    let mut client = Client::new(finews.port);
    let step = (addresses.articles.len() / SAMPLE).max(1);
    let (mut ours, mut theirs, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for path in addresses.articles.iter().step_by(step) {
        let page = client.get(path, &[("Accept-Encoding", "identity")])?.body;
        ours.push(client.get(path, &[("Accept-Encoding", "gzip")])?.body.len() as f64);
        theirs.push(gzip(&page)?.len() as f64);
        plain.push(page.len() as f64);
    }
    let ratio = ours.iter().sum::<f64>() / theirs.iter().sum::<f64>();
    report.figure("bytes to gzip", ratio);
    report.figure("article bytes", median(&ours) / 1000.0);
    let mut section = Section::new(
        "Bytes of an article",
        "Medians; the ratio is that of the sums.",
        &["articles", "plain", "gzip of finews", "gzip -6", "finews to gzip -6"],
    );
    let count = ours.len().to_string();
    section.row([
        count,
        number(median(&plain)),
        number(median(&ours)),
        number(median(&theirs)),
        format!("{ratio:.3} ×"),
    ]);
    report.add(section);
    Ok(())
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut child =
        Command::new("gzip").args(["-6", "-n", "-c"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // Write the page from a separate thread: gzip writes output before it has read all input.
    let mut input = child.stdin.take().ok_or("no input")?;
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(bytes));
        Ok(child.wait_with_output()?.stdout)
    })
}
