//! `/search?q=`: every post that holds what a reader types, best or newest first, with what narrows it; and
//! sources and securities of the name.

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

/// Posts of a page.
const PER_PAGE: usize = 20;
/// Sources shown, and securities.
const NAMES: usize = 12;
/// No name is longer, in characters.
const LONGEST_NAME: usize = 24;
/// Han characters of a snippet: about two lines.
const SNIPPET: usize = 80;

#[derive(Template)]
#[template(path = "pages/search.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    /// As it was typed.
    typed: &'a str,
    title: String,
    /// How far the index is, if it is not where it should be; what of the query was passed over.
    notices: Vec<String>,
    names: Vec<Names>,
    /// How many posts were found; empty if nothing was looked for.
    found: String,
    orders: Vec<OrderLink>,
    is_newest: bool,
    results: Vec<Hit<'a>>,
    narrow: Narrow,
    first: Option<String>,
    next: Option<String>,
    /// The same by time, behind the last of those that are ranked.
    unranked: Option<String>,
    /// What finds something where this found nothing.
    offers: Vec<Link>,
}

/// Sources or securities of a name.
struct Names {
    label: &'static str,
    links: Vec<Link>,
}

/// A link to the same in another order.
struct OrderLink {
    label: &'static str,
    href: String,
    is_current: bool,
}

/// A post that was found.
struct Hit<'a> {
    href: String,
    lang: Option<&'a str>,
    title: Vec<Piece>,
    snippet: Vec<Piece>,
    iso: String,
    moment: String,
    source: Option<Link>,
}

/// What a reader looks for, by an address.
struct Hunt {
    typed: String,
    query: Query,
    /// Something of what was typed was passed over.
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

    /// The address of a query in an order.
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

    /// The link to another query in the same order.
    fn link(&self, visit: &Visit<'_>, label: String, query: &Query) -> Link {
        Link { label, href: Self::address(visit, &query.to_string(), self.order, None) }
    }
}

/// Answers `/search`, of a site and archive that have this number.
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

/// The posts that were found as the page shows them.
fn hits<'a>(visit: &Visit<'a>, needles: &Needles, posts: &[PostId]) -> Vec<Hit<'a>> {
    posts.iter().map(|id| hit(visit, needles, visit.archive.post(*id))).collect()
}

fn hit<'a>(visit: &Visit<'a>, needles: &Needles, post: &'a Post) -> Hit<'a> {
    let at = post.date.in_zone(visit.archive.zone());
    Hit {
        href: visit.site.href(post.url()),
        lang: post.lang().map(|lang| visit.archive.name(lang)),
        title: needles.marked(&post.headline()),
        // A damaged article is found by its title.
        snippet: needles
            .snippet(&visit.archive.article(post).map(|article| article.text()).unwrap_or_default(), SNIPPET),
        iso: at.to_rfc3339(),
        moment: visit.site.words.moment(at),
        source: timeline::source(visit, post),
    }
}

/// What readers are told of the index and of what they typed; nothing if all of it was found in all posts.
fn notices(visit: &Visit<'_>, hunt: &Hunt, state: &State, is_there: bool) -> Vec<String> {
    let words = visit.site.words;
    let of_index = match state {
        // It was replaced while it was asked.
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

/// Sources and securities whose names hold what was typed.
fn names(visit: &Visit<'_>, directory: &Directory, query: &Query) -> Vec<Names> {
    let typed = query.texts.join(" ");
    if !(1..=LONGEST_NAME).contains(&typed.chars().count()) || !query.filters.is_empty() {
        return Vec::new();
    }
    let archive = visit.archive;
    let typed = directory::text(&typed);
    let asked: Vec<&str> = typed.split_whitespace().collect();
    // What is not seen is no name.
    if asked.is_empty() {
        return Vec::new();
    }
    let held = |called: &Called| called.holds(&asked).then_some(());
    // Those with the newest posts first.
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

/// The feeds of what a reader typed.
fn feed_link(visit: &Visit<'_>, typed: &str) -> FeedLink {
    let href = |format| visit.site.href(feed_path(typed, format));
    let title = format!("{} | {}", visit.site.title, visit.site.words.results_for(typed));
    FeedLink { title, atom: href(Format::Atom), json: href(Format::Json) }
}

/// The path of what a reader typed, with its query.
pub(in crate::web) fn path(typed: &str) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    format!("{}?{}", Route::Search, fields.append_pair("q", typed).finish())
}

/// The path of the feed of what a reader typed, with its query.
pub(in crate::web) fn feed_path(typed: &str, format: Format) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    format!("{}?{}", Route::SearchFeed(format), fields.append_pair("q", typed).finish())
}
