//! The only module that spells URLs: [`Route`] parses and writes the paths of generated pages. A path is
//! split at `/` before it is decoded, so a `/` inside a name is written `%2F`.

pub(crate) mod damaged;
pub mod dataset;
pub(crate) mod date;
pub mod feed;
pub mod legacy;
pub(crate) mod search;
pub mod sitemap;

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use chrono::{Datelike, NaiveDate};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::archive::Snapshot;
use crate::archive::body::is_board;
use crate::archive::jekyll::front_matter::is_forbidden;
use crate::archive::jekyll::permalink::PATH;
use crate::archive::snapshot::{GroupKind, List, ListPage, PageNumber, ReservedPaths};
use crate::web::http::route_pattern::RoutePattern;
use crate::web::paths::dataset::DatasetFile;
use crate::web::paths::date::{day, month, month_bounds, year, year_bounds};
use crate::web::paths::feed::{FeedFormat, FeedOf};
use crate::web::paths::sitemap::SitemapFile;

/// The characters that path segments escape: all but RFC 3986's `pchar`, and also `&` and `'`.
const SEGMENTS: &AsciiSet = &PATH.add(b'&').add(b'\'');
/// The characters that one path segment escapes.
const SEGMENT: &AsciiSet = &SEGMENTS.add(b'/');

/// The path of the event stream that announces new posts.
pub const LIVE: &str = "/live";

