//! `/search?q=`: the posts that match a query, by relevance or time, with links that narrow the search. The
//! first page also lists sources and securities with a matching name, and the site's own pages that match.

mod filters;
mod params;
mod relaxed_queries;

use std::cmp::Reverse;

use askama::Template;

use crate::archive::Post;
use crate::archive::page::OwnPage;
use crate::archive::snapshot::{Group, GroupKind};
use crate::search::query::Query;
use crate::search::snippet::{Needles, SnippetPiece};
use crate::search::{Follower, IndexState, MOST_COUNTED, Order, PageTexts, SearchIndex};
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::{PageError, Reply, render};
use crate::web::http::request::PageRequest;
use crate::web::pages::search::filters::SearchFilters;
use crate::web::pages::search::params::SearchParams;
use crate::web::pages::securities;
use crate::web::paths::feed::FeedFormat;
use crate::web::paths::search::feed_path;
use crate::web::view::feed_link::{FeedLink, feed_title};
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::name_index::{self, NameIndex, NormalisedNames};
use crate::web::view::site::Site;
use crate::web::view::timeline;

/// Number of results per page.
const PER_PAGE: usize = 20;
/// Maximum number of sources, of securities, and of pages.
const NAMES: usize = 12;
/// Longest text, in characters, that may be a name.
const LONGEST_NAME: usize = 24;
/// Length of a snippet in Han characters: about two lines.
const SNIPPET: usize = 80;

#[derive(Template)]
#[template(path = "pages/search.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    /// The query as the reader typed it.
    typed: &'a str,
    title: String,
    /// Notes about an incomplete index and about ignored parts of the query.
    notices: Vec<String>,
    names: Vec<NameMatches>,
    /// The number of results as text; empty without a query.
    found: String,
    orders: Vec<OrderLink>,
    is_newest: bool,
    results: Vec<SearchResult<'a>>,
    filters: SearchFilters,
    first: Option<String>,
    next: Option<String>,
    /// The search by time, linked after the last ranked result.
    unranked: Option<String>,
    /// Related queries with results, if this one has none.
    offers: Vec<Link>,
}

/// Sources or securities with a matching name, or pages with a matching text.
struct NameMatches {
    label: &'static str,
    links: Vec<Link>,
}

/// A link to the same search in another order.
struct OrderLink {
    label: &'static str,
    href: String,
    is_current: bool,
}

/// A search result.
struct SearchResult<'a> {
    href: String,
    lang: Option<&'a str>,
    title: Vec<SnippetPiece>,
    snippet: Vec<SnippetPiece>,
    iso: String,
    /// The date and time with seconds and zone.
    exact: String,
    moment: String,
    source: Option<Link>,
}

/// The parts of a site that a search looks through.
#[derive(Clone, Copy)]
pub struct Indexes<'a> {
    /// The full-text index of the posts.
    pub posts: &'a Follower,
    /// The names of sources and securities.
    pub names: &'a NameIndex,
    /// The texts of the site's own pages.
    pub pages: &'a PageTexts,
}

/// Serves `/search`. `generation` is the number of the current site and archive.
pub fn get(request: &PageRequest<'_>, indexes: Indexes<'_>, generation: u64) -> Reply {
    let params = SearchParams::from_request(request);
    let state = request.fingerprint("search").with((&params.typed, params.order, params.after));
    let state = state.with((indexes.posts.version(), generation)).finish();
    let html = || render(&page(request, indexes, &params)?);
    request.searched(ContentType::HTML, CachePolicy::Revalidate, state, html)
}

fn page<'a>(
    request: &PageRequest<'a>,
    indexes: Indexes<'_>,
    params: &'a SearchParams,
) -> Result<Page<'a>, PageError> {
    let (texts, search) = (request.site.texts, indexes.posts);
    let find = |index: &SearchIndex| {
        index.search(request.archive, &params.query, params.order, params.after, PER_PAGE)
    };
    let found = search.read(find)?;
    let is_there = found.is_some();
    let found = found.unwrap_or_default();
    let is_asked = !params.query.is_empty();
    let mut names_and_pages = Vec::new();
    if is_asked && params.after.is_none() {
        names_and_pages = names(request, indexes.names, &params.query);
        names_and_pages.extend(own_pages(request, indexes.pages, &params.query));
    }
    let offers = if is_asked && is_there && found.count == 0 {
        let count = |query: &Query| search.read(|index| index.count(request.archive, query));
        relaxed_queries::find(&params.query, |query| Ok(count(query)?.unwrap_or(0)))?
    } else {
        Vec::new()
    };
    let offer = |(query, count): (Query, usize)| {
        let label = format!("{query} ({})", texts.counted(count, count >= MOST_COUNTED));
        params.link(request, label, &query)
    };
    let title = if is_asked { texts.results_for(&params.typed) } else { texts.search.to_owned() };
    let orders = [(texts.best_first, Order::Best), (texts.newest_first, Order::Newest)];
    let orders = orders.map(|(label, order)| OrderLink {
        label,
        href: params.address(request, order, None),
        is_current: order == params.order,
    });
    let needles = Needles::new(&params.query, found.is_cut);
    let results = found.posts.iter().map(|id| hit(request, &needles, request.archive.post(*id)));
    Ok(Page {
        site: request.site,
        head: Head::nowhere(&title, request.hidden_lists())
            .with_feed(is_asked.then(|| feed_link(request, &params.typed))),
        typed: &params.typed,
        title,
        notices: notices(request, params, &search.state(), is_there),
        names: names_and_pages,
        found: match is_asked && is_there {
            true => texts.found(&texts.counted(found.count, found.is_more)),
            false => String::new(),
        },
        orders: if found.count > 1 { orders.into() } else { Vec::new() },
        is_newest: params.order == Order::Newest,
        filters: SearchFilters::new(request, params, &found),
        first: params.after.map(|_| params.address(request, params.order, None)),
        next: found.next.map(|next| params.address(request, params.order, Some(next))),
        unranked: (params.order == Order::Best && found.is_more && found.next.is_none() && !found.is_cut)
            .then(|| params.address(request, Order::Newest, None)),
        offers: offers.into_iter().map(offer).collect(),
        results: results.collect(),
    })
}

