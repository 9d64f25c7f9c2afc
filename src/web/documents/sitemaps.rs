//! Sitemaps (<https://www.sitemaps.org/protocol.html>): an index, at least one file per month, one for the
//! lists, and the news of the last two days.

use std::collections::HashSet;
use std::time::Duration;

use askama::Template;
use chrono::Datelike;

use crate::archive::page::OwnPage;
use crate::archive::snapshot::{Group, GroupKind, Period};
use crate::archive::{PostId, Snapshot, Timestamp};
use crate::web::http::cache::{CachePolicy, ContentType, Fingerprinter};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::sitemap::SitemapFile;
use crate::web::view::timeline;

/// URLs per file. The protocol allows 50,000; smaller files are faster to make.
const MOST_URLS: usize = 10_000;
/// News per file, the limit of
/// <https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap>.
const MOST_NEWS: usize = 1000;
/// Maximum age of a post in the news sitemap.
const NEWS: Duration = Duration::from_secs(2 * 24 * 60 * 60);

impl SitemapFile {
    /// Returns whether the archive has posts for the file. The first part of the lists always counts; only
    /// the largest archives have more.
    pub(crate) fn exists_in(self, archive: &Snapshot) -> bool {
        match self {
            Self::Lists(part) => part == 1,
            Self::Month(first, part) => archive
                .month_of(archive.listed(), first)
                .is_some_and(|month| part > 0 && has_any(archive, places(&month, part))),
        }
    }
}

#[derive(Template)]
#[template(path = "sitemaps/index.xml")]
struct SitemapIndex {
    files: Vec<SitemapUrl>,
}

#[derive(Template)]
#[template(path = "sitemaps/urls.xml")]
struct UrlSet {
    urls: Vec<SitemapUrl>,
}

/// The entry of a page or of a sitemap file.
struct SitemapUrl {
    address: String,
    /// When it last changed; `None` if unknown.
    modified: Option<String>,
}

#[derive(Template)]
#[template(path = "sitemaps/news.xml")]
struct NewsFile<'a> {
    name: &'a str,
    language: String,
    news: Vec<NewsItem>,
}

struct NewsItem {
    address: String,
    published: String,
    title: String,
}

/// Serves `/sitemap.xml`.
pub fn index(request: &PageRequest<'_>) -> Option<Reply> {
    let archive = request.archive;
    let months = archive.months_of(archive.listed());
    let mut files: Vec<(SitemapFile, Option<Timestamp>)> = Vec::new();
    let newest = archive.listed().last().map(|id| archive.post(id).date);
    for part in 1..=lists(request).len().div_ceil(MOST_URLS) {
        files.push((SitemapFile::Lists(part), newest));
    }
    for month in &months {
        for part in 1..=month.posts().div_ceil(MOST_URLS) {
            let places = places(month, part);
            // The protocol's schema does not allow a file without URLs.
            if !has_any(archive, places.clone()) {
                continue;
            }
            files
                .push((SitemapFile::Month(month.day, part), archive.last_modified(archive.listed(), places)));
        }
    }
    // The news sitemap is listed only if it has URLs.
    let news = news_of(request).len().div_ceil(MOST_NEWS);
    let fingerprint = request.fingerprint("sitemap index").with((&files, news));
    Some(sitemap(request, fingerprint, || {
        let site = request.site;
        let news = (1..=news).map(|n| {
            let address = site.absolute(Route::NewsSitemap);
            SitemapUrl {
                address: if n > 1 { format!("{address}?page={n}") } else { address },
                modified: None,
            }
        });
        let files = files.iter().map(|(file, modified)| SitemapUrl {
            address: site.absolute(Route::Sitemap(*file)),
            modified: modified.map(|moment| at(request, moment)),
        });
        SitemapIndex { files: files.chain(news).collect() }
    }))
}

/// Serves `/sitemap/<file>.xml`.
pub fn file(request: &PageRequest<'_>, file: SitemapFile) -> Option<Reply> {
    match file {
        SitemapFile::Lists(part) => {
            let all = lists(request);
            let urls = all.chunks(MOST_URLS).nth(part.checked_sub(1)?)?;
            let fingerprint = request.fingerprint("sitemap of lists").with(urls);
            Some(sitemap(request, fingerprint, || {
                let urls = urls.iter().map(|(path, moment)| SitemapUrl {
                    address: request.site.absolute(path),
                    modified: moment.map(|moment| at(request, moment)),
                });
                UrlSet { urls: urls.collect() }
            }))
        }
        SitemapFile::Month(first, part) => {
            let archive = request.archive;
            let month = archive.month_of(archive.listed(), first)?;
            let places = places(&month, part);
            if part == 0 || !has_any(archive, places.clone()) {
                return None;
            }
            let posts: Vec<PostId> = archive.listed().range(places).collect();
            let mut fingerprint = request.fingerprint("sitemap of a month");
            for id in &posts {
                fingerprint.add(archive.post(*id).hash);
            }
            Some(sitemap(request, fingerprint, || {
                let posts = posts.iter().map(|id| archive.post(*id));
                let urls = posts.filter(|post| post.is_to_be_found()).map(|post| SitemapUrl {
                    address: request.site.absolute(post.url()),
                    modified: Some(at(request, post.updated())),
                });
                UrlSet { urls: urls.collect() }
            }))
        }
    }
}

