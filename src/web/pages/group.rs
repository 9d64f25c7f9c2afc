//! The posts of one source, tag, security or sector, in pages. The latest page also has facts and charts of
//! the whole list.

use askama::Template;

use crate::archive::snapshot::{
    Group, GroupKind, List, ListPage, PER_PAGE, PageNumber, Period, RecentCounts,
};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::feed::FeedOf;
use crate::web::view::charts::{ChartData, Charts};
use crate::web::view::feed_link::FeedLink;
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::site::Site;
use crate::web::view::timeline::{self, Day, ListVersion, LiveFilter, Pager};

/// Maximum number of a security's names that its page shows.
const NAMES: usize = 8;

#[derive(Template)]
#[template(path = "pages/group.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    /// The list of all sources, all tags or all securities.
    all: Link,
    label: &'a str,
    summary: String,
    /// Facts about the whole list: label and value.
    facts: Vec<(&'static str, String)>,
    charts: Option<Charts>,
    follow: Option<LiveFilter<'a>>,
    days: Vec<Day<'a>>,
    pager: Pager,
}

/// Serves the page of a group, of several joined sources of an old URL, or of a group that has a page of the
/// site but no posts.
pub fn get(request: &PageRequest<'_>, kind: GroupKind, name: &str, number: PageNumber) -> Option<Reply> {
    let archive = request.archive;
    if let Some(group) = archive.group(kind, name) {
        return list(request, &GroupList::new(request, kind, group), number);
    }
    let joined = if kind == GroupKind::Source { archive.joined_categories(name) } else { None };
    let label = match &joined {
        Some(_) => archive.groups(kind).given_label(name).unwrap_or(name),
        None => archive.empty_group(kind, name)?,
    };
    let posts = joined.unwrap_or_default();
    list(request, &GroupList::without_group(kind, (name, label), &posts), number)
}

/// The list of posts behind a page.
struct GroupList<'a> {
    kind: GroupKind,
    /// False for several sources in one list, and for a source or tag without posts: neither has a feed.
    is_group: bool,
    name: &'a str,
    label: &'a str,
    /// The names that posts use for a security; empty for other kinds.
    called: Vec<&'a str>,
    posts: &'a List,
    recent: RecentCounts,
}

impl<'a> GroupList<'a> {
    fn new(request: &PageRequest<'a>, kind: GroupKind, group: &'a Group) -> Self {
        let mut called = Vec::new();
        if kind == GroupKind::Security {
            called = request.archive.used_names(group);
            called.truncate(NAMES);
        }
        let (name, label) = (request.archive.name(group.name()), group.label());
        let (posts, recent) = (group.posts(), group.recent());
        Self { kind, is_group: true, name, label, called, posts, recent }
    }

    fn without_group(kind: GroupKind, (name, label): (&'a str, &'a str), posts: &'a List) -> Self {
        let recent = RecentCounts::default();
        Self { kind, is_group: false, name, label, called: Vec::new(), posts, recent }
    }

