//! Redirects of old and damaged URLs: the forms that Jekyll, its plugins, other programs and this archive's own
//! templates once used, pages that finews replaces by a list, and posts whose URL lost its folders, case or
//! extension.

use std::cmp::Reverse;

use chrono::{Datelike, NaiveDate};

use crate::archive::page::{PostList, Replacement};
use crate::archive::snapshot::{GroupKind, last_part};
use crate::archive::{Post, PostId, Target};
use crate::config::Config;
use crate::web::http::request::PageRequest;
use crate::web::paths::damaged::LOST;
use crate::web::paths::feed::{FeedFormat, FeedOf};
use crate::web::paths::{self, Route};

/// Settings that determine the URLs that Jekyll's plugins generated.
#[derive(Debug)]
pub struct LegacySettings {
    /// Posts per page in jekyll-paginate.
    pub paginate: usize,
    /// The path of a page of jekyll-paginate before and after its number; `None` for the usual path.
    pub paginate_path: Option<(String, String)>,
    /// The path of jekyll-feed's feed, with a leading slash; `None` if it is a current route.
    pub feed: Option<String>,
}

impl LegacySettings {
    /// Reads the settings of a configuration.
    pub fn new(config: &Config) -> Self {
        // A current route needs no redirect.
        let feed = config.site.feed_path.clone().filter(|path| Route::parse(path).is_none());
        let paginate_path = config.site.paginate_path.as_deref().and_then(|path| {
            let (before, after) = path.split_once(":num")?;
            let after = after.trim_end_matches("index.html").trim_end_matches('/');
            // A number alone is a year.
            (before != "/").then(|| (before.to_owned(), after.to_owned()))
        });
        Self { paginate: config.site.paginate.max(1), paginate_path, feed }
    }

    /// Returns the page number in a path of the configured form.
    fn page_number(&self, path: &str) -> Option<usize> {
        let (before, after) = self.paginate_path.as_ref()?;
        let path = path.trim_end_matches("index.html").trim_end_matches('/');
        path.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?.parse().ok()
    }
}

/// Returns the path, without `baseurl`, that a decoded old path redirects to.
pub fn find(request: &PageRequest<'_>, path: &str, old: &LegacySettings) -> Option<String> {
    let parts: Vec<&str> = path.strip_prefix('/')?.trim_end_matches('/').split('/').collect();
    // Paths below these always belonged to this program and have not moved.
    if matches!(parts[..], ["_finews" | "search", _, ..]) {
        return None;
    }
    if old.feed.as_deref() == Some(path) {
        return Some(Route::Feed(FeedOf::All, FeedFormat::Atom).to_string());
    }
    // The site's page `/archive.html`, which a list replaces, precedes the folder `/archive/` of finews.
    let list = if path.ends_with('/') { None } else { list_of_page(request, path) };
    list.or_else(|| slash(request, path))
        .or_else(|| foreign_feed(request, &parts))
        .or_else(|| paginated(request, path, &parts, old))
        .or_else(|| list_of_page(request, path))
        .or_else(|| archived(request, &parts))
        .or_else(|| dated(request, &parts))
        .or_else(|| return_link(request, &parts))
        .or_else(|| dated_category(request, &parts))
        .or_else(|| own_page(request, path))
        .or_else(|| elsewhere(request, path))
        .or_else(|| cut_off(request, path))
}

/// GitHub Pages redirected `/dir` to `/dir/`, also if the index of the folder is a page at `/dir/index.html`. A slash
/// after a file name is removed.
fn slash(request: &PageRequest<'_>, path: &str) -> Option<String> {
    let other = match path.strip_suffix('/') {
        Some(file) => file.to_owned(),
        None => format!("{path}/"),
    };
    let has_index = || {
        let index = request.archive.at_path(&format!("{other}index.html"));
        other.ends_with('/') && matches!(index, Some(Target::Page(_)))
    };
    located(request, &other).or_else(|| has_index().then(|| paths::encode(&other).into_owned()))
}