/// A generated page or document, by its path without `baseurl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route<'a> {
    /// `/`
    Home,
    /// `/category/`, `/tag/`, `/stock/`: all groups of a kind
    Groups(GroupKind),
    /// `/category/<name>.html`, `/category/<name>/<n>.html`, and the same below `/tag/`, below `/stock/` by the
    /// code of a security, and below `/board/` by that of a sector
    Group(GroupKind, Cow<'a, str>, PageNumber),
    /// A code without a market below `/stock/`, or one with a market below `/board/`
    Misplaced(Cow<'a, str>, PageNumber),
    /// `/<year>/`
    Year(i32),
    /// `/<year>/<month>/`
    Month(i32, u32),
    /// `/<year>/<month>/<day>/`, `/<year>/<month>/<day>/<n>/`
    Day(NaiveDate, PageNumber),
    /// `/search`
    Search,
    /// `/search.xml`, `/search.json`
    SearchFeed(FeedFormat),
    /// `/search/suggest`
    Suggest,
    /// `/feed.xml`, `/feed/<category>.xml`, `/feed/by_tag/<tag>.xml`, `/feed/stock/<code>.xml`; each also
    /// as `.json`
    Feed(FeedOf<'a>, FeedFormat),
    /// `/sitemap.xml`
    Sitemaps,
    /// `/sitemap/<file>.xml`
    Sitemap(SitemapFile),
    /// `/news-sitemap.xml`
    NewsSitemap,
    /// `/archive/`, `/archive/index.json`, `/archive/<year>-<month>.ndjson`
    Dataset(DatasetFile),
    /// `/opensearch.xml`
    OpenSearch,
    /// `/manifest.webmanifest`
    Manifest,
    /// `/robots.txt`
    Robots,
    /// `/favicon.ico`
    Favicon,
    /// `/_finews/<file>`
    Asset(Cow<'a, str>),
    /// Reserved paths that are not pages: `/live` and the health checks.
    Reserved,
}

impl<'a> Route<'a> {
    /// Parses a request path that is still percent-encoded.
    pub fn parse(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        match segments[..] {
            [""] | ["index.html"] => Some(Self::Home),
            ["category", ref rest @ ..] => Self::parse_group(GroupKind::Source, rest, false),
            ["tag", ref rest @ ..] => Self::parse_group(GroupKind::Tag, rest, false),
            ["stock", ref rest @ ..] => Self::parse_group(GroupKind::Security, rest, false),
            ["board", ref rest @ ..] => Self::parse_group(GroupKind::Security, rest, true),
            ["search"] => Some(Self::Search),
            ["search.xml"] => Some(Self::SearchFeed(FeedFormat::Atom)),
            ["search.json"] => Some(Self::SearchFeed(FeedFormat::Json)),
            ["search", "suggest"] => Some(Self::Suggest),
            ["robots.txt"] => Some(Self::Robots),
            ["favicon.ico"] => Some(Self::Favicon),
            ["_finews", file] => Some(Self::Asset(name(file)?)),
            ["feed.xml"] => Some(Self::Feed(FeedOf::All, FeedFormat::Atom)),
            ["feed.json"] => Some(Self::Feed(FeedOf::All, FeedFormat::Json)),
            ["feed", file] => feed(file, GroupKind::Source),
            ["feed", "by_tag", file] => feed(file, GroupKind::Tag),
            ["feed", "stock", file] => feed(file, GroupKind::Security),
            ["sitemap.xml"] => Some(Self::Sitemaps),
            ["news-sitemap.xml"] => Some(Self::NewsSitemap),
            ["sitemap", file] => Some(Self::Sitemap(file.strip_suffix(".xml")?.parse().ok()?)),
            ["archive", file] => Some(Self::Dataset(file.parse().ok()?)),
            ["opensearch.xml"] => Some(Self::OpenSearch),
            ["manifest.webmanifest"] => Some(Self::Manifest),
            ["healthz" | "readyz" | "live"] | ["_finews", ..] => Some(Self::Reserved),
            _ => Self::parse_date(&segments),
        }
    }

    /// Parses the segments after the folder of a kind of group.
    fn parse_group(kind: GroupKind, segments: &[&'a str], is_board_folder: bool) -> Option<Self> {
        let (name, number) = match *segments {
            ["" | "index.html"] => return Some(Self::Groups(kind)),
            [file] => (name(file.strip_suffix(".html")?)?, PageNumber::Latest),
            [group, file] => (name(group)?, html_number(file)?),
            _ => return None,
        };
        let is_misplaced = kind == GroupKind::Security && is_board(&name) != is_board_folder;
        Some(if is_misplaced { Self::Misplaced(name, number) } else { Self::Group(kind, name, number) })
    }

    fn parse_date(segments: &[&str]) -> Option<Self> {
        let (last, parts) = segments.split_last()?;
        if !matches!(*last, "" | "index.html") {
            return None;
        }
        match *parts {
            [y] => Some(Self::Year(year(y)?)),
            [y, m] => Some(Self::Month(year(y)?, month(m)?)),
            [y, m, d] => Some(Self::Day(day(y, m, d)?, PageNumber::Latest)),
            [y, m, d, n] => Some(Self::Day(day(y, m, d)?, number(n)?)),
            _ => None,
        }
    }

    /// The URL pattern of the route, which metrics use as a label.
    pub fn pattern(&self) -> RoutePattern {
        RoutePattern(match self {
            Self::Home => "/",
            Self::Groups(kind) => group_patterns(*kind, false)[0],
            Self::Group(kind, name, number) => group_pattern(*kind, is_board(name), *number),
            Self::Misplaced(code, number) => group_pattern(GroupKind::Security, !is_board(code), *number),
            Self::Year(_) => "/{year}/",
            Self::Month(..) => "/{year}/{month}/",
            Self::Day(_, PageNumber::Latest) => "/{year}/{month}/{day}/",
            Self::Day(_, PageNumber::Page(_)) => "/{year}/{month}/{day}/{n}/",
            Self::Search => "/search",
            Self::SearchFeed(FeedFormat::Atom) => "/search.xml",
            Self::SearchFeed(FeedFormat::Json) => "/search.json",
            Self::Suggest => "/search/suggest",
            Self::Feed(FeedOf::All, FeedFormat::Atom) => "/feed.xml",
            Self::Feed(FeedOf::All, FeedFormat::Json) => "/feed.json",
            Self::Feed(_, FeedFormat::Atom) => "/feed/{name}.xml",
            Self::Feed(_, FeedFormat::Json) => "/feed/{name}.json",
            Self::Sitemaps => "/sitemap.xml",
            Self::Sitemap(_) => "/sitemap/{file}.xml",
            Self::NewsSitemap => "/news-sitemap.xml",
            Self::Dataset(_) => "/archive/{file}",
            Self::OpenSearch => "/opensearch.xml",
            Self::Manifest => "/manifest.webmanifest",
            Self::Robots => "/robots.txt",
            Self::Favicon => "/favicon.ico",
            Self::Asset(_) => "/_finews/{file}",
            Self::Reserved => "none",
        })
    }

    /// Returns whether the archive has posts for the page. Pages that exist without posts count as well.
    pub fn exists_in(&self, archive: &Snapshot) -> bool {
        let is_page = |list: &List, number| ListPage::new(list, number).is_some();
        let any_day = |days: Option<(NaiveDate, NaiveDate)>| {
            days.is_some_and(|(first, last)| archive.days(first..=last).next().is_some())
        };
        match self {
            Self::Home | Self::Groups(_) | Self::Search | Self::Robots => true,
            Self::Group(GroupKind::Security, code, number) | Self::Misplaced(code, number) => {
                !Self::securities_meant_by(archive, code, *number).is_empty()
            }
            Self::Group(kind, name, number) => match archive.group(*kind, name) {
                Some(group) => is_page(group.posts(), *number),
                None if *number == PageNumber::Latest && archive.empty_group(*kind, name).is_some() => true,
                None if *kind != GroupKind::Source => false,
                None => archive.joined_categories(name).is_some_and(|posts| is_page(&posts, *number)),
            },
            Self::Feed(of, _) => of.posts(archive).is_some(),
            Self::Sitemaps | Self::NewsSitemap => true,
            Self::Sitemap(file) => file.exists_in(archive),
            Self::OpenSearch | Self::Manifest | Self::Favicon | Self::SearchFeed(_) | Self::Suggest => true,
            Self::Dataset(DatasetFile::Month(first)) => archive.month_of(archive.listed(), *first).is_some(),
            Self::Dataset(_) => !archive.listed().is_empty(),
            Self::Year(year) => any_day(year_bounds(*year)),
            Self::Month(year, month) => any_day(month_bounds(*year, *month)),
            Self::Day(day, number) => archive.day(*day).is_some_and(|posts| is_page(posts, *number)),
            Self::Asset(_) | Self::Reserved => false,
        }
    }

    /// The first page of a day, with its newest posts.
    pub fn day(date: NaiveDate) -> Self {
        Self::Day(date, PageNumber::Latest)
    }

    /// The first page of a group, by its name, or by the canonical code of a security.
    pub fn group(kind: GroupKind, name: &'a str) -> Self {
        Self::Group(kind, name.into(), PageNumber::Latest)
    }

    /// The securities that match the code of such a route and have this page number.
    pub fn securities_meant_by<'s>(archive: &'s Snapshot, code: &str, number: PageNumber) -> Vec<&'s str> {
        let mut codes = archive.securities_meant_by(code);
        let has_page = |code: &&str| {
            let group = archive.group(GroupKind::Security, code);
            group.is_some_and(|group| ListPage::new(group.posts(), number).is_some())
        };
        codes.retain(has_page);
        codes
    }
}

impl Display for Route<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let group = |f: &mut Formatter<'_>, kind: &GroupKind, is_board, name: &str, number: &PageNumber| {
            let [folder, ..] = group_patterns(*kind, is_board);
            let escaped = utf8_percent_encode(name, SEGMENT);
            match number {
                // `index.html` is the list of all groups, so a group called `index` escapes its first letter.
                PageNumber::Latest if name == "index" => write!(f, "{folder}%69ndex.html"),
                PageNumber::Latest => write!(f, "{folder}{escaped}.html"),
                PageNumber::Page(n) => write!(f, "{folder}{escaped}/{n}.html"),
            }
        };
        match self {
            Self::Home | Self::Reserved => f.write_str("/"),
            Self::Groups(kind) => f.write_str(group_patterns(*kind, false)[0]),
            Self::Group(kind, name, number) => group(f, kind, is_board(name), name, number),
            Self::Misplaced(code, number) => group(f, &GroupKind::Security, !is_board(code), code, number),
            Self::Search => f.write_str("/search"),
            Self::SearchFeed(format) => write!(f, "/search.{}", format.extension()),
            Self::Suggest => f.write_str("/search/suggest"),
            Self::Year(year) => write!(f, "/{year:04}/"),
            Self::Month(year, month) => write!(f, "/{year:04}/{month:02}/"),
            Self::Day(day, number) => {
                write!(f, "/{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())?;
                match number {
                    PageNumber::Latest => Ok(()),
                    PageNumber::Page(n) => write!(f, "{n}/"),
                }
            }
            Self::Feed(of, format) => {
                let (folder, name) = match of {
                    FeedOf::All => return write!(f, "/feed.{}", format.extension()),
                    FeedOf::Group(GroupKind::Source, name) => ("", name),
                    FeedOf::Group(GroupKind::Tag, name) => ("by_tag/", name),
                    FeedOf::Group(GroupKind::Security, code) => ("stock/", code),
                };
                write!(f, "/feed/{folder}{}.{}", utf8_percent_encode(name, SEGMENT), format.extension())
            }
            Self::Sitemaps => f.write_str("/sitemap.xml"),
            Self::Sitemap(file) => write!(f, "/sitemap/{file}.xml"),
            Self::NewsSitemap => f.write_str("/news-sitemap.xml"),
            Self::Dataset(file) => write!(f, "/archive/{file}"),
            Self::OpenSearch => f.write_str("/opensearch.xml"),
            Self::Manifest => f.write_str("/manifest.webmanifest"),
            Self::Robots => f.write_str("/robots.txt"),
            Self::Favicon => f.write_str("/favicon.ico"),
            Self::Asset(file) => write!(f, "/_finews/{}", utf8_percent_encode(file, SEGMENT)),
        }
    }
}

