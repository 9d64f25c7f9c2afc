//! `/stock/`: the securities and sectors that posts mention most, a search by code or name, and the page of a
//! bare number that several securities share.

use std::cmp::Reverse;

use askama::Template;

use crate::archive::body::is_board;
use crate::archive::snapshot::{Group, GroupKind, PageNumber, RecentCounts};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::pages::group;
use crate::web::paths::Route;
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::name_filter::NameFilter;
use crate::web::view::site::Site;
use crate::web::view::timeline;

/// Number of rows per ranking.
const PLACES: usize = 30;
/// Maximum number of matches for a query.
const FOUND: usize = 100;

#[derive(Template)]
#[template(path = "pages/securities.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    title: &'a str,
    query: String,
    /// The last day of the recent counts, in a sentence; empty without posts.
    until: String,
    tables: Vec<SecurityTable<'a>>,
}

struct SecurityTable<'a> {
    title: String,
    rows: Vec<SecurityRow<'a>>,
}

struct SecurityRow<'a> {
    link: Link,
    code: &'a str,
    recent: RecentCounts,
    total: usize,
}

/// Serves `/stock/`; `?q=` filters by code and name.
pub fn all(request: &PageRequest<'_>) -> Option<Reply> {
    let query = request.typed_query();
    let found = query.as_ref().map(|query| matching(request, query, FOUND));
    let securities = request.archive.groups(GroupKind::Security);
    let newest = request.archive.newest_day();
    let mut fingerprint = request.fingerprint("securities").with((&query, newest, securities.version()));
    // Matches depend on names that the tables do not show.
    fingerprint
        .add(found.iter().flatten().map(|group| request.archive.name(group.name())).collect::<Vec<_>>());
    Some(request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let texts = request.site.texts;
        let tables = match (&query, found) {
            (Some(query), Some(found)) => vec![SecurityTable {
                title: texts.results_for(query),
                rows: found.into_iter().map(|group| row(request, group)).collect(),
            }],
            _ => rankings(request),
        };
        let description = format!("{} · {}", request.site.title, texts.most_mentioned);
        let head = Head::new(request, texts.securities_page, description, Route::Groups(GroupKind::Security));
        let head = head.with_collection_metadata(request.site, &[]);
        let query = query.unwrap_or_default();
        let until = newest.map_or_else(String::new, |day| texts.recent_until(day));
        Ok(Page { site: request.site, head, title: texts.securities_page, query, until, tables })
    }))
}

/// Serves the page of the security with a code, else what the code may stand for.
pub fn one(request: &PageRequest<'_>, code: &str, number: PageNumber) -> Option<Reply> {
    match request.archive.group(GroupKind::Security, code) {
        Some(_) => group::get(request, GroupKind::Security, code, number),
        None => resolve(request, code, number),
    }
}

/// Serves a bare number or another spelling of a code: a redirect, or the choice of several securities.
pub fn resolve(request: &PageRequest<'_>, code: &str, number: PageNumber) -> Option<Reply> {
    let codes = Route::securities_meant_by(request.archive, code, number);
    match codes[..] {
        [] => None,
        [code] => Some(request.redirect_to(Route::Group(GroupKind::Security, code.into(), number))),
        _ => Some(choice(request, code, &codes)),
    }
}

fn choice(request: &PageRequest<'_>, number: &str, codes: &[&str]) -> Reply {
    let security = |code: &&str| request.archive.group(GroupKind::Security, code);
    let groups: Vec<&Group> = codes.iter().filter_map(security).collect();
    let shown: Vec<_> =
        groups.iter().map(|group| (group.label(), group.posts().len(), group.recent())).collect();
    let newest = request.archive.newest_day();
    let fingerprint = request.fingerprint("choice").with((number, codes, newest, shown));
    request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let title = request.site.texts.security_choice;
        let rows = groups.into_iter().map(|group| row(request, group)).collect();
        let tables = vec![SecurityTable { title: number.to_owned(), rows }];
        Ok(Page {
            site: request.site,
            head: Head::nowhere(title, request.hidden_lists()),
            title,
            query: number.to_owned(),
            until: newest.map_or_else(String::new, |day| request.site.texts.recent_until(day)),
            tables,
        })
    })
}

/// Counts the posts of a group in a week, in a month or in total.
type Window = fn(&Group) -> usize;

/// Securities, then sectors, ranked by their posts in the last week, in the last month and in total.
fn rankings<'a>(request: &PageRequest<'a>) -> Vec<SecurityTable<'a>> {
    let texts = request.site.texts;
    let kinds = [(texts.securities_page, false), (texts.boards, true)];
    let windows: [(&str, Window); 3] = [
        (texts.last_week, |group| group.recent().week),
        (texts.last_month, |group| group.recent().month),
        (texts.total, |group| group.posts().len()),
    ];
    let mut tables = Vec::new();
    for (kind, boards) in kinds {
        for (window, count) in windows {
            let groups = request.archive.groups(GroupKind::Security).iter();
            let mut groups: Vec<&Group> = groups
                .filter(|group| count(group) > 0)
                .filter(|group| is_board(request.archive.name(group.name())) == boards)
                .collect();
            groups.sort_by_key(|group| rank(request, group, count));
            let rows: Vec<_> = groups.into_iter().take(PLACES).map(|group| row(request, group)).collect();
            if !rows.is_empty() {
                tables.push(SecurityTable { title: format!("{kind} · {window}"), rows });
            }
        }
    }
    tables
}

pub(super) fn rank<'a>(
    request: &PageRequest<'a>,
    group: &Group,
    count: Window,
) -> (Reverse<(usize, usize)>, &'a str) {
    (Reverse((count(group), group.posts().len())), request.archive.name(group.name()))
}

/// Securities with a text in their code or in one of their names, most mentioned first.
pub fn matching<'a>(request: &PageRequest<'a>, query: &str, most: usize) -> Vec<&'a Group> {
    let asked = NameFilter::new(query);
    let groups = request.archive.groups(GroupKind::Security).iter().filter(|group| {
        let code = request.archive.name(group.name());
        asked.matches_group(request.archive, group)
            || request.archive.has_used_name(group, |name| asked.matches([code, name]))
    });
    let mut groups: Vec<&Group> = groups.collect();
    groups.sort_by_key(|group| rank(request, group, |group| group.recent().month));
    groups.truncate(most);
    groups
}

fn row<'a>(request: &PageRequest<'a>, group: &'a Group) -> SecurityRow<'a> {
    let code = request.archive.name(group.name());
    let link = timeline::link_to(request, GroupKind::Security, group);
    SecurityRow { link, code, recent: group.recent(), total: group.posts().len() }
}