/// Returns the path of the post, page or list at a decoded path.
pub(crate) fn located(request: &PageRequest<'_>, path: &str) -> Option<String> {
    match request.archive.at_path(path) {
        Some(Target::Post(id)) => Some(request.archive.post(id).url().to_owned()),
        Some(Target::Page(index)) => Some(request.archive.pages()[index].url.to_string()),
        Some(Target::Moved(to)) => Some(to.to_string()),
        Some(Target::Gone | Target::Away(_)) => None,
        None => existing(request, path),
    }
}

/// Returns the path of a list, if the list exists.
fn existing(request: &PageRequest<'_>, path: &str) -> Option<String> {
    Route::parse(path).filter(|route| route.exists_in(request.archive)).map(|route| route.to_string())
}

/// The feed addresses of other programs, such as WordPress and Hugo: of the site, and of a category or tag.
fn foreign_feed(request: &PageRequest<'_>, parts: &[&str]) -> Option<String> {
    let all = || Route::Feed(FeedOf::All, FeedFormat::Atom).to_string();
    if is_feed(parts) {
        return Some(all());
    }
    match parts {
        [folder, rest @ ..] if is_feed(rest) => feed_of_group(request, GroupKind::Source, folder)
            .or_else(|| matches!(*folder, "blog" | "posts" | "articles" | "news").then(all)),
        [folder, name, rest @ ..] if is_feed(rest) => feed_of_group(request, group_kind(folder)?, name),
        _ => None,
    }
}

/// Returns whether the last parts of a path are a usual address of a feed.
fn is_feed(parts: &[&str]) -> bool {
    matches!(
        parts,
        ["feed"
            | "feeds"
            | "rss"
            | "atom"
            | "feed.xml"
            | "rss.xml"
            | "atom.xml"
            | "index.xml"
            | "feed.rss"
            | "feed.atom"]
            | [
                "feed" | "feeds" | "rss",
                "atom" | "rss" | "rss2" | "rdf" | "index.xml" | "atom.xml" | "rss.xml" | "feed.xml"
            ]
    )
}

/// Returns the path of the feed of the group that a name or slug stands for.
fn feed_of_group(request: &PageRequest<'_>, kind: GroupKind, slug: &str) -> Option<String> {
    let archive = request.archive;
    let group = archive.group(kind, slug).or_else(|| archive.group_by_slug(kind, slug))?;
    let of = FeedOf::Group(kind, archive.name(group.name()).into());
    Some(Route::Feed(of, FeedFormat::Atom).to_string())
}

/// A page of the site that only lists posts, which finews does not render: the list in its place.
fn list_of_page(request: &PageRequest<'_>, path: &str) -> Option<String> {
    let replacement = request.archive.list_of_page(path)?;
    if let Some(group) = group_of_page(request, path, replacement) {
        return Some(group);
    }
    let route = match replacement.list {
        PostList::Newest => Route::Home,
        PostList::Years => {
            request.archive.newest_day().map_or(Route::Home, |newest| Route::Year(newest.year()))
        }
        PostList::Sources => Route::Groups(GroupKind::Source),
        PostList::Tags => Route::Groups(GroupKind::Tag),
        PostList::Feed => {
            // A feed in the folder of a category or tag is that of its posts.
            let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
            if let Some(feed) = foreign_feed(request, &parts) {
                return Some(feed);
            }
            Route::Feed(FeedOf::All, FeedFormat::Atom)
        }
        PostList::JsonFeed => Route::Feed(FeedOf::All, FeedFormat::Json),
    };
    Some(route.to_string())
}

/// The list of the only group whose posts a page of the site lists: of the category that gives the page its name, else
/// of the group that its Liquid names.
fn group_of_page(request: &PageRequest<'_>, path: &str, replacement: &Replacement) -> Option<String> {
    if matches!(replacement.list, PostList::Feed | PostList::JsonFeed) {
        return None;
    }
    let archive = request.archive;
    let list = |kind: GroupKind, name: &str| {
        let group = archive.group(kind, name).or_else(|| archive.group_by_slug(kind, name))?;
        Some(Route::group(kind, archive.name(group.name())).to_string())
    };
    let named = || replacement.group.as_ref().and_then(|(kind, name)| list(*kind, name));
    last_part(path).and_then(|part| list(GroupKind::Source, without_extension(part))).or_else(named)
}