/// The folder of a kind of group, and the patterns of the latest and the numbered pages in it. Sectors have a
/// folder of their own.
fn group_patterns(kind: GroupKind, is_board: bool) -> [&'static str; 3] {
    match kind {
        GroupKind::Source => ["/category/", "/category/{name}.html", "/category/{name}/{n}.html"],
        GroupKind::Tag => ["/tag/", "/tag/{name}.html", "/tag/{name}/{n}.html"],
        GroupKind::Security if is_board => ["/board/", "/board/{code}.html", "/board/{code}/{n}.html"],
        GroupKind::Security => ["/stock/", "/stock/{code}.html", "/stock/{code}/{n}.html"],
    }
}

/// The pattern of a page of a group.
fn group_pattern(kind: GroupKind, is_board: bool, number: PageNumber) -> &'static str {
    let [_, latest, numbered] = group_patterns(kind, is_board);
    if number == PageNumber::Latest { latest } else { numbered }
}

/// The paths of a site that belong to generated pages.
pub const RESERVED_PATHS: ReservedPaths =
    ReservedPaths { always: is_always_ours, list_like: is_list_like, in_archive: is_list_of, group_at };

/// `robots.txt` and the manifest are missing here: a post or page of the site takes precedence over them.
fn is_always_ours(path: &str) -> bool {
    matches!(
        Route::parse(&encode(path)),
        Some(
            Route::Home
                | Route::Groups(_)
                | Route::Search
                | Route::Suggest
                | Route::Favicon
                | Route::Feed(..)
                | Route::Sitemaps
                | Route::Sitemap(_)
                | Route::NewsSitemap
                | Route::OpenSearch
                | Route::Asset(_)
                | Route::Reserved
        )
    )
}

