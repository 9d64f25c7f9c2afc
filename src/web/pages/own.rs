//! The pages that the operator writes, such as `about.md`.

use askama::Template;

use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::view::html::Html;
use crate::web::view::metadata::Head;
use crate::web::view::site::Site;

#[derive(Template)]
#[template(path = "pages/own.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    title: &'a str,
    body: Html<'a>,
}

/// Serves an operator's page, by its index in the archive.
pub fn get(request: &PageRequest<'_>, index: usize) -> Option<Reply> {
    let page = request.archive.pages().get(index)?;
    let fingerprint = request.fingerprint("own").with((page.hash, &page.url)).finish();
    Some(request.page(CachePolicy::Article, fingerprint, || {
        let body = Html::new(&page.body, request.site.images, request.site.texts.image).with_image_links();
        Ok(Page {
            site: request.site,
            head: Head::new(request, &*page.title, page.description(), &page.url)
                .with_front_matter(Some(&page.head), &page.authors)
                .with_page_metadata(request.site)
                .with_own_image(request.site, &page.head),
            title: &page.title,
            body: if page.title.is_empty() { body } else { body.below_title() },
        })
    }))
}