/// jekyll-paginate: `/page2/` held the posts after those of the first page, newest first. The pages of a list that
/// is not the home page are below that list.
fn paginated(request: &PageRequest<'_>, path: &str, parts: &[&str], old: &LegacySettings) -> Option<String> {
    let number = match old.page_number(path) {
        Some(number) => number,
        None => {
            let (above, number): (_, usize) = match parts {
                [above @ .., "page", number] => (above, number.parse().ok()?),
                [above @ .., page] => (above, page.strip_prefix("page")?.parse().ok()?),
                [] => return None,
            };
            if !above.is_empty() {
                let above = format!("/{}", above.join("/"));
                let list = list_of_page(request, &above)?;
                if list != Route::Home.to_string() {
                    return Some(list);
                }
            }
            number
        }
    };
    let listed = request.archive.listed();
    let skipped = number.checked_sub(1)?.checked_mul(old.paginate)?;
    if number == 1 {
        return Some(Route::Home.to_string());
    }
    let place = skipped.checked_add(1).and_then(|beyond| listed.len().checked_sub(beyond));
    let first = place.map_or(listed.first(), |index| listed.get(index))?;
    let (day, number) = request.archive.day_page(first);
    Some(Route::Day(day, number).to_string())
}

/// jekyll-archives: `/category/<slug>/` and `/tag/<slug>/`. jekyll-paginate-v2 appended `page/2/`, and links
/// without a scheme put the host in front.
fn archived(request: &PageRequest<'_>, parts: &[&str]) -> Option<String> {
    let (place, kind) =
        parts.iter().enumerate().find_map(|(place, part)| Some((place, group_kind(part)?)))?;
    match parts[place + 1..] {
        [] => Some(Route::Groups(kind).to_string()),
        [slug] => group(request, kind, without_extension(slug)),
        [slug, page] | [slug, "page", page] if is_page(page) => group(request, kind, without_extension(slug)),
        _ => None,
    }
}

/// Returns the kind of the groups in a folder of jekyll-archives.
fn group_kind(folder: &str) -> Option<GroupKind> {
    match folder.to_ascii_lowercase().as_str() {
        "category" | "categories" => Some(GroupKind::Source),
        "tag" | "tags" => Some(GroupKind::Tag),
        _ => None,
    }
}

/// Returns whether a part of a path is a page number: `page2`, `2`.
fn is_page(part: &str) -> bool {
    let number = part.strip_prefix("page").unwrap_or(part);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

fn without_extension(file: &str) -> &str {
    match file.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case("html") => stem,
        _ => file,
    }
}

/// A month or day with other digits or separators: `/2021/12/9/`, `/2021-12-09`.
fn dated(request: &PageRequest<'_>, parts: &[&str]) -> Option<String> {
    let numbers: Option<Vec<u32>> =
        parts.iter().flat_map(|part| part.split('-')).map(|part| part.parse().ok()).collect();
    let route = match numbers?[..] {
        [year, month] => Route::Month(year.try_into().ok()?, month),
        [year, month, day] => Route::day(NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?),
        _ => return None,
    };
    route.exists_in(request.archive).then(|| route.to_string())
}

/// The archive's return links: `/emnews/`, or `../emnews/` from an article, which browsers
/// resolve against the article's folder.
fn return_link(request: &PageRequest<'_>, parts: &[&str]) -> Option<String> {
    group(request, GroupKind::Source, parts.last()?)
}

