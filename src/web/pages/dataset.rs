//! `/archive/`: the whole archive as files for programs, with a checksum for each.

use std::sync::Arc;

use askama::Template;
use chrono::Datelike;
use serde_json::json;

use crate::archive::snapshot::Period;
use crate::web::documents::dataset::Checksum;
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::dataset::DatasetFile;
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::site::Site;

#[derive(Template)]
#[template(path = "pages/dataset.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    summary: String,
    json: String,
    months: Vec<DatasetRow<'a>>,
}

struct DatasetRow<'a> {
    file: Link,
    posts: usize,
    sum: Option<&'a Checksum>,
    size: String,
}

/// A month of the archive, with the checksum of its file if it is computed.
type MonthFile = (Period, Option<Arc<Checksum>>);

/// Serves the index, as a page or as JSON.
pub(crate) fn get(request: &PageRequest<'_>, file: DatasetFile, months: &[MonthFile]) -> Option<Reply> {
    if months.is_empty() {
        return None;
    }
    let mut fingerprint = request.fingerprint("dataset").with(file);
    for (month, sum) in months {
        fingerprint.add((&month.day, posts(month, sum.as_deref()), sum.as_ref().map(|sum| &sum.sha256)));
    }
    let fingerprint = fingerprint.finish();
    Some(match file {
        DatasetFile::Json => {
            request.conditional(ContentType::JSON, CachePolicy::Revalidate, fingerprint, || {
                Ok(index(request, months).to_string().into_bytes())
            })
        }
        _ => request.page(CachePolicy::Revalidate, fingerprint, || Ok(page(request, months))),
    })
}

/// The number of posts in a month's file: the posts that the checksum covers, if there is one.
fn posts(month: &Period, sum: Option<&Checksum>) -> usize {
    sum.map_or(month.posts(), |sum| sum.posts)
}

fn page<'a>(request: &PageRequest<'a>, months: &'a [MonthFile]) -> Page<'a> {
    let (site, texts) = (request.site, request.site.texts);
    let total = months.iter().map(|(month, sum)| posts(month, sum.as_deref())).sum();
    let row = |(month, sum): &'a MonthFile| DatasetRow {
        file: site.link(
            texts.month(month.day.year(), month.day.month()),
            Route::Dataset(DatasetFile::Month(month.day)),
        ),
        posts: posts(month, sum.as_deref()),
        size: sum.as_ref().map_or(String::new(), |sum| size(sum.bytes)),
        sum: sum.as_deref(),
    };
    Page {
        site,
        head: Head::new(request, texts.dataset, texts.dataset_text, Route::Dataset(DatasetFile::Index))
            .with_page_metadata(site),
        summary: texts.posts(total),
        json: site.href(Route::Dataset(DatasetFile::Json)),
        months: months.iter().map(row).collect(),
    }
}

fn index(request: &PageRequest<'_>, months: &[MonthFile]) -> serde_json::Value {
    let month = |(month, sum): &MonthFile| {
        json!({
            "month": month.day.format("%Y-%m").to_string(),
            "url": request.site.absolute(Route::Dataset(DatasetFile::Month(month.day))),
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
    use crate::web::pages::dataset::size;

    #[test]
    fn sizes_are_formatted_with_units() {
        for (bytes, text) in
            [(0, "0.0 KB"), (999_949, "999.9 KB"), (1_500_000, "1.5 MB"), (u64::MAX, "18446744.1 TB")]
        {
            assert_eq!(size(bytes), text);
        }
    }
}
