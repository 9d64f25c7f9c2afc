//! `/search?q=`: the posts that match a query, by relevance or time, with links that narrow the search. The
//! first page also lists sources and securities with a matching name.

mod narrow;
mod offers;

use std::cmp::Reverse;

use askama::Template;

use super::Head;
use super::securities;
use crate::archive::snapshot::Group;
use crate::archive::{Post, PostId};
use crate::search::query::Query;
use crate::search::snippet::{Needles, Piece};
use crate::search::{Cursor, Follower, Index, MOST_COUNTED, Order, State};
use crate::web::cache::CachePolicy;
use crate::web::directory::{self, Called, Directory};
use crate::web::feeds::{FeedLink, Format};
use crate::web::paths::Route;
use crate::web::reply::{Failure, Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Link};
use narrow::Narrow;

/// Number of results per page.
const PER_PAGE: usize = 20;
/// Maximum number of sources, and of securities.
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
    names: Vec<Names>,
    /// The number of results as text; empty without a query.
    found: String,
    orders: Vec<OrderLink>,
    is_newest: bool,
    results: Vec<Hit<'a>>,
    narrow: Narrow,
    first: Option<String>,
    next: Option<String>,
    /// The search by time, linked after the last ranked result.
    unranked: Option<String>,
    /// Related queries with results, if this one has none.
    offers: Vec<Link>,
}

/// Sources or securities with a matching name.
struct Names {
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
struct Hit<'a> {
    href: String,
    lang: Option<&'a str>,
    title: Vec<Piece>,
    snippet: Vec<Piece>,
    iso: String,
    moment: String,
    source: Option<Link>,
}

/// The parameters of a search, from its URL.
struct Hunt {
    typed: String,
    query: Query,
    /// True if a part of the typed text was ignored.
    is_short: bool,
    order: Order,
    after: Option<Cursor>,
}

impl Hunt {
    fn of(visit: &Visit<'_>) -> Self {
        let typed = visit.asked().unwrap_or_default();
        let order = match visit.field("order").as_deref() {
            Some("newest") => Order::Newest,
            _ => Order::Best,
        };
        let after = visit.field("after").and_then(|after| after.parse().ok());
        let (query, is_short) = Query::read(&typed);
        Self { query, is_short, typed, order, after }
    }

    /// The address of a search.
    fn address(visit: &Visit<'_>, query: &str, order: Order, after: Option<Cursor>) -> String {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields.append_pair("q", query);
        if order == Order::Newest {
            fields.append_pair("order", "newest");
        }
        if let Some(after) = after {
            fields.append_pair("after", &after.to_string());
        }
        format!("{}?{}", visit.site.search(), fields.finish())
    }

    /// A link to another query in the same order.
    fn link(&self, visit: &Visit<'_>, label: String, query: &Query) -> Link {
        Link { label, href: Self::address(visit, &query.to_string(), self.order, None) }
    }
}

/// Serves `/search`. `generation` is the number of the current site and archive.
pub fn get(visit: &Visit<'_>, search: &Follower, directory: &Directory, generation: u64) -> Reply {
    let hunt = Hunt::of(visit);
    let fingerprint = visit.fingerprint("search").with((&hunt.typed, hunt.order, hunt.after));
    let fingerprint = fingerprint.with((search.version(), generation)).finish();
    visit.page(CachePolicy::Revalidate, fingerprint, || page(visit, search, directory, &hunt))
}

fn page<'a>(
    visit: &Visit<'a>,
    search: &Follower,
    directory: &Directory,
    hunt: &'a Hunt,
) -> Result<Page<'a>, Failure> {
    let words = visit.site.words;
    let find = |index: &Index| index.search(visit.archive, &hunt.query, hunt.order, hunt.after, PER_PAGE);
    let found = search.ask(find)?;
    let is_there = found.is_some();
    let found = found.unwrap_or_default();
    let is_asked = !hunt.query.is_empty();
    let names =
        if is_asked && hunt.after.is_none() { names(visit, directory, &hunt.query) } else { Vec::new() };
    let offers = if is_asked && is_there && found.count == 0 {
        let count = |query: &Query| search.ask(|index| index.count(visit.archive, query));
        offers::of(&hunt.query, |query| Ok(count(query)?.unwrap_or(0)))?
    } else {
        Vec::new()
    };
    let offer = |(query, count): (Query, usize)| {
        let label = format!("{query} ({})", words.counted(count, count >= MOST_COUNTED));
        hunt.link(visit, label, &query)
    };
    let title = if is_asked { words.results_for(&hunt.typed) } else { words.search.to_owned() };
    let orders = [(words.best_first, Order::Best), (words.newest_first, Order::Newest)];
    let orders = orders.map(|(label, order)| OrderLink {
        label,
        href: Hunt::address(visit, &hunt.typed, order, None),
        is_current: order == hunt.order,
    });
    let results = hits(visit, &Needles::of(&hunt.query, found.is_cut), &found.posts);
    Ok(Page {
        site: visit.site,
        head: Head::nowhere(&title).with_feed(is_asked.then(|| feed_link(visit, &hunt.typed))),
        typed: &hunt.typed,
        title,
        notices: notices(visit, hunt, &search.state(), is_there),
        names,
        found: match is_asked && is_there {
            true => words.found(&words.counted(found.count, found.is_more)),
            false => String::new(),
        },
        orders: if found.count > 1 { orders.into() } else { Vec::new() },
        is_newest: hunt.order == Order::Newest,
        narrow: Narrow::of(visit, hunt, &found),
        first: hunt.after.map(|_| Hunt::address(visit, &hunt.typed, hunt.order, None)),
        next: found.next.map(|next| Hunt::address(visit, &hunt.typed, hunt.order, Some(next))),
        unranked: (hunt.order == Order::Best && found.is_more && found.next.is_none() && !found.is_cut)
            .then(|| Hunt::address(visit, &hunt.typed, Order::Newest, None)),
        offers: offers.into_iter().map(offer).collect(),
        results,
    })
}