/// A folder of an article's URL: `/emnews/2021/12/` leads to the month or, if it has no posts, to the source.
fn dated_category(request: &PageRequest<'_>, parts: &[&str]) -> Option<String> {
    let dates = parts.iter().position(|part| part.len() == 4 && part.parse::<i32>().is_ok())?;
    if dates == 0 {
        return None;
    }
    let path = format!("/{}/", parts[dates..].join("/"));
    existing(request, &path).or_else(|| {
        let day = Route::parse(&path)?;
        matches!(day, Route::Year(_) | Route::Month(..) | Route::Day(..))
            .then(|| group(request, GroupKind::Source, parts[dates - 1]))?
    })
}

/// Returns the post with the same last part of the path. Among several, the order is: the day nearest to the
/// one in the path (if it has one), the most folders in common, the same spelling, the newest.
fn elsewhere(request: &PageRequest<'_>, path: &str) -> Option<String> {
    // A missing list is not a post, and a post that is not published yet must not lead to another one.
    if Route::parse(path).is_some() || request.archive.is_taken(path) {
        return None;
    }
    let last = last_part(path)?;
    // Some programs escape a URL twice.
    let twice = paths::decode(last).filter(|twice| *twice != last);
    let mut found: Vec<PostId> = request.archive.posts_by_fuzzy_path(last).collect();
    if let Some(twice) = twice.filter(|_| found.is_empty()) {
        found.extend(request.archive.posts_by_fuzzy_path(&twice));
    }
    let day = date_in(path);
    let distance =
        |post: &Post| day.map(|day| (post.date.day(request.archive.zone()) - day).num_days().abs());
    // A number that is not an id is ambiguous: the post must be of the same day.
    let is_number = last.len() < SHORTEST_ID && without_extension(last).bytes().all(|b| b.is_ascii_digit());
    let posts = found.into_iter().map(|id| request.archive.post(id));
    posts
        // A post that has moved away may redirect to this path.
        .filter(|post| !post.has_moved() && (!is_number || distance(post) == Some(0)))
        .min_by_key(|post| {
            let is_spelled_so = paths::decode(post.url()).is_some_and(|url| last_part(&url) == Some(last));
            (
                distance(post),
                Reverse(shared(path, post.url())),
                !is_spelled_so,
                Reverse((post.date, post.path())),
            )
        })
        .map(|post| post.url().to_owned())
}

/// Returns the only post whose path begins like a path that lost its end. A path may also end between two Han
/// characters. It is compared with the posts of the day in the path or, if the path is evidently cut, with the
/// newest posts.
fn cut_off(request: &PageRequest<'_>, path: &str) -> Option<String> {
    let start = path.split(LOST).next()?;
    let start = start.strip_suffix("...").or_else(|| start.strip_suffix('…')).unwrap_or(start);
    let is_cut = start.len() < path.len();
    let posts = match date_in(path) {
        Some(day) if is_cut || !start.ends_with(|c: char| c.is_ascii()) => request.archive.day(day)?,
        None if is_cut => request.archive.listed(),
        _ => return None,
    };
    // A whole folder is no post, and one or two letters say too little.
    let name = start.rsplit('/').next().unwrap_or(start);
    if name.len() < SHORTEST_START {
        return None;
    }
    let continues = |post: &&Post| {
        let url = paths::decode(post.url());
        let rest = url.as_deref().and_then(|url| url.strip_prefix(start));
        rest.is_some_and(|rest| !post.has_moved() && !rest.trim_end_matches('/').contains('/'))
    };
    let posts = posts.newest(MOST_CUT_OFF).map(|id| request.archive.post(id));
    let mut found = posts.filter(continues);
    found.next().filter(|_| found.next().is_none()).map(|post| post.url().to_owned())
}

/// Minimum length of the part of a name before the cut, in bytes: one Han character.
const SHORTEST_START: usize = 3;

/// Maximum number of posts that a cut path is compared with; it bounds the time of the search.
const MOST_CUT_OFF: usize = 4096;

