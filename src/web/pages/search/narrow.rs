//! Links beside the results that narrow a search, by source, month and security, and links that remove the
//! active filters.

use chrono::{Datelike, Months, NaiveDate};

use super::Hunt;
use crate::archive::NameId;
use crate::archive::snapshot::Groups;
use crate::search::query::{Filter, Query};
use crate::search::{Facet, Found, meant};
use crate::web::reply::Visit;
use crate::web::timeline::Link;

/// Width and height of the picture of months.
const WIDTH: u32 = 360;
const HEIGHT: u32 = 64;
/// The picture shows at most this number of months, the newest.
const MOST_MONTHS: usize = 90;

/// The links that narrow or widen a search.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    /// The active filters; each link leads to the search without that filter.
    pub(super) applied: Vec<Link>,
    pub(super) months: Vec<Month>,
    /// Sources and securities.
    pub(super) groups: Vec<Choices>,
}

/// Links that narrow by one kind of group.
#[derive(Debug)]
pub(super) struct Choices {
    pub(super) label: &'static str,
    pub(super) choices: Vec<Choice>,
}

/// A link that narrows the search, with the number of posts that remain.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) link: Link,
    pub(super) count: String,
}

/// A bar in the picture of months.
#[derive(Debug)]
pub(super) struct Month {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The link; months without posts have no bar.
    pub(super) choice: Choice,
}

impl Narrow {
    pub(super) fn of(visit: &Visit<'_>, hunt: &Hunt, found: &Found) -> Self {
        let query = &hunt.query;
        let has = |filter: Filter| query.filters.iter().any(|(other, _)| *other == filter);
        let groups = |filter: Filter, groups: &Groups, facets: &[Facet<NameId>]| {
            let is_known = has(filter) || facets.len() < 2 && filter == Filter::Source;
            if is_known { Vec::new() } else { choices(visit, hunt, filter, groups, facets, found.is_more) }
        };
        let (archive, words) = (visit.archive, visit.site.words);
        let sources = groups(Filter::Source, archive.categories(), &found.facets.sources);
        let securities = groups(Filter::Stock, archive.securities(), &found.facets.securities);
        let groups = [(words.source, sources), (words.security, securities)];
        let groups = groups.into_iter().filter(|(_, choices)| !choices.is_empty());
        Self {
            applied: applied(visit, hunt),
            months: months(visit, hunt, &found.facets.months, found.is_more),
            groups: groups.map(|(label, choices)| Choices { label, choices }).collect(),
        }
    }

    /// Returns whether there are no links to narrow the search.
    pub(super) fn is_empty(&self) -> bool {
        self.months.is_empty() && self.groups.is_empty()
    }
}

fn choices(
    visit: &Visit<'_>,
    hunt: &Hunt,
    filter: Filter,
    groups: &Groups,
    facets: &[Facet<NameId>],
    is_more: bool,
) -> Vec<Choice> {
    let choice = |facet: &Facet<NameId>| {
        let mut query = hunt.query.clone();
        query.filters.push((filter, visit.archive.name(facet.of).to_owned()));
        let label = groups.get(facet.of).map_or_else(String::new, |group| group.label().to_owned());
        Choice {
            link: hunt.link(visit, label, &query),
            count: visit.site.words.counted(facet.count, is_more),
        }
    };
    facets.iter().map(choice).collect()
}

/// A bar for each month with posts. Months without posts are gaps.
fn months(visit: &Visit<'_>, hunt: &Hunt, facets: &[Facet<NaiveDate>], is_more: bool) -> Vec<Month> {
    let number = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    let facets = &facets[facets.len().saturating_sub(MOST_MONTHS)..];
    let (Some(first), Some(last)) = (facets.first(), facets.last()) else { return Vec::new() };
    let start = number(first.of).max(number(last.of) - MOST_MONTHS as i32 + 1);
    let span = (number(last.of) - start + 1).cast_unsigned();
    let most = facets.iter().map(|facet| facet.count).max().unwrap_or(1);
    if span < 2 {
        return Vec::new();
    }
    let width = (WIDTH / span).min(24);
    let bar = |facet: &Facet<NaiveDate>| {
        let place = (number(facet.of) - start).cast_unsigned();
        let height = (HEIGHT as usize * facet.count).div_ceil(most) as u32;
        let mut query = hunt.query.clone();
        // The new range stays within the days that the search is limited to already.
        let last = facet.of.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
        query.from = query.from.max(Some(facet.of));
        query.to = query.to.into_iter().chain(last).min();
        let label = visit.site.words.month(facet.of.year(), facet.of.month());
        Month {
            x: place * width,
            y: HEIGHT - height,
            width: (width - 1).max(1),
            height,
            choice: Choice {
                link: hunt.link(visit, label, &query),
                count: visit.site.words.counted(facet.count, is_more),
            },
        }
    };
    facets.iter().filter(|facet| number(facet.of) >= start).map(bar).collect()
}

/// The active filters, each with a link to the search without it.
fn applied(visit: &Visit<'_>, hunt: &Hunt) -> Vec<Link> {
    let words = visit.site.words;
    let mut links = Vec::new();
    let mut push = |label: String, change: &dyn Fn(&mut Query)| {
        let mut query = hunt.query.clone();
        change(&mut query);
        links.push(hunt.link(visit, label, &query));
    };
    for (at, (filter, value)) in hunt.query.filters.iter().enumerate() {
        let kind = match filter {
            Filter::Source => words.source,
            Filter::Tag => words.tag,
            Filter::Stock => words.security,
        };
        let groups = meant(visit.archive, *filter, value);
        let name = groups.first().map_or(value.as_str(), |group| group.label());
        push(format!("{kind}: {name}"), &|query| _ = query.filters.remove(at));
    }
    if hunt.query.from.or(hunt.query.to).is_some() {
        let label = words.time(hunt.query.from, hunt.query.to);
        push(label, &|query| (query.from, query.to) = (None, None));
    }
    links
}
