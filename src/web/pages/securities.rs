//! `/stock/`: the securities and sectors that posts mention most, any of them by code or name, and what
//! a bare number may mean.

use std::cmp::Reverse;

use askama::Template;

use super::Head;
use super::group;
use crate::archive::body::is_board;
use crate::archive::snapshot::{Group, Number, Recent};
use crate::web::cache::CachePolicy;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Asked, Link};

/// Places of each ranking.
const PLACES: usize = 30;
/// Securities that a query may find.
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

/// Answers `/stock/`, with `?q=` for codes and names that hold a text.
pub fn all(visit: &Visit<'_>) -> Option<Reply> {
    let query = visit.asked();
    let fingerprint = visit.fingerprint("securities").with((&query, visit.archive.securities().version()));
    Some(visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let words = visit.site.words;
        let tables = match &query {
            Some(query) => vec![Table {
                title: words.results_for(query),
                rows: matching(visit, query, FOUND).into_iter().map(|group| row(visit, group)).collect(),
            }],
            None => rankings(visit),
        };
        let description = format!("{} · {}", visit.site.title, words.most_mentioned);
        let head = Head::new(visit, words.securities_page, description, Route::Securities);
        let query = query.unwrap_or_default();
        Ok(Page { site: visit.site, head, title: words.securities_page, query, tables })
    }))
}

/// Answers for a code: the page of the security, or what a bare number leads to.
pub fn one(visit: &Visit<'_>, route: &Route<'_>, code: &str, number: Number) -> Option<Reply> {
    if route.is_of_code(code) {
        return group::security(visit, code, number);
    }
    let upper = code.to_ascii_uppercase();
    let codes = visit.archive.securities_of_number(&upper);
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

/// Picks the posts of a week or of a month.
type Window = fn(Recent) -> usize;

/// Securities, then sectors, by their posts of the last week and of the last month.
fn rankings<'a>(visit: &Visit<'a>) -> Vec<Table<'a>> {
    let words = visit.site.words;
    let kinds = [(words.securities_page, false), (words.boards, true)];
    let windows: [(&str, Window); 2] =
        [(words.last_week, |recent| recent.week), (words.last_month, |recent| recent.month)];
    let mut tables = Vec::new();
    for (kind, boards) in kinds {
        for (window, count) in windows {
            let groups = visit.archive.securities().iter();
            let mut groups: Vec<&Group> = groups
                .filter(|group| count(group.recent()) > 0)
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

fn rank<'a>(visit: &Visit<'a>, group: &Group, count: Window) -> (Reverse<(usize, usize)>, &'a str) {
    (Reverse((count(group.recent()), group.posts().len())), visit.archive.name(group.name()))
}

/// Securities whose code or one of whose names holds a text, the most mentioned first.
pub fn matching<'a>(visit: &Visit<'a>, query: &str, most: usize) -> Vec<&'a Group> {
    let asked = Asked::new(query);
    let groups = visit.archive.securities().iter().filter(|group| {
        timeline::is_asked_for(visit, group, &asked)
            || visit.archive.called(group).iter().any(|name| asked.is_in(name))
    });
    let mut groups: Vec<&Group> = groups.collect();
    groups.sort_by_key(|group| rank(visit, group, |recent| recent.month));
    groups.truncate(most);
    groups
}

fn row<'a>(visit: &Visit<'a>, group: &'a Group) -> Row<'a> {
    let code = visit.archive.name(group.name());
    let link = timeline::link_to(visit, group, Route::security);
    Row { link, code, recent: group.recent(), total: group.posts().len() }
}
