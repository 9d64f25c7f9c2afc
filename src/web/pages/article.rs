//! An article.

use std::borrow::Cow;

use askama::Template;

use super::Head;
use crate::archive::snapshot::Group;
use crate::archive::{Post, PostId, Snapshot, Visibility};
use crate::web::cache::CachePolicy;
use crate::web::html::Html;
use crate::web::paths::{self, Route};
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Link};

#[derive(Template)]
#[template(path = "pages/article.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    headline: Cow<'a, str>,
    iso: String,
    moment: String,
    source: Option<Link>,
    /// Who first published it, where that is not the source.
    publisher: Option<&'a str>,
    author: Option<&'a str>,
    /// The language of the post, where it says one.
    lang: Option<&'a str>,
    digest: Option<&'a str>,
    /// Where it was first published.
    original: Option<&'a str>,
    body: Html<'a>,
    securities: Vec<Security<'a>>,
    tags: Vec<Link>,
    source_text: Option<String>,
    earlier: Option<Link>,
    later: Option<Link>,
}

struct Security<'a> {
    name: &'a str,
    code: &'a str,
}

/// Answers a post's permalink.
pub fn get(visit: &Visit<'_>, id: PostId) -> Reply {
    let archive = visit.archive;
    let post = archive.post(id);
    let group = timeline::source_group(visit, post);
    let (earlier, later) = group.map_or((None, None), |group| archive.neighbours(group.posts(), id));
    let beside = [earlier, later].map(|id| id.map(|id| archive.post(id).hash));
    let label = group.map(Group::label);
    let mut fingerprint = visit.fingerprint("article").with((post.hash, label, beside));
    if post.visibility != Visibility::Listed {
        // Its tags are links only while listed posts have them too.
        fingerprint.add(shown_tags(archive, post).collect::<Vec<_>>());
    }
    let fingerprint = fingerprint.finish();
    visit.html(CachePolicy::Article, fingerprint, || {
        let article = archive.article(post)?;
        let at = post.date.in_zone(archive.zone());
        let name = |id| archive.name(id);
        let link = |id: PostId| {
            let post = archive.post(id);
            Link { label: post.headline().into_owned(), href: visit.site.href(post.url()) }
        };
        let publisher = post.source_name.map(name);
        let source_text = if visit.source { paths::source_of(post.url()) } else { None };
        crate::web::reply::render(&Page {
            site: visit.site,
            head: Head::new(visit, post.headline(), post.excerpt(), post.url()),
            headline: post.headline(),
            iso: at.to_rfc3339(),
            moment: visit.site.words.moment(at),
            publisher: publisher.filter(|name| label != Some(*name)),
            author: post.author().map(name),
            lang: post.lang().map(name),
            digest: article.digest.as_deref(),
            original: article.source_url.as_deref(),
            body: Html::below_title(&article.html),
            securities: post
                .securities
                .iter()
                .map(|mention| Security { name: name(mention.name), code: name(mention.code) })
                .collect(),
            tags: shown_tags(archive, post)
                .map(|tag| Link { label: tag.to_owned(), href: visit.site.href(Route::tag(tag)) })
                .collect(),
            source_text: source_text.map(|path| visit.site.href(path)),
            earlier: earlier.map(link),
            later: later.map(link),
            source: timeline::source(visit, post),
        })
    })
}

/// The tags of a post that have a page.
fn shown_tags<'a>(archive: &'a Snapshot, post: &'a Post) -> impl Iterator<Item = &'a str> {
    let tags = post.tags().iter().filter(|tag| archive.tags().get(**tag).is_some());
    tags.map(|tag| archive.name(*tag))
}