/// Returns whether a path has the form of a list's path.
fn is_list_like(path: &str) -> bool {
    // The start and end rule out most paths without the cost of parsing.
    let is_below = |kind: &GroupKind| {
        [false, true].iter().any(|is_board| path.starts_with(group_patterns(*kind, *is_board)[0]))
    };
    let is_near = path.ends_with('/') || path.ends_with("/index.html") || GroupKind::ALL.iter().any(is_below);
    // Many sites have a page of their own at `/archive/`, which takes precedence over the data set.
    is_near && Route::parse(&encode(path)).is_some_and(|route| !matches!(route, Route::Dataset(_)))
}

fn is_list_of(archive: &Snapshot, path: &str) -> bool {
    Route::parse(&encode(path)).is_some_and(|route| route.exists_in(archive))
}

/// Returns the source or tag whose posts a static site lists at a decoded path: `/category/hongwang.html`,
/// `/categories/hongwang/`. Paths in other spellings than ours redirect to the list.
fn group_at(path: &str) -> Option<(GroupKind, String)> {
    let (folder, file) = path.strip_prefix('/')?.split_once('/')?;
    let kind = match folder {
        "category" | "categories" => GroupKind::Source,
        "tag" | "tags" => GroupKind::Tag,
        _ => return None,
    };
    // Static hosts serve `/category/hongwang` from the file with `.html`.
    let bare = Some(file).filter(|file| !file.contains('.'));
    let mut endings = ["/index.html", "/", ".html"].into_iter();
    let name = endings.find_map(|ending| file.strip_suffix(ending)).or(bare)?;
    (!matches!(name, "" | "index") && !name.contains('/')).then(|| (kind, name.to_owned()))
}