/// Serves `/news-sitemap.xml`, with `?page=` for further parts.
pub fn news(request: &PageRequest<'_>) -> Option<Reply> {
    let page: usize = match request.field("page") {
        Some(page) => page.parse().ok().filter(|page| *page > 1)?,
        None => 1,
    };
    let all = news_of(request);
    let posts = match all.chunks(MOST_NEWS).nth(page - 1) {
        Some(posts) => posts,
        None if page == 1 => &[],
        None => return None,
    };
    let mut fingerprint = request.fingerprint("news sitemap");
    for id in posts {
        fingerprint.add(timeline::version(request, *id));
    }
    Some(sitemap(request, fingerprint, || {
        let news = posts.iter().map(|id| {
            let post = request.archive.post(*id);
            NewsItem {
                address: request.site.absolute(post.url()),
                published: at(request, post.date),
                title: timeline::headline(request, post).into_owned(),
            }
        });
        NewsFile { name: &request.site.title, language: language(&request.site.lang), news: news.collect() }
    }))
}

/// Responds with a file of the sitemap.
fn sitemap<T: Template>(
    request: &PageRequest<'_>,
    fingerprint: Fingerprinter,
    file: impl FnOnce() -> T,
) -> Reply {
    let fingerprint = fingerprint.finish();
    request.document(ContentType::SITEMAP, CachePolicy::Revalidate, fingerprint, || Ok(file()))
}

/// The posts of the last two days, newest first. A site may show posts with a future date; they are not news.
fn news_of(request: &PageRequest<'_>) -> Vec<PostId> {
    let archive = request.archive;
    let newest = archive.listed().iter().rev().skip_while(|id| archive.post(*id).date > archive.moment());
    let is_new = |id: &PostId| archive.moment().since(archive.post(*id).date) <= NEWS;
    newest.take_while(is_new).filter(|id| archive.post(*id).is_to_be_found()).collect()
}

/// Returns whether search engines may list any of the posts at these positions.
fn has_any(archive: &Snapshot, places: std::ops::Range<usize>) -> bool {
    archive.listed().range(places).any(|id| archive.post(id).is_to_be_found())
}

/// The positions of the posts in a part of a month; parts count from 1.
fn places(month: &Period, part: usize) -> std::ops::Range<usize> {
    let start = month.places.start + part.saturating_sub(1) * MOST_URLS;
    start.min(month.places.end)..(start + MOST_URLS).min(month.places.end)
}

/// The pages that are not posts, with the time of their last change.
fn lists(request: &PageRequest<'_>) -> Vec<(String, Option<Timestamp>)> {
    let archive = request.archive;
    let newest = archive.listed().last().map(|id| archive.post(id).date);
    let mut lists = vec![(Route::Home.to_string(), newest)];
    let hidden = request.hidden_lists();
    for kind in GroupKind::ALL {
        let groups = archive.groups(kind);
        if groups.is_empty() {
            continue;
        }
        if !hidden[kind] {
            lists.push((Route::Groups(kind).to_string(), newest));
        }
        // The pages of these tags repeat the pages of sources.
        let repeated = if hidden[kind] { archive.repeated_tags() } else { HashSet::new() };
        let path = |group: &Group| Route::group(kind, archive.name(group.name())).to_string();
        let shown = groups.iter().filter(|group| !repeated.contains(&group.name()));
        let mut of_kind: Vec<_> = shown.map(|group| (path(group), Some(group.last()))).collect();
        of_kind.sort_unstable();
        lists.extend(of_kind);
    }
    for month in archive.months_of(archive.listed()) {
        let last = archive.listed().get(month.places.end - 1).map(|id| archive.post(id).date);
        let year = Route::Year(month.day.year()).to_string();
        if lists.last().is_none_or(|(path, _)| !path.starts_with(&year)) {
            lists.push((year, None));
        }
        lists.push((Route::Month(month.day.year(), month.day.month()).to_string(), last));
    }
    lists.extend(own_pages(request).map(|page| (page.url.to_string(), None)));
    lists
}

/// The site's own pages for search engines. Skips the 404 page, as jekyll-sitemap does.
fn own_pages<'a>(request: &'a PageRequest<'_>) -> impl Iterator<Item = &'a OwnPage> {
    let not_found = request.archive.not_found_page().map_or("/404.html", |page| &*page.url);
    request.archive.served_pages().filter(move |page| page.in_sitemap && *page.url != *not_found)
}

/// A time in the format of the protocol.
fn at(request: &PageRequest<'_>, moment: Timestamp) -> String {
    moment.to_rfc3339(request.archive.zone())
}

/// A language code for news sitemaps: two letters, except for Chinese, where the script matters.
fn language(tag: &str) -> String {
    let tag = tag.to_ascii_lowercase();
    let mut parts = tag.split(['-', '_']);
    match parts.next() {
        Some("zh") if parts.any(|part| matches!(part, "hant" | "tw" | "hk" | "mo")) => "zh-tw".into(),
        Some("zh") => "zh-cn".into(),
        Some(language) => language.into(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_map_to_news_sitemap_codes() {
        for (tag, expected) in [("zh-CN", "zh-cn"), ("zh", "zh-cn"), ("zh-Hant-HK", "zh-tw"), ("en-GB", "en")]
        {
            assert_eq!(language(tag), expected);
        }
    }
}