fn hit<'a>(request: &PageRequest<'a>, needles: &Needles, post: &'a Post) -> SearchResult<'a> {
    let at = post.date.in_zone(request.archive.zone());
    SearchResult {
        href: request.site.href(post.url()),
        lang: post.lang().map(|lang| request.archive.name(lang)),
        title: needles.marked(&timeline::headline(request, post)),
        // A damaged article can still be found by its title.
        snippet: needles.snippet(
            &request.archive.article(post).map(|article| article.text()).unwrap_or_default(),
            SNIPPET,
        ),
        iso: at.to_rfc3339(),
        exact: timeline::exact_time(at),
        moment: request.site.texts.moment(at),
        source: timeline::source(request, post),
    }
}

/// Notices for the reader: an incomplete index, or ignored parts of the query. Empty if neither applies.
fn notices(
    request: &PageRequest<'_>,
    params: &SearchParams,
    state: &IndexState,
    is_there: bool,
) -> Vec<String> {
    let texts = request.site.texts;
    let of_index = match state {
        // The index was replaced during the search.
        IndexState::Current if !is_there => Some(texts.index_waiting.to_owned()),
        IndexState::Current => None,
        IndexState::Waiting => Some(texts.index_waiting.to_owned()),
        IndexState::Building { done, total } => Some(texts.index_building(*done, *total)),
        IndexState::Failing(_) if is_there => Some(texts.index_stale.to_owned()),
        IndexState::Failing(_) => Some(texts.index_missing.to_owned()),
    };
    let of_query = params.is_short.then(|| texts.query_too_long.to_owned());
    of_index.into_iter().chain(of_query).collect()
}

/// Sources and securities whose names contain the query.
fn names(request: &PageRequest<'_>, name_index: &NameIndex, query: &Query) -> Vec<NameMatches> {
    let typed = query.texts.join(" ");
    if !(1..=LONGEST_NAME).contains(&typed.chars().count()) || !query.filters.is_empty() {
        return Vec::new();
    }
    let archive = request.archive;
    let typed = name_index::normalise(&typed);
    let asked: Vec<&str> = typed.split_whitespace().collect();
    // Text that leaves no word after normalisation is no name.
    if asked.is_empty() {
        return Vec::new();
    }
    let held = |called: &NormalisedNames| called.contains_all(&asked).then_some(());
    // Most recently active sources first.
    let mut sources = name_index.groups(archive, GroupKind::Source, held);
    sources.sort_by_key(|(_, group)| (Reverse(group.last()), archive.name(group.name())));
    let mut securities = name_index.groups(archive, GroupKind::Security, held);
    securities.sort_by_key(|(_, group)| securities::rank(request, group, |group| group.recent().month));
    let matches = |(kind, groups): (GroupKind, Vec<((), &Group)>)| NameMatches {
        label: request.site.texts.group_label(kind),
        links: groups.iter().take(NAMES).map(|(_, group)| timeline::link_to(request, kind, group)).collect(),
    };
    let names = [(GroupKind::Source, sources), (GroupKind::Security, securities)];
    names.into_iter().map(matches).filter(|names| !names.links.is_empty()).collect()
}

/// The site's own pages that contain the query.
fn own_pages(request: &PageRequest<'_>, pages: &PageTexts, query: &Query) -> Option<NameMatches> {
    // Filters are about posts.
    if (Query { texts: query.texts.clone(), ..Query::default() }) != *query {
        return None;
    }
    let found = pages.matches(request.archive, &Needles::new(query, false));
    let link = |page: &&OwnPage| request.site.link(page.label(), &page.url);
    let links: Vec<Link> = found.iter().take(NAMES).map(link).collect();
    (!links.is_empty()).then_some(NameMatches { label: request.site.texts.own_pages, links })
}

/// The feeds of a search.
fn feed_link(request: &PageRequest<'_>, typed: &str) -> FeedLink {
    let href = |format| request.site.href(feed_path(typed, format));
    let title = feed_title(&request.site.title, &request.site.texts.results_for(typed));
    FeedLink { title, atom: href(FeedFormat::Atom), json: href(FeedFormat::Json) }
}