/// Characters that a URL must not contain (RFC 3986, section 2) or that browsers would misread.
pub(super) const UNFIT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Escapes the characters that an operator may write in a path but a URL must not contain. Existing escapes
/// stay.
pub fn escaped(path: String) -> String {
    match Cow::from(utf8_percent_encode(&path, UNFIT)) {
        Cow::Owned(escaped) => escaped,
        Cow::Borrowed(_) => path,
    }
}

/// Percent-encodes a decoded path in the way that [`Route`] writes paths.
fn encode(path: &str) -> Cow<'_, str> {
    utf8_percent_encode(path, SEGMENTS).into()
}

/// The value of a query field, decoded and trimmed; `None` if it is empty. Forms of old pages send GBK.
pub fn field(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = form_text(pairs.find(|(key, _)| form_text(key) == name)?.1);
    let spaced =
        value.trim_end_matches(damaged::LOST).chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let shown: String = spaced.filter(|c| !is_forbidden(*c)).collect();
    Some(shown.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Decodes a name or a value of a form.
fn form_text(encoded: &str) -> String {
    damaged::decoded(&encoded.replace('+', " ")).into_owned()
}

/// The path of an article's source: `.md` instead of `.html`.
pub fn source_of(article: &str) -> Option<String> {
    article.strip_suffix(".html").map(|stem| format!("{stem}.md"))
}

/// The path of the article that belongs to a source's path.
pub fn article_of(source: &str) -> Option<String> {
    source.strip_suffix(".md").map(|stem| format!("{stem}.html"))
}

/// Percent-decodes a whole path; `None` if the result is not UTF-8 or contains a NUL.
pub fn decode(path: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(path).decode_utf8().ok().filter(|text| !text.contains('\0'))
}

/// Percent-decodes a whole path, and replaces bytes that are not UTF-8, as the archive does with permalinks.
pub(crate) fn decode_lossy(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8_lossy()
}

fn name(segment: &str) -> Option<Cow<'_, str>> {
    decode(segment).filter(|name| !name.is_empty())
}

/// The feed that a file name stands for.
fn feed(file: &str, kind: GroupKind) -> Option<Route<'_>> {
    let (stem, extension) = file.rsplit_once('.')?;
    let format =
        [FeedFormat::Atom, FeedFormat::Json].into_iter().find(|format| format.extension() == extension)?;
    Some(Route::Feed(FeedOf::Group(kind, name(stem)?), format))
}

fn html_number(file: &str) -> Option<PageNumber> {
    number(file.strip_suffix(".html")?)
}

