//! The page of an article.

use std::borrow::Cow;

use askama::Template;
use chrono::Datelike;

use crate::archive::body;
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
use crate::web::view::story_articles::{MentionedSecurity, StoryArticles};
use crate::web::view::timeline::{self, TimelineEntry};

#[derive(Template)]
#[template(path = "pages/article.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    headline: Cow<'a, str>,
    iso: String,
    moment: String,
    /// The date and time with seconds and zone.
    exact: String,
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
    /// The host of that URL.
    original_host: &'a str,
    body: Html<'a>,
    securities: Vec<MentionedSecurity<'a>>,
    /// The securities beyond [`SECURITIES`].
    folded: Vec<MentionedSecurity<'a>>,
    /// The number of folded securities, in words.
    more: String,
    /// The other posts of the story, by their sources.
    also: Vec<Link>,
    /// The posts around the article, by what they share with it.
    around: Vec<NearbySection<'a>>,
    tags: Vec<Link>,
    source_text: Option<String>,
    /// The posts of the same source directly before and after the article.
    older: Option<Link>,
    newer: Option<Link>,
    /// Links to the source, the day and the newest posts, if there are no posts of the same source.
    list_links: Vec<Link>,
}

/// Posts from around the time of the article, with what they share with it as their heading.
struct NearbySection<'a> {
    heading: &'static str,
    posts: Vec<NearbyPost<'a>>,
}

/// A post from around the time of the article.
struct NearbyPost<'a> {
    entry: TimelineEntry<'a>,
    /// Without the year if it is the article's year.
    day: String,
}

/// Number of posts shown around an article.
const AROUND: usize = 6;
/// Number of securities shown; the others are folded.
const SECURITIES: usize = 12;

