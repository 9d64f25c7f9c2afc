//! Links beside the results that narrow a search, by source, month and security, and links that remove the
//! active filters.

use chrono::{Datelike, Months, NaiveDate};

use crate::archive::NameId;
use crate::archive::snapshot::GroupKind;
use crate::search::query::Query;
use crate::search::{Facet, SearchResults, matching_groups};
use crate::web::http::request::PageRequest;
use crate::web::pages::search::params::SearchParams;
use crate::web::view::link::Link;

/// Width and height of the chart of months.
const WIDTH: u32 = 360;
const HEIGHT: u32 = 64;
/// The chart shows at most this number of months, the newest.
const MOST_MONTHS: usize = 90;

/// The links that narrow or widen a search.
#[derive(Debug, Default)]
pub(super) struct SearchFilters {
    /// The active filters; each link leads to the search without that filter.
    pub(super) applied: Vec<Link>,
    pub(super) months: Vec<MonthBar>,
    /// Sources and securities.
    pub(super) groups: Vec<FilterGroup>,
}

/// Links that narrow by one kind of group.
#[derive(Debug)]
pub(super) struct FilterGroup {
    pub(super) label: &'static str,
    pub(super) choices: Vec<FilterLink>,
}

/// A link that narrows the search, with the number of posts that remain.
#[derive(Debug)]
pub(super) struct FilterLink {
    pub(super) link: Link,
    pub(super) count: String,
}

/// A bar in the chart of months.
#[derive(Debug)]
pub(super) struct MonthBar {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The link; months without posts have no bar.
    pub(super) choice: FilterLink,
}

impl SearchFilters {
    pub(super) fn new(request: &PageRequest<'_>, params: &SearchParams, found: &SearchResults) -> Self {
        let facets = &found.facets;
        let groups = [(GroupKind::Source, &facets.sources), (GroupKind::Security, &facets.securities)];
        let is_open = |(kind, facets): &(GroupKind, &Vec<Facet<NameId>>)| {
            let has_filter = params.query.filters.iter().any(|(other, _)| other == kind);
            // A single source does not narrow the results.
            let fewest = if *kind == GroupKind::Source { 2 } else { 1 };
            !has_filter && facets.len() >= fewest
        };
        let groups = groups.into_iter().filter(is_open).map(|(kind, facets)| FilterGroup {
            label: request.site.texts.group_label(kind),
            choices: choices(request, params, kind, facets, found.is_more),
        });
        Self {
            applied: applied(request, params),
            months: months(request, params, &facets.months, found.is_more),
            groups: groups.collect(),
        }
    }

    /// Returns whether there are no links to narrow the search.
    pub(super) fn is_empty(&self) -> bool {
        self.months.is_empty() && self.groups.is_empty()
    }
}

fn choices(
    request: &PageRequest<'_>,
    params: &SearchParams,
    kind: GroupKind,
    facets: &[Facet<NameId>],
    is_more: bool,
) -> Vec<FilterLink> {
    let choice = |facet: &Facet<NameId>| {
        let mut query = params.query.clone();
        query.filters.push((kind, request.archive.name(facet.value).to_owned()));
        let group = request.archive.groups(kind).get(facet.value);
        let label = group.map_or_else(String::new, |group| group.label().to_owned());
        FilterLink {
            link: params.link(request, label, &query),
            count: request.site.texts.counted(facet.count, is_more),
        }
    };
    facets.iter().map(choice).collect()
}

/// A bar for each month with posts. Months without posts are gaps.
fn months(
    request: &PageRequest<'_>,
    params: &SearchParams,
    facets: &[Facet<NaiveDate>],
    is_more: bool,
) -> Vec<MonthBar> {
    let number = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
    let facets = &facets[facets.len().saturating_sub(MOST_MONTHS)..];
    let (Some(first), Some(last)) = (facets.first(), facets.last()) else { return Vec::new() };
    let start = number(first.value).max(number(last.value) - MOST_MONTHS as i32 + 1);
    let span = (number(last.value) - start + 1).cast_unsigned();
    let most = facets.iter().map(|facet| facet.count).max().unwrap_or(1);
    if span < 2 {
        return Vec::new();
    }
    let width = (WIDTH / span).min(24);
    let bar = |facet: &Facet<NaiveDate>| {
        let place = (number(facet.value) - start).cast_unsigned();
        let height = (HEIGHT as usize * facet.count).div_ceil(most) as u32;
        let mut query = params.query.clone();
        // The new range stays within the days that the search is limited to already.
        let last = facet.value.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
        query.from = query.from.max(Some(facet.value));
        query.to = query.to.into_iter().chain(last).min();
        let label = request.site.texts.month(facet.value.year(), facet.value.month());
        MonthBar {
            x: place * width,
            y: HEIGHT - height,
            width: (width - 1).max(1),
            height,
            choice: FilterLink {
                link: params.link(request, label, &query),
                count: request.site.texts.counted(facet.count, is_more),
            },
        }
    };
    facets.iter().filter(|facet| number(facet.value) >= start).map(bar).collect()
}

/// The active filters, each with a link to the search without it.
fn applied(request: &PageRequest<'_>, params: &SearchParams) -> Vec<Link> {
    let texts = request.site.texts;
    let mut links = Vec::new();
    let mut push = |label: String, change: &dyn Fn(&mut Query)| {
        let mut query = params.query.clone();
        change(&mut query);
        links.push(params.link(request, label, &query));
    };
    for (at, (kind, value)) in params.query.filters.iter().enumerate() {
        let groups = matching_groups(request.archive, *kind, value);
        let name = groups.first().map_or(value.as_str(), |group| group.label());
        push(format!("{}: {name}", texts.group_label(*kind)), &|query| _ = query.filters.remove(at));
    }
    if params.query.from.or(params.query.to).is_some() {
        let label = texts.time(params.query.from, params.query.to);
        push(label, &|query| (query.from, query.to) = (None, None));
    }
    links
}