/// A page number as [`Route`] writes it: no sign, no leading zero, at most six digits.
fn number(text: &str) -> Option<PageNumber> {
    let plain =
        (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    plain.then(|| text.parse().ok()).flatten().map(PageNumber::Page)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::body::SecurityCode;

    #[test]
    fn paths_are_split_before_they_are_decoded() {
        let source = |name| Route::group(GroupKind::Source, name);
        let table = [
            ("/category/a%2Fb.html", Some(source("a/b"))),
            ("/category/Career%20In%20x.html", Some(source("Career In x"))),
            ("/category/anxin(xianggang).html", Some(source("anxin(xianggang)"))),
            ("/category/a/2.html", Some(Route::Group(GroupKind::Source, "a".into(), PageNumber::Page(2)))),
            ("/category/a/02.html", None),
            ("/category/a/b", None),
            ("/category/.html", None),
            ("/category/%ff.html", None),
            ("/2024/", Some(Route::Year(2024))),
            ("/2024/13/", None),
            ("/2024/02/30/", None),
            ("/2024/02/03/index.html", NaiveDate::from_ymd_opt(2024, 2, 3).map(Route::day)),
            ("/2024/02/03/202402031234567/", None),
            ("/x/", None),
        ];
        for (path, route) in table {
            assert_eq!(Route::parse(path), route, "{path}");
        }
    }

    #[test]
    fn pages_of_sources_and_tags_are_recognised() {
        let source = |name: &str| Some((GroupKind::Source, name.to_owned()));
        let table = [
            ("/category/hongwang.html", source("hongwang")),
            ("/category/Career In x.html", source("Career In x")),
            ("/categories/红网/", source("红网")),
            ("/categories/a/index.html", source("a")),
            ("/tags/a.html", Some((GroupKind::Tag, "a".to_owned()))),
            ("/category/", None),
            ("/category/index.html", None),
            ("/category/.html", None),
            ("/category/a/b.html", None),
            ("/category/a", source("a")),
            ("/category/a.xml", None),
            ("/about/a.html", None),
            ("/a.html", None),
        ];
        for (path, group) in table {
            assert_eq!(group_at(path), group, "{path}");
        }
    }

    #[test]
    fn characters_invalid_in_urls_are_escaped() {
        let table = [
            ("/a/b.html?x=%E4#y", "/a/b.html?x=%E4#y"),
            ("/a b/\u{4e2d}", "/a%20b/%E4%B8%AD"),
            ("/\\evil.example/", "/%5Cevil.example/"),
            ("/\t/evil.example/", "/%09/evil.example/"),
        ];
        for (path, expected) in table {
            assert_eq!(escaped(path.into()), expected);
        }
    }

    #[test]
    fn query_fields_are_decoded_by_name() {
        let table = [
            ("q=a+b&x=1", Some("a b")),
            ("x=1&q=%E4%B8%AD%E6%96%87", Some("中文")),
            ("%71=a&q=b", Some("a")),
            ("q=100%25", Some("100%")),
            ("q=100%", Some("100%")),
            ("q=a%3Db=c", Some("a=b=c")),
            ("q=%D6%D0%CE%C4+a", Some("中文 a")),
            ("q=%E4%B8%AD%E6%96", Some("中")),
            ("q=%E4%B8%AD%E6%9", Some("中")),
            ("q=%ff", None),
            ("q=+", None),
            ("q", None),
            ("x=1", None),
            ("", None),
        ];
        for (query, expected) in table {
            assert_eq!(field(query, "q").as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn security_links_of_bodies_match_the_security_route() {
        for code in ["600160.SH", "BRK.B.US", "BK0493"] {
            let page = code.parse::<SecurityCode>().expect("a code").page();
            assert_eq!(page, Route::group(GroupKind::Security, code).to_string());
        }
    }

    proptest! {
        #[test]
        fn routes_round_trip_through_their_paths(name in "\\PC{1,20}", n in 1usize..99999, days in 0i32..3_000_000) {
            let date = NaiveDate::from_num_days_from_ce_opt(days + 366).expect("a day");
            for number in [PageNumber::Latest, PageNumber::Page(n)] {
                let groups = GroupKind::ALL.map(|kind| Route::Group(kind, name.as_str().into(), number));
                let feeds = |format| GroupKind::ALL.map(|kind| Route::Feed(FeedOf::Group(kind, name.as_str().into()), format));
                let others = [Route::Day(date, number), Route::Misplaced(name.as_str().into(), number), Route::Year(date.year()), Route::Month(date.year(), date.month())];
                for route in groups.into_iter().chain(feeds(FeedFormat::Json)).chain(feeds(FeedFormat::Atom)).chain(others) {
                    let path = route.to_string();
                    if date.year() < 10_000 {
                        prop_assert_eq!(Route::parse(&path), Some(route));
                    }
                }
            }
        }

        #[test]
        fn any_path_parses_without_panic(path in "\\PC*") {
            let _ = Route::parse(&path);
            let _ = is_always_ours(&path);
        }
    }
}
