//! The error pages: 404, 410, 429, 500 and 503.

use askama::Template;
use axum::http::StatusCode;

use crate::archive::page::OwnPage;
use crate::archive::snapshot::{ByKind, GroupKind};
use crate::web::http::cache::ContentType;
use crate::web::http::reply::{Reply, fresh};
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::legacy::{date_in, words_of};
use crate::web::view::html::Html;
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::site::Site;

#[derive(Template)]
#[template(path = "pages/error.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    title: &'a str,
    text: &'a str,
    /// The site's own text of a 404 page, in place of `text`.
    body: Option<Html<'a>>,
    /// A day to go to, after a text that says why.
    nearest: Option<(&'a str, Link)>,
    /// The words of the path as a search query; 404 only.
    query: Option<String>,
}

impl<'a> Page<'a> {
    /// Makes the page of an error that does not depend on the archive.
    fn new(site: &'a Site, title: &'a str, text: &'a str) -> Self {
        let unknown = ByKind::from_fn(|kind| kind == GroupKind::Security);
        let head = Head::nowhere(title, unknown);
        Self { site, head, title, text, body: None, nearest: None, query: None }
    }

    /// Makes the page of a path that has no page.
    fn missing(request: &PageRequest<'a>, title: &'a str, text: &'a str) -> Self {
        let head = Head::nowhere(title, request.hidden_lists());
        Self { head, ..Self::new(request.site, title, text) }
    }
}

/// 404, with the text of the site's own `404.html` if it has one, and with links: the day with posts nearest to a
/// date in the path, else the newest day, and a search for the words of the path.
pub(crate) fn not_found(request: &PageRequest<'_>, path: &str) -> Reply {
    let texts = request.site.texts;
    let named = date_in(path).and_then(|day| request.archive.nearest_day(day));
    let newest = request.archive.newest_day().map(|day| (texts.newest_day, day));
    let day = named.map(|day| (texts.nearest_day, day)).or(newest);
    let nearest = day.map(|(why, day)| (why, request.site.link(texts.day_heading(day), Route::day(day))));
    let query = Some(words_of(path));
    let own = request.archive.not_found_page();
    let title = own.map(|page| &*page.title).filter(|title| !title.is_empty()).unwrap_or(texts.not_found);
    let body = own.and_then(OwnPage::html).filter(|html| !html.as_str().trim().is_empty());
    let body = body.map(|html| Html::new(html, request.site.images, texts.image).below_title());
    let page = Page { body, nearest, query, ..Page::missing(request, title, texts.not_found_text) };
    request.error_page(StatusCode::NOT_FOUND, &page)
}

/// 410: the operator withdrew the post.
pub fn gone(request: &PageRequest<'_>) -> Reply {
    let texts = request.site.texts;
    request.error_page(StatusCode::GONE, &Page::missing(request, texts.gone, texts.gone_text))
}

/// 500, without the reason.
pub fn failed(site: &Site) -> Reply {
    let page = Page::new(site, site.texts.failed, site.texts.failed_text);
    for_now(StatusCode::INTERNAL_SERVER_ERROR, &page)
}

/// 429 or 503: overload. The client may retry after `seconds`.
pub(crate) fn busy(site: &Site, code: StatusCode, seconds: u64) -> Reply {
    let mut reply = for_now(code, &Page::new(site, site.texts.busy, site.texts.busy_text));
    reply.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
    reply
}

/// Renders an error that may be gone on the next request, so it is not cached.
fn for_now(code: StatusCode, page: &Page<'_>) -> Reply {
    fresh(code, ContentType::HTML.name, page.render().unwrap_or_default())
}
