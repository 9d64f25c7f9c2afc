//! Old addresses: where the forms that Jekyll, its plugins and this archive's own templates once
//! used lead today.

use super::paths::Route;
use super::reply::Visit;
use crate::archive::Target;
use crate::archive::snapshot::Group;

/// The path, without `baseurl`, that a decoded old path leads to.
pub fn find(visit: &Visit<'_>, path: &str, paginate: usize) -> Option<String> {
    let parts: Vec<&str> = path.strip_prefix('/')?.trim_end_matches('/').split('/').collect();
    folder(visit, path)
        .or_else(|| paginated(visit, &parts, paginate))
        .or_else(|| archived(visit, &parts))
        .or_else(|| return_link(visit, &parts))
        .or_else(|| dated_category(visit, &parts))
}

/// GitHub Pages redirected `/dir` to `/dir/`.
fn folder(visit: &Visit<'_>, path: &str) -> Option<String> {
    if path.ends_with('/') {
        return None;
    }
    let folder = format!("{path}/");
    match visit.archive.at_path(&folder) {
        Some(Target::Post(id)) => Some(visit.archive.post(id).url().to_owned()),
        Some(Target::Page(index)) => Some(visit.archive.pages()[index].url.to_string()),
        Some(Target::Moved(to)) => Some(to.to_string()),
        Some(Target::Gone | Target::Away(_)) => None,
        None => existing(visit, &folder),
    }
}

/// A list of ours, if there is one at the path.
fn existing(visit: &Visit<'_>, path: &str) -> Option<String> {
    Route::parse(path).filter(|route| route.is_in(visit.archive)).map(|route| route.to_string())
}

/// jekyll-paginate: `/page2/` held the posts after the first page's, newest first.
fn paginated(visit: &Visit<'_>, parts: &[&str], paginate: usize) -> Option<String> {
    let number: usize = match parts {
        [page] => page.strip_prefix("page")?.parse().ok()?,
        ["page", number] => number.parse().ok()?,
        _ => return None,
    };
    let listed = visit.archive.listed();
    let skipped = number.checked_sub(1)?.checked_mul(paginate)?;
    if number == 1 {
        return Some(Route::Home.to_string());
    }
    let place = skipped.checked_add(1).and_then(|beyond| listed.len().checked_sub(beyond));
    let first = place.map_or(listed.first(), |index| listed.get(index))?;
    let (day, number) = visit.archive.day_page(first);
    Some(Route::Day(day, number).to_string())
}

/// jekyll-archives: `/category/<slug>/` and `/tag/<slug>/`.
fn archived(visit: &Visit<'_>, parts: &[&str]) -> Option<String> {
    match parts {
        ["category" | "categories", slug] => source(visit, slug.trim_end_matches(".html")),
        ["tag" | "tags", slug] => {
            let tag = visit.archive.tag(slug).or_else(|| visit.archive.tag_by_slug(slug))?;
            Some(Route::tag(visit.archive.name(tag.name())).to_string())
        }
        ["categories"] => Some(Route::Sources.to_string()),
        ["tags"] => Some(Route::Tags.to_string()),
        _ => None,
    }
}

/// The archive's return links: `/emnews/`, or `../emnews/` from an article, which browsers resolve
/// against the article's folder.
fn return_link(visit: &Visit<'_>, parts: &[&str]) -> Option<String> {
    source(visit, parts.last()?)
}

/// A folder of an article's URL: `/emnews/2021/12/` is nearest to the month, `/emnews/` to the source.
fn dated_category(visit: &Visit<'_>, parts: &[&str]) -> Option<String> {
    let dates = parts.iter().position(|part| part.len() == 4 && part.parse::<i32>().is_ok())?;
    if dates == 0 {
        return None;
    }
    let path = format!("/{}/", parts[dates..].join("/"));
    existing(visit, &path).or_else(|| {
        let day = Route::parse(&path)?;
        matches!(day, Route::Year(_) | Route::Month(..) | Route::Day(..))
            .then(|| source(visit, parts[dates - 1]))?
    })
}

fn source(visit: &Visit<'_>, name: &str) -> Option<String> {
    let group: &Group = match visit.archive.category(name) {
        Some(group) => group,
        None if visit.archive.joined_categories(name).is_some() => {
            return Some(Route::source(name).to_string());
        }
        None => visit.archive.category_by_slug(name)?,
    };
    Some(Route::source(visit.archive.name(group.name())).to_string())
}