/// Serves a post's permalink.
pub fn get(request: &PageRequest<'_>, id: PostId) -> Reply {
    let archive = request.archive;
    let post = archive.post(id);
    let story = archive.story(id);
    let others: Vec<PostId> = story.posts().filter(|other| *other != id).collect();
    let group = archive.source(post);
    let neighbours = |group: &Group| archive.neighbours(group.posts(), story.leader);
    let (older, newer) = group.map_or((None, None), neighbours);
    let beside = [older, newer].map(|id| id.map(|id| timeline::version(request, id)));
    let label = group.map(Group::label);
    let mut fingerprint = request.fingerprint("article").with((post.hash, label, beside));
    for other in &others {
        fingerprint.add((timeline::version(request, *other), *other == story.leader));
    }
    fingerprint.add(archive.local_links(post));
    let tags: Vec<&str> = shown_tags(archive, post).collect();
    fingerprint.add(&tags);
    if post.visibility != Visibility::Listed || story.leader != id {
        // The day of a post that no list shows is a link only while listed posts have it too.
        fingerprint.add(archive.day(post.date.day(archive.zone())).is_some());
    }
    let mentions = archive.mentions(&story);
    for mention in &*mentions {
        // A mention without a name shows the name that other posts use. Its link needs a listed post as well.
        let has_page = archive.groups(GroupKind::Security).get(mention.code).is_some();
        fingerprint.add((has_page, archive.shown_name(mention)));
    }
    let shown: Vec<PostId> = [older, newer].into_iter().flatten().chain(others.iter().copied()).collect();
    let around = archive.around(id, group, &shown, AROUND);
    for near in &around {
        fingerprint.add(near.iter().map(|id| timeline::version(request, *id)).collect::<Vec<_>>());
    }
    let fingerprint = fingerprint.finish();
    request.html(CachePolicy::Article, fingerprint, || {
        let articles = StoryArticles::from_posts(archive, post, &others)?;
        let article = articles.own();
        let mut securities = articles.securities(request, &mentions);
        let folded = securities.split_off(SECURITIES.min(securities.len()));
        let at = post.date.in_zone(archive.zone());
        let day = at.date_naive();
        let name = |id| archive.name(id);
        let link = |id: PostId| {
            let post = archive.post(id);
            request.site.link(timeline::headline(request, post), post.url())
        };
        let tag = |name: &&str| request.site.link(*name, Route::group(GroupKind::Tag, name));
        let also = |id: &PostId| {
            let other = archive.post(*id);
            let label = archive
                .source(other)
                .map_or_else(|| timeline::headline(request, other), |group| group.label().into());
            request.site.link(label, other.url())
        };
        let publisher = post.source_name.map(name);
        let source_text = if request.source { paths::source_of(post.url()) } else { None };
        let source = timeline::source(request, post);
        let day = archive.day(day).map(|_| request.site.link(request.site.texts.day(day), Route::day(day)));
        let list_links = if older.is_none() && newer.is_none() {
            let newest = request.site.link(request.site.texts.latest, Route::Home);
            source.iter().chain(&day).cloned().chain([newest]).collect()
        } else {
            Vec::new()
        };
        let metadata = Metadata::for_article(
            request,
            &metadata::ArticleParts {
                post,
                leader: archive.post(story.leader).url(),
                mentions: &mentions,
                image: absolute::first_image(&article.html, &request.site.absolute(post.url())),
                original: article.source_url.as_deref(),
                above: source.as_ref(),
            },
        );
        let headline = timeline::headline(request, post);
        crate::web::http::reply::render(&Page {
            site: request.site,
            head: Head::new(request, &*headline, post.description(), archive.post(story.leader).url())
                .with_front_matter(post.head(), post.authors().map(name).unwrap_or_default())
                .with_metadata(metadata),
            headline,
            iso: at.to_rfc3339(),
            moment: request.site.texts.moment(at),
            exact: timeline::exact_time(at),
            publisher: publisher.filter(|name| label != Some(*name)),
            authors: archive.authors(post).map(|author| author.name).collect(),
            lang: post.lang().map(name),
            digest: articles.digest(),
            original: article.source_url.as_deref(),
            original_host: article.source_url.as_deref().map_or("", body::host),
            body: Html::new(&article.html, request.site.images, request.site.texts.image)
                .below_title()
                .with_image_links(),
            more: request.site.texts.more_securities(folded.len()),
            securities,
            folded,
            also: others.iter().map(also).collect(),
            around: nearby(request, &around, at.year()),
            reading: request.site.texts.reading_time(post.length),
            tags: tags.iter().map(tag).collect(),
            source_text: source_text.map(|path| request.site.href(path)),
            older: older.map(link),
            newer: newer.map(link),
            source,
            day,
            list_links,
        })
    })
}

/// The sections of the posts around an article of this year: posts about its securities, then posts of its source.
fn nearby<'a>(request: &PageRequest<'a>, around: &[Vec<PostId>; 2], year: i32) -> Vec<NearbySection<'a>> {
    let texts = request.site.texts;
    let sections = [texts.related_news, texts.same_source_news].into_iter().zip(around);
    let shown = sections.filter(|(_, posts)| !posts.is_empty());
    let post = |id: &PostId| near(request, request.archive.post(*id), year);
    shown.map(|(heading, posts)| NearbySection { heading, posts: posts.iter().map(post).collect() }).collect()
}

fn near<'a>(request: &PageRequest<'a>, post: &'a Post, year: i32) -> NearbyPost<'a> {
    let (texts, day) = (request.site.texts, post.date.day(request.archive.zone()));
    let day = if day.year() == year { texts.day_of_year(day) } else { texts.day(day) };
    NearbyPost { entry: timeline::entry(request, post, true), day }
}

/// The tags of a post that have a page. A tag that repeats a source is left out where nearly all tags do.
fn shown_tags<'a>(archive: &'a Snapshot, post: &'a Post) -> impl Iterator<Item = &'a str> {
    let tags = archive.groups(GroupKind::Tag);
    let shown = post.group_names(GroupKind::Tag).filter(move |tag| {
        let is_repeated = || archive.tags_repeat_sources() && archive.repeats_source(post, *tag);
        tags.get(*tag).is_some() && !is_repeated()
    });
    shown.map(move |tag| archive.name(tag))
}