/// Returns how many folders two paths have in common, ignoring case.
fn shared(path: &str, url: &str) -> usize {
    let url = paths::decode(url).unwrap_or_default().to_lowercase();
    let folders = |path: &str| path.rsplit_once('/').map_or("", |(folders, _)| folders).to_owned();
    let (path, url) = (folders(&path.to_lowercase()), folders(&url));
    path.split('/').filter(|part| url.split('/').any(|other| other == *part)).count()
}

/// Minimum length of an article's id, which has more digits than a page number or a day.
const SHORTEST_ID: usize = 12;

/// Finds one of the site's own pages, ignoring case and the extension.
fn own_page(request: &PageRequest<'_>, path: &str) -> Option<String> {
    request.archive.page_by_fuzzy_path(path).map(|page| page.url.to_string())
}

/// Returns the path of the group, or of the joined sources, that a name or slug stands for. A group with a page
/// of the site needs no posts.
fn group(request: &PageRequest<'_>, kind: GroupKind, slug: &str) -> Option<String> {
    let archive = request.archive;
    let is_joined = || kind == GroupKind::Source && archive.joined_categories(slug).is_some();
    let name = match archive.group(kind, slug) {
        Some(_) => slug,
        None if is_joined() || archive.empty_group(kind, slug).is_some() => slug,
        None => archive.name(archive.group_by_slug(kind, slug)?.name()),
    };
    Some(Route::group(kind, name).to_string())
}

/// Returns the date in a path: `/2021/12/09/…`, or eight digits at the beginning of an id.
pub fn date_in(path: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = path.split(['/', '-']).collect();
    let number = |text: &str| text.parse::<u32>().ok();
    let ymd = parts.windows(3).find_map(|window| {
        let year = window[0].parse().ok().filter(|year| (1000..=9999).contains(year))?;
        NaiveDate::from_ymd_opt(year, number(window[1])?, number(window[2])?)
    });
    ymd.or_else(|| {
        parts.iter().find_map(|part| {
            let digits = part.trim_start_matches(|c: char| c.is_ascii_alphabetic()).get(..8)?;
            NaiveDate::parse_from_str(digits, "%Y%m%d").ok().filter(|day| (1000..=9999).contains(&day.year()))
        })
    })
}

/// Returns the words of a path that a search may find: those of its last part or, if it has none, of the
/// whole path. Dates and ids are left out.
pub fn words_of(path: &str) -> String {
    let is_word = |word: &&str| {
        word.chars().any(char::is_alphabetic)
            && word.bytes().filter(u8::is_ascii_digit).count() < 4
            && !["html", "htm", "index", "xml", "json", "php", "category", "tag", "feed"]
                .iter()
                .any(|part| part.eq_ignore_ascii_case(word))
    };
    let words = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
        words.filter(|word| is_word(&word.as_str())).take(WORDS).collect::<Vec<_>>().join(" ")
    };
    let last = last_part(path).map(words).filter(|words| !words.is_empty());
    last.unwrap_or_else(|| words(path))
}

/// Maximum number of words. A query with more finds no posts.
const WORDS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_legacy_paths() {
        let day = NaiveDate::from_ymd_opt(2021, 12, 9);
        let table = [
            ("/emnews/2021/12/09/1.html", day),
            ("/x/2021-12-09-title", day),
            ("/NW202112092206805832.html", day),
            ("/2021/13/09/", None),
            ("/", None),
            ("/中文", None),
        ];
        for (path, expected) in table {
            assert_eq!(date_in(path), expected, "{path}");
        }
    }

    #[test]
    fn search_words_are_extracted_from_a_path() {
        let table = [
            ("/emnews/2021/12/09/NW202112092206805832.html", "emnews"),
            ("/emnews/2021/12/09/two-words.html", "two words"),
            ("/新闻/央行_降准", "央行 降准"),
            ("/category/财\u{FFFD}.html", "财"),
            ("/2021/12/09/1.html", ""),
            ("/category/nobody.html", "nobody"),
            ("/x/5G-报告.html", "5G 报告"),
            ("/a/", "a"),
            ("/", ""),
        ];
        for (path, words) in table {
            assert_eq!(words_of(path), words, "{path}");
        }
    }
}
