//! The pages that the operator writes, such as `about.md` and `search.json`.

use askama::Template;

use crate::archive::body::BodyHtml;
use crate::archive::page::{OwnPage, PageBody};
use crate::web::http::cache::{CachePolicy, ContentType};
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
    /// The language of the page, if its front matter has one.
    lang: Option<&'a str>,
    body: Html<'a>,
}

/// Serves an operator's page, by its index in the archive. Returns `None` for a page without front matter, whose
/// response is its file.
pub fn get(request: &PageRequest<'_>, index: usize) -> Option<Reply> {
    let page = request.archive.pages().get(index)?;
    match &page.body {
        PageBody::Html(body) => Some(html_page(request, page, body)),
        PageBody::Text(text) => Some(text_document(request, page, text)),
        PageBody::File | PageBody::RedirectTo(_) | PageBody::ReplacedBy(_) => None,
    }
}

fn html_page(request: &PageRequest<'_>, page: &OwnPage, body: &BodyHtml) -> Reply {
    let fingerprint = request.fingerprint("own").with((page.hash, &page.url)).finish();
    request.page(CachePolicy::Article, fingerprint, || {
        let body = Html::new(body, request.site.images, request.site.texts.image).with_image_links();
        Ok(Page {
            site: request.site,
            head: Head::new(request, &*page.title, page.description(), &page.url)
                .with_front_matter(Some(&page.head), &page.authors)
                .with_page_metadata(request.site)
                .with_own_image(request.site, &page.head),
            title: &page.title,
            lang: page.lang.as_deref(),
            body: if page.title.is_empty() { body } else { body.below_title() },
        })
    })
}

fn text_document(request: &PageRequest<'_>, page: &OwnPage, text: &str) -> Reply {
    let of_file = || ContentType::from_path(&page.path);
    let content_type = ContentType::from_path(&page.url).or_else(of_file).unwrap_or(ContentType::TEXT);
    let fingerprint = request.fingerprint("own text").with((page.hash, &page.url, &page.path)).finish();
    request.conditional(content_type, CachePolicy::Article, fingerprint, || Ok(text.as_bytes().to_vec()))
}