/// The posts as search results.
fn hits<'a>(visit: &Visit<'a>, needles: &Needles, posts: &[PostId]) -> Vec<Hit<'a>> {
    posts.iter().map(|id| hit(visit, needles, visit.archive.post(*id))).collect()
}

fn hit<'a>(visit: &Visit<'a>, needles: &Needles, post: &'a Post) -> Hit<'a> {
    let at = post.date.in_zone(visit.archive.zone());
    Hit {
        href: visit.site.href(post.url()),
        lang: post.lang().map(|lang| visit.archive.name(lang)),
        title: needles.marked(&post.headline()),
        // A damaged article can still be found by its title.
        snippet: needles
            .snippet(&visit.archive.article(post).map(|article| article.text()).unwrap_or_default(), SNIPPET),
        iso: at.to_rfc3339(),
        moment: visit.site.words.moment(at),
        source: timeline::source(visit, post),
    }
}

/// Notices for the reader: an incomplete index, or ignored parts of the query. Empty if neither applies.
fn notices(visit: &Visit<'_>, hunt: &Hunt, state: &State, is_there: bool) -> Vec<String> {
    let words = visit.site.words;
    let of_index = match state {
        // The index was replaced during the search.
        State::Current if !is_there => Some(words.index_waiting.to_owned()),
        State::Current => None,
        State::Waiting => Some(words.index_waiting.to_owned()),
        State::Building { done, total } => Some(words.index_building(*done, *total)),
        State::Failing(_) if is_there => Some(words.index_stale.to_owned()),
        State::Failing(_) => Some(words.index_missing.to_owned()),
    };
    let of_query = hunt.is_short.then(|| words.query_too_long.to_owned());
    of_index.into_iter().chain(of_query).collect()
}

/// Sources and securities whose names contain the query.
fn names(visit: &Visit<'_>, directory: &Directory, query: &Query) -> Vec<Names> {
    let typed = query.texts.join(" ");
    if !(1..=LONGEST_NAME).contains(&typed.chars().count()) || !query.filters.is_empty() {
        return Vec::new();
    }
    let archive = visit.archive;
    let typed = directory::text(&typed);
    let asked: Vec<&str> = typed.split_whitespace().collect();
    // Text that leaves no word after normalisation is no name.
    if asked.is_empty() {
        return Vec::new();
    }
    let held = |called: &Called| called.holds(&asked).then_some(());
    // Most recently active sources first.
    let mut sources = directory.sources(archive, held);
    sources.sort_by_key(|(_, group)| (Reverse(group.last()), archive.name(group.name())));
    let mut securities = directory.securities(archive, held);
    securities.sort_by_key(|(_, group)| securities::rank(visit, group, |group| group.recent().month));
    let links = |groups: Vec<((), &Group)>, route| {
        let links = groups.into_iter().take(NAMES).map(|(_, group)| timeline::link_to(visit, group, route));
        links.collect::<Vec<_>>()
    };
    let words = visit.site.words;
    let names = [
        Names { label: words.sources, links: links(sources, Route::source) },
        Names { label: words.securities_page, links: links(securities, Route::security) },
    ];
    names.into_iter().filter(|names| !names.links.is_empty()).collect()
}

/// The feeds of a search.
fn feed_link(visit: &Visit<'_>, typed: &str) -> FeedLink {
    let href = |format| visit.site.href(feed_path(typed, format));
    let title = format!("{} | {}", visit.site.title, visit.site.words.results_for(typed));
    FeedLink { title, atom: href(Format::Atom), json: href(Format::Json) }
}

/// The path of a search, with its query.
pub(in crate::web) fn path(typed: &str) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    format!("{}?{}", Route::Search, fields.append_pair("q", typed).finish())
}

/// The path of a search's feed, with its query.
pub(in crate::web) fn feed_path(typed: &str, format: Format) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    format!("{}?{}", Route::SearchFeed(format), fields.append_pair("q", typed).finish())
}
