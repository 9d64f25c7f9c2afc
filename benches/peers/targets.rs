//! The performance targets of finews, and the distance to each.

use std::collections::BTreeMap;

use crate::stats::number;

/// A target: an upper or a lower bound for a figure.
struct Target {
    what: &'static str,
    /// Name of the figure in the report.
    figure: &'static str,
    bound: Bound,
    unit: &'static str,
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

use Bound::{AtLeast, AtMost};

const fn target(what: &'static str, figure: &'static str, bound: Bound, unit: &'static str) -> Target {
    Target { what, figure, bound, unit }
}

const TARGETS: [Target; 29] = [
    target("start, 100,000 posts, files in the page cache", "start 100000", AtMost(4.5), "s"),
    target("start, 100,000 posts, from a cold disk", "cold disk 100000", AtMost(7.0), "s"),
    target("start, 1,000,000 posts, files in the page cache", "start 1000000", AtMost(50.0), "s"),
    target("restart with the cache, 1,000,000 posts", "restart 1000000", AtMost(3.0), "s"),
    target("anonymous memory, 100,000 posts", "memory 100000", AtMost(300.0), "MiB"),
    target("anonymous memory, 1,000,000 posts", "memory 1000000", AtMost(2560.0), "MiB"),
    target("articles at random, gzip: rate to nginx's", "rate to nginx", AtLeast(1.05), "×"),
    target("the same, as the stretch", "rate to nginx", AtLeast(1.15), "×"),
    target("the same: p99 to nginx's", "p99 to nginx", AtMost(1.0), "×"),
    target("the same: server CPU a request to nginx's", "cpu to nginx", AtMost(0.9), "×"),
    target("a page that is not cached: CPU beside HTTP", "uncached cpu", AtMost(60.0), "µs"),
    target("its bytes to those of gzip -6", "bytes to gzip", AtMost(1.05), "×"),
    target("one post into 1,000,000, the snapshot's part, p99", "snapshot ms 1000000", AtMost(1.0), "ms"),
    target("its bytes allocated, p99", "snapshot kb 1000000", AtMost(1000.0), "KB"),
    target("written → on home, 1,000,000 posts, p99", "publish home 1000000", AtMost(1.0), "s"),
    target("written → on its category, 1,000,000 posts, p99", "publish category 1000000", AtMost(1.0), "s"),
    target("written → on its tag, 1,000,000 posts, p99", "publish tag 1000000", AtMost(1.0), "s"),
    target("written → on its day, 1,000,000 posts, p99", "publish day 1000000", AtMost(1.0), "s"),
    target("written → its article, 1,000,000 posts, p99", "publish article 1000000", AtMost(1.0), "s"),
    target("the heaviest kind of page, transferred, gzip", "heaviest page", AtMost(60.0), "KB"),
    target("the slowest kind of page, not cached, gzip, p50", "slowest page", AtMost(10.0), "ms"),
    target("the sitemap index, 1,000,000 posts, p99", "sitemap index 1000000", AtMost(20.0), "ms"),
    target("a file of the sitemap, 1,000,000 posts, p99", "sitemap file 1000000", AtMost(150.0), "ms"),
    target("a month as lines, 1,000,000 posts", "month identity 1000000", AtLeast(50.0), "MB/s"),
    target("the same, gzip", "month gzip 1000000", AtLeast(50.0), "MB/s"),
    target("a search, 1,000,000 posts, p50", "search p50 1000000", AtMost(3.0), "ms"),
    target("a search, 1,000,000 posts, p99", "search p99 1000000", AtMost(20.0), "ms"),
    target("written → found, 1,000,000 posts, p99", "publish search 1000000", AtMost(1.0), "s"),
    target("an article, transferred, gzip, median", "article bytes", AtMost(30.0), "KB"),
];

/// Table rows of all targets.
pub(crate) fn rows(figures: &BTreeMap<String, f64>) -> Vec<Vec<String>> {
    let head = ["what", "target", "measured", ""].map(str::to_owned).to_vec();
    std::iter::once(head)
        .chain(TARGETS.iter().map(|target| row(target, figures.get(target.figure))))
        .collect()
}

fn row(target: &Target, measured: Option<&f64>) -> Vec<String> {
    let (sign, bound) = match target.bound {
        AtMost(bound) => ("≤", bound),
        AtLeast(bound) => ("≥", bound),
    };
    let aim = format!("{sign} {} {}", number(bound), target.unit);
    let Some(&measured) = measured else {
        return vec![target.what.into(), aim, "—".into(), "not measured".into()];
    };
    let is_met = match target.bound {
        AtMost(bound) => measured <= bound,
        AtLeast(bound) => measured >= bound,
    };
    let distance = format!("{:+.0} %", (measured / bound - 1.0) * 100.0);
    let verdict = if is_met { format!("met ({distance})") } else { format!("**not met** ({distance})") };
    vec![target.what.into(), aim, format!("{} {}", number(measured), target.unit), verdict]
}
