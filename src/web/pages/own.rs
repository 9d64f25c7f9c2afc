//! The pages that the operator writes, such as `about.md`.

use askama::Template;

use super::Head;
use crate::web::cache::CachePolicy;
use crate::web::html::Html;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;

#[derive(Template)]
#[template(path = "pages/own.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    title: &'a str,
    body: Html<'a>,
}

/// Serves an operator's page, by its index in the archive.
pub fn get(visit: &Visit<'_>, index: usize) -> Option<Reply> {
    let page = visit.archive.pages().get(index)?;
    let fingerprint = visit.fingerprint("own").with((page.hash, &page.url)).finish();
    Some(visit.page(CachePolicy::Article, fingerprint, || {
        Ok(Page {
            site: visit.site,
            head: Head::new(visit, &*page.title, &*page.excerpt, &page.url).of_page(visit.site),
            title: &page.title,
            body: if page.title.is_empty() { Html::whole(&page.body) } else { Html::below_title(&page.body) }
                .with_images_of(visit.site),
        })
    }))
}
