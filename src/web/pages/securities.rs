//! `/stock/`: the securities and sectors that posts mention most, a search by code or name, and the page of a
//! bare number that several securities share.

use std::cmp::Reverse;

use askama::Template;

use super::Head;
use super::group;
use crate::archive::body::is_board;
use crate::archive::snapshot::{Group, Number, Recent};
use crate::web::asked::Asked;
use crate::web::cache::CachePolicy;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Link};

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
    tables: Vec<Table<'a>>,
}

struct Table<'a> {
    title: String,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    link: Link,
    code: &'a str,
    recent: Recent,
    total: usize,
}

/// Serves `/stock/`; `?q=` filters by code and name.
pub fn all(visit: &Visit<'_>) -> Option<Reply> {
    let query = visit.asked();
    let found = query.as_ref().map(|query| matching(visit, query, FOUND));
    let mut fingerprint =
        visit.fingerprint("securities").with((&query, visit.archive.securities().version()));
    // Matches depend on names that the tables do not show.
    fingerprint.add(found.iter().flatten().map(|group| visit.archive.name(group.name())).collect::<Vec<_>>());
    Some(visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let words = visit.site.words;
        let tables = match (&query, found) {
            (Some(query), Some(found)) => vec![Table {
                title: words.results_for(query),
                rows: found.into_iter().map(|group| row(visit, group)).collect(),
            }],
            _ => rankings(visit),
        };
        let description = format!("{} · {}", visit.site.title, words.most_mentioned);
        let head = Head::new(visit, words.securities_page, description, Route::Securities);
        let head = head.of_collection(visit.site, &[]);
        let query = query.unwrap_or_default();
        Ok(Page { site: visit.site, head, title: words.securities_page, query, tables })
    }))
}

/// Serves a code: the page of the security, or for a bare number a redirect or the choice of securities.
pub fn one(visit: &Visit<'_>, route: &Route<'_>, code: &str, number: Number) -> Option<Reply> {
    if route.is_of_code(code) && visit.archive.security(code).is_some() {
        return group::security(visit, code, number);
    }
    let codes = Route::securities_meant_by(visit.archive, code, number);
    match codes[..] {
        [] => None,
        [code] => Some(visit.moved(Route::security_page(code, number))),
        _ => Some(choice(visit, code, &codes)),
    }
}

fn choice(visit: &Visit<'_>, number: &str, codes: &[&str]) -> Reply {
    let groups: Vec<&Group> = codes.iter().filter_map(|code| visit.archive.security(code)).collect();
    let shown: Vec<_> =
        groups.iter().map(|group| (group.label(), group.posts().len(), group.recent())).collect();
    let fingerprint = visit.fingerprint("choice").with((number, codes, shown));
    visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let title = visit.site.words.security_choice;
        let rows = groups.into_iter().map(|group| row(visit, group)).collect();
        let tables = vec![Table { title: number.to_owned(), rows }];
        Ok(Page { site: visit.site, head: Head::nowhere(title), title, query: number.to_owned(), tables })
    })
}

/// Counts the posts of a group in a week, in a month or in total.
type Window = fn(&Group) -> usize;

/// Securities, then sectors, ranked by their posts in the last week, in the last month and in total.
fn rankings<'a>(visit: &Visit<'a>) -> Vec<Table<'a>> {
    let words = visit.site.words;
    let kinds = [(words.securities_page, false), (words.boards, true)];
    let windows: [(&str, Window); 3] = [
        (words.last_week, |group| group.recent().week),
        (words.last_month, |group| group.recent().month),
        (words.total, |group| group.posts().len()),
    ];
    let mut tables = Vec::new();
    for (kind, boards) in kinds {
        for (window, count) in windows {
            let groups = visit.archive.securities().iter();
            let mut groups: Vec<&Group> = groups
                .filter(|group| count(group) > 0)
                .filter(|group| is_board(visit.archive.name(group.name())) == boards)
                .collect();
            groups.sort_by_key(|group| rank(visit, group, count));
            let rows: Vec<_> = groups.into_iter().take(PLACES).map(|group| row(visit, group)).collect();
            if !rows.is_empty() {
                tables.push(Table { title: format!("{kind} · {window}"), rows });
            }
        }
    }
    tables
}

pub(super) fn rank<'a>(
    visit: &Visit<'a>,
    group: &Group,
    count: Window,
) -> (Reverse<(usize, usize)>, &'a str) {
    (Reverse((count(group), group.posts().len())), visit.archive.name(group.name()))
}

/// Securities with a text in their code or in one of their names, most mentioned first.
pub fn matching<'a>(visit: &Visit<'a>, query: &str, most: usize) -> Vec<&'a Group> {
    let asked = Asked::new(query);
    let groups = visit.archive.securities().iter().filter(|group| {
        let code = visit.archive.name(group.name());
        asked.is_in_names(visit, group) || visit.archive.is_called(group, |name| asked.is_in([code, name]))
    });
    let mut groups: Vec<&Group> = groups.collect();
    groups.sort_by_key(|group| rank(visit, group, |group| group.recent().month));
    groups.truncate(most);
    groups
}

fn row<'a>(visit: &Visit<'a>, group: &'a Group) -> Row<'a> {
    let code = visit.archive.name(group.name());
    let link = timeline::link_to(visit, group, Route::security);
    Row { link, code, recent: group.recent(), total: group.posts().len() }
}
