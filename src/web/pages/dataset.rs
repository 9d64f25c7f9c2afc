//! `/archive/`: the whole archive as files for programs, with a checksum for each.

use std::sync::Arc;

use askama::Template;
use chrono::Datelike;
use serde_json::json;

use super::Head;
use crate::archive::snapshot::Period;
use crate::web::cache::{CachePolicy, ContentType};
use crate::web::dataset::{File, Sum};
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::Link;

#[derive(Template)]
#[template(path = "pages/dataset.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    summary: String,
    json: String,
    months: Vec<Row<'a>>,
}

struct Row<'a> {
    file: Link,
    posts: usize,
    sum: Option<&'a Sum>,
    size: String,
}

/// A month of the archive, with the checksum of its file if it is computed.
type Month = (Period, Option<Arc<Sum>>);

/// Serves the index, as a page or as JSON.
pub fn get(visit: &Visit<'_>, file: File, months: &[Month]) -> Option<Reply> {
    if months.is_empty() {
        return None;
    }
    let mut fingerprint = visit.fingerprint("dataset").with(file);
    for (month, sum) in months {
        fingerprint.add((&month.day, posts(month, sum.as_deref()), sum.as_ref().map(|sum| &sum.sha256)));
    }
    let fingerprint = fingerprint.finish();
    Some(match file {
        File::Json => visit.conditional(ContentType::JSON, CachePolicy::Revalidate, fingerprint, || {
            Ok(index(visit, months).to_string().into_bytes())
        }),
        _ => visit.page(CachePolicy::Revalidate, fingerprint, || Ok(page(visit, months))),
    })
}

/// The number of posts in a month's file: the posts that the checksum covers, if there is one.
fn posts(month: &Period, sum: Option<&Sum>) -> usize {
    sum.map_or(month.posts(), |sum| sum.posts)
}

fn page<'a>(visit: &Visit<'a>, months: &'a [Month]) -> Page<'a> {
    let (site, words) = (visit.site, visit.site.words);
    let total = months.iter().map(|(month, sum)| posts(month, sum.as_deref())).sum();
    let row = |(month, sum): &'a Month| Row {
        file: Link {
            label: words.month(month.day.year(), month.day.month()),
            href: site.href(Route::Dataset(File::Month(month.day))),
        },
        posts: posts(month, sum.as_deref()),
        size: sum.as_ref().map_or(String::new(), |sum| size(sum.bytes)),
        sum: sum.as_deref(),
    };
    Page {
        site,
        head: Head::new(visit, words.dataset, words.dataset_text, Route::Dataset(File::Index)).of_page(site),
        summary: words.posts(total),
        json: site.href(Route::Dataset(File::Json)),
        months: months.iter().map(row).collect(),
    }
}

fn index(visit: &Visit<'_>, months: &[Month]) -> serde_json::Value {
    let month = |(month, sum): &Month| {
        json!({
            "month": month.day.format("%Y-%m").to_string(),
            "url": visit.site.absolute(Route::Dataset(File::Month(month.day))),
            "posts": posts(month, sum.as_deref()),
            "bytes": sum.as_ref().map(|sum| sum.bytes),
            "sha256": sum.as_ref().map(|sum| &sum.sha256),
        })
    };
    json!({ "months": months.iter().map(month).collect::<Vec<_>>() })
}

/// A file size in decimal units.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    let (mut amount, mut unit) = (bytes as f64 / 1e3, UNITS[0]);
    for larger in &UNITS[1..] {
        if amount < 1e3 {
            break;
        }
        (amount, unit) = (amount / 1e3, larger);
    }
    format!("{amount:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_formatted_with_units() {
        for (bytes, text) in
            [(0, "0.0 KB"), (999_949, "999.9 KB"), (1_500_000, "1.5 MB"), (u64::MAX, "18446744.1 TB")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}