    /// The page of the list with this number.
    fn route(&self, number: PageNumber) -> Route<'a> {
        Route::Group(self.kind, self.name.into(), number)
    }

    /// Returns whether the page shows recent activity: counts, charts and new posts.
    fn has_activity(&self) -> bool {
        self.follow().is_some()
    }

    fn facts(&self, request: &PageRequest<'_>, ends: &[String; 2]) -> Vec<(&'static str, String)> {
        let texts = request.site.texts;
        let mut facts = Vec::new();
        if self.kind == GroupKind::Security {
            facts.extend([
                (texts.code, self.name.to_owned()),
                (texts.market, texts.market_of(self.name).to_owned()),
            ]);
            if self.called.len() > 1 {
                facts.push((texts.names_seen, self.called.join(" · ")));
            }
        } else if self.name != self.label {
            facts.push((texts.slug, self.name.to_owned()));
        }
        facts.push((texts.total, texts.posts(self.posts.len())));
        if self.has_activity() {
            facts.push((texts.last_week, texts.posts(self.recent.week)));
            facts.push((texts.last_month, texts.posts(self.recent.month)));
        }
        if !self.posts.is_empty() {
            let [first, last] = ends.clone();
            facts.extend([(texts.first_post, first), (texts.last_post, last)]);
        }
        facts
    }

    /// The feed of the list; only a group has one.
    fn feed(&self, request: &PageRequest<'_>) -> Option<FeedLink> {
        let of = FeedOf::Group(self.kind, self.name.into());
        self.is_group.then(|| FeedLink::new(&request.site.title, self.label, request.site.baseurl(), of))
    }

    /// The filter of `/live` for new posts of the list; only sources and securities have one.
    fn follow(&self) -> Option<LiveFilter<'a>> {
        let what = match self.kind {
            GroupKind::Source => "source",
            GroupKind::Security => "security",
            GroupKind::Tag => return None,
        };
        self.is_group.then_some(LiveFilter { what, of: self.name })
    }

    fn description(&self, request: &PageRequest<'_>) -> String {
        let (texts, count) = (request.site.texts, self.posts.len());
        match self.kind {
            GroupKind::Security => texts.security_description(self.label, self.name, count),
            GroupKind::Source | GroupKind::Tag => texts.list_description(self.label, count),
        }
    }
}

fn list(request: &PageRequest<'_>, group: &GroupList<'_>, number: PageNumber) -> Option<Reply> {
    let page = ListPage::new(group.posts, number)?;
    let is_latest = number == PageNumber::Latest;
    // The dates cover the whole list on the latest page, and the page's own posts on a numbered one.
    let (first, last) = match number {
        PageNumber::Latest => (group.posts.first(), group.posts.last()),
        PageNumber::Page(_) => (page.posts.last().copied(), page.posts.first().copied()),
    };
    let ends = [first, last].map(|id| id.map(|id| request.archive.post(id).date));
    let numbers = (is_latest && group.has_activity())
        .then(|| ChartData::from_list(request, group.posts, group.kind == GroupKind::Source))
        .flatten();
    let mut fingerprint = request.fingerprint("group").with(ListVersion(request, &page));
    fingerprint.add((group.kind, group.is_group, group.name, group.label, ends, &numbers));
    if is_latest {
        fingerprint.add((&group.called, group.recent));
    }
    Some(request.page(CachePolicy::for_list(&page), fingerprint.finish(), || {
        let texts = request.site.texts;
        let ends = ends
            .map(|date| date.map_or_else(String::new, |date| texts.day(date.day(request.archive.zone()))));
        let (title, description, summary) = match number {
            PageNumber::Latest => (group.label.to_owned(), group.description(request), String::new()),
            PageNumber::Page(n) => {
                let span =
                    if ends[0] == ends[1] { ends[0].clone() } else { texts.date_range(&ends[0], &ends[1]) };
                let title = format!("{} ({})", group.label, texts.page(n));
                (title, format!("{} · {span}", group.label), format!("{} · {span}", texts.page(n)))
            }
        };
        let all = request.site.link(texts.all_groups(group.kind), Route::Groups(group.kind));
        Ok(Page {
            site: request.site,
            head: Head::new(request, title, description, group.route(number))
                .with_feed(group.feed(request))
                .with_collection_metadata(request.site, &[&all]),
            all,
            label: group.label,
            summary,
            facts: if is_latest { group.facts(request, &ends) } else { Vec::new() },
            charts: numbers.map(|numbers| numbers.draw(texts, |day| day_link(request, group, day))),
            follow: group.follow().filter(|_| is_latest),
            days: timeline::days(request, &page.posts, group.kind != GroupKind::Source),
            pager: Pager::new(request, &page, |number| group.route(number)),
        })
    }))
}

/// The link to the newest posts of a day within the list: the numbered page, at the day's heading.
fn day_link(request: &PageRequest<'_>, group: &GroupList<'_>, day: &Period) -> String {
    let is_newest = day.places.end + PER_PAGE > group.posts.len();
    let number =
        if is_newest { PageNumber::Latest } else { PageNumber::Page((day.places.end - 1) / PER_PAGE + 1) };
    format!("{}#{}", request.site.href(group.route(number)), timeline::day_id(day.day))
}
