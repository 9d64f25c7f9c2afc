//! The page of an article.

use std::borrow::Cow;

use askama::Template;
use chrono::Datelike;

use crate::archive::post::Mention;
use crate::archive::snapshot::{Group, GroupKind};
use crate::archive::{Post, PostId, Snapshot, Visibility};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::{self, Route};
use crate::web::view::absolute;
use crate::web::view::html::Html;
use crate::web::view::link::Link;
use crate::web::view::metadata::{self, Head, Metadata};
use crate::web::view::site::Site;
use crate::web::view::timeline::{self, TimelineEntry};

#[derive(Template)]
#[template(path = "pages/article.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    headline: Cow<'a, str>,
    iso: String,
    moment: String,
    /// The reading time, in words.
    reading: String,
    /// The article's day; `None` if that day has no page.
    day: Option<Link>,
    source: Option<Link>,
    /// The first publisher, if it is not the source.
    publisher: Option<&'a str>,
    authors: Vec<&'a str>,
    /// The language of the post, if its front matter has one.
    lang: Option<&'a str>,
    digest: Option<&'a str>,
    /// The URL of the first publication.
    original: Option<&'a str>,
    body: Html<'a>,
    securities: Vec<MentionedSecurity<'a>>,
    around: Vec<NearbyPost<'a>>,
    tags: Vec<Link>,
    source_text: Option<String>,
    /// The posts of the same source directly before and after the article.
    older: Option<Link>,
    newer: Option<Link>,
    /// Links to the source, the day and the newest posts, if there are no posts of the same source.
    ways: Vec<Link>,
}

struct MentionedSecurity<'a> {
    name: &'a str,
    code: &'a str,
    /// The security's page; `None` if no listed post mentions it.
    href: Option<String>,
}

/// A post from around the time of the article.
struct NearbyPost<'a> {
    entry: TimelineEntry<'a>,
    /// Without the year if it is the article's year.
    day: String,
}

/// Number of posts shown around an article.
const AROUND: usize = 6;

/// Serves a post's permalink.
pub fn get(request: &PageRequest<'_>, id: PostId) -> Reply {
    let archive = request.archive;
    let post = archive.post(id);
    let group = archive.source(post);
    let (older, newer) = group.map_or((None, None), |group| archive.neighbours(group.posts(), id));
    let beside = [older, newer].map(|id| id.map(|id| timeline::version(request, id)));
    let label = group.map(Group::label);
    let mut fingerprint = request.fingerprint("article").with((post.hash, label, beside));
    if post.visibility != Visibility::Listed {
        // The tags and the day of an unlisted post are links only while listed posts have them too.
        fingerprint.add(shown_tags(archive, post).collect::<Vec<_>>());
        fingerprint.add(archive.day(post.date.day(archive.zone())).is_some());
    }
    for mention in &post.securities {
        // A mention without a name shows the name that other posts use. Its link needs a listed post as well.
        let has_page = archive.groups(GroupKind::Security).get(mention.code).is_some();
        fingerprint.add((has_page, archive.shown_name(mention)));
    }
    let beside: Vec<PostId> = [older, newer].into_iter().flatten().collect();
    let around = archive.around(id, group, &beside, AROUND);
    for near in &around {
        fingerprint.add(timeline::version(request, *near));
    }
    let fingerprint = fingerprint.finish();
    request.html(CachePolicy::Article, fingerprint, || {
        let article = archive.article(post)?;
        let at = post.date.in_zone(archive.zone());
        let day = at.date_naive();
        let name = |id| archive.name(id);
        let link = |id: PostId| {
            let post = archive.post(id);
            request.site.link(timeline::headline(request, post), post.url())
        };
        let tag = |name: &str| request.site.link(name, Route::group(GroupKind::Tag, name));
        let publisher = post.source_name.map(name);
        let source_text = if request.source { paths::source_of(post.url()) } else { None };
        let source = timeline::source(request, post);
        let day = archive.day(day).map(|_| request.site.link(request.site.texts.day(day), Route::day(day)));
        let ways = if beside.is_empty() {
            let newest = request.site.link(request.site.texts.latest, Route::Home);
            source.iter().chain(&day).cloned().chain([newest]).collect()
        } else {
            Vec::new()
        };
        let metadata = Metadata::for_article(
            request,
            &metadata::ArticleParts {
                post,
                image: absolute::first_image(&article.html, &request.site.absolute(post.url())),
                original: article.source_url.as_deref(),
                above: source.as_ref(),
            },
        );
        let headline = timeline::headline(request, post);
        crate::web::http::reply::render(&Page {
            site: request.site,
            head: Head::new(request, &*headline, post.description(), post.url())
                .with_front_matter(post.head(), post.authors().map(name).unwrap_or_default())
                .with_metadata(metadata),
            headline,
            iso: at.to_rfc3339(),
            moment: request.site.texts.moment(at),
            publisher: publisher.filter(|name| label != Some(*name)),
            authors: archive.authors(post).map(|author| author.name).collect(),
            lang: post.lang().map(name),
            digest: article.digest.as_deref(),
            original: article.source_url.as_deref(),
            body: Html::new(&article.html, request.site.images, request.site.texts.image).below_title(),
            securities: post.securities.iter().map(|mention| security(request, mention)).collect(),
            around: around.iter().map(|id| near(request, archive.post(*id), at.year())).collect(),
            reading: request.site.texts.reading_time(post.length),
            tags: shown_tags(archive, post).map(tag).collect(),
            source_text: source_text.map(|path| request.site.href(path)),
            older: older.map(link),
            newer: newer.map(link),
            source,
            day,
            ways,
        })
    })
}

fn near<'a>(request: &PageRequest<'a>, post: &'a Post, year: i32) -> NearbyPost<'a> {
    let (texts, day) = (request.site.texts, post.date.day(request.archive.zone()));
    let day = if day.year() == year { texts.day_of_year(day) } else { texts.day(day) };
    NearbyPost { entry: timeline::entry(request, post, true), day }
}

fn security<'a>(request: &PageRequest<'a>, mention: &Mention) -> MentionedSecurity<'a> {
    let archive = request.archive;
    let code = archive.name(mention.code);
    let kind = GroupKind::Security;
    let page = archive.groups(kind).get(mention.code).map(|_| Route::group(kind, code));
    MentionedSecurity {
        name: archive.shown_name(mention),
        code,
        href: page.map(|page| request.site.href(page)),
    }
}

/// The tags of a post that have a page.
fn shown_tags<'a>(archive: &'a Snapshot, post: &'a Post) -> impl Iterator<Item = &'a str> {
    let tags = archive.groups(GroupKind::Tag);
    let shown = post.group_names(GroupKind::Tag).filter(move |tag| tags.get(*tag).is_some());
    shown.map(move |tag| archive.name(tag))
}
