//! `/search/suggest?q=`: what may be meant by what a reader has typed so far, in the format of OpenSearch
//! suggestions: securities by name, code or the initials of their pinyin, sources likewise, recent titles.

use pinyin::ToPinyin;
use serde_json::json;

use crate::archive::Snapshot;
use crate::archive::snapshot::{Group, Groups};
use crate::search::normalise::normalised;
use crate::web::cache::{CachePolicy, ContentType};
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};

/// Suggestions of each kind.
const SECURITIES: usize = 4;
const SOURCES: usize = 4;
const TITLES: usize = 5;
/// The newest posts, whose titles are looked at.
const RECENT: usize = 2_000;
/// Who types more is past suggestions.
const LONGEST: usize = 60;

/// How well a name fits what was typed; the first is best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is that.
    Whole,
    /// It begins like that.
    Beginning,
    /// Its initials do.
    Initials,
    /// It holds it.
    Part,
}

/// A suggestion.
struct Suggestion {
    text: String,
    about: String,
    href: String,
}

/// Answers `/search/suggest`.
pub fn get(visit: &Visit<'_>) -> Reply {
    let typed = visit.asked().unwrap_or_default();
    let asked: String = normalised(&typed).chars.into_iter().collect();
    let suggestions = match asked.chars().count() {
        1..=LONGEST => suggestions(visit, &asked),
        _ => Vec::new(),
    };
    let mut fingerprint = visit.fingerprint("suggest").with(&typed);
    for suggestion in &suggestions {
        fingerprint.add((&suggestion.text, &suggestion.about, &suggestion.href));
    }
    visit.conditional(ContentType::SUGGESTIONS, CachePolicy::Revalidate, fingerprint.finish(), || {
        let column = |of: fn(&Suggestion) -> &str| suggestions.iter().map(of).collect::<Vec<_>>();
        let [texts, abouts] = [column(|it| &it.text), column(|it| &it.about)];
        Ok(json!([typed, texts, abouts, column(|it| &it.href)]).to_string().into_bytes())
    })
}

fn suggestions(visit: &Visit<'_>, asked: &str) -> Vec<Suggestion> {
    let (archive, words) = (visit.archive, visit.site.words);
    let of_groups =
        |groups: &Groups, most: usize, kind: &str, with_name: bool, route: fn(&str) -> Route<'_>| {
            let suggestion = |group: &Group| {
                let name = archive.name(group.name());
                let about = if with_name { format!("{kind} {name}") } else { kind.to_owned() };
                Suggestion { text: group.label().to_owned(), about, href: visit.site.href(route(name)) }
            };
            fitting(archive, groups, asked, most).into_iter().map(suggestion).collect::<Vec<_>>()
        };
    let mut all =
        of_groups(archive.securities(), SECURITIES, words.security, true, |name| Route::security(name));
    all.extend(of_groups(archive.categories(), SOURCES, words.source, false, |name| Route::source(name)));
    let titles = archive.listed().newest(RECENT).map(|id| archive.post(id));
    let titles = titles.filter(|post| holds(post.title(), asked));
    all.extend(titles.take(TITLES).map(|post| Suggestion {
        text: post.title().to_owned(),
        about: words.day(post.date.day(archive.zone())),
        href: visit.site.href(post.url()),
    }));
    all
}

/// The groups that fit best; of those that fit as well, those with most posts of late.
fn fitting<'s>(archive: &'s Snapshot, groups: &'s Groups, asked: &str, most: usize) -> Vec<&'s Group> {
    let fit = |group: &Group| fit(archive.name(group.name()), group.label(), asked);
    let mut found: Vec<(Fit, &Group)> =
        groups.iter().filter_map(|group| Some((fit(group)?, group))).collect();
    let rank = |(fit, group): &(Fit, &Group)| (*fit, std::cmp::Reverse(group.recent().month));
    found.sort_by(|a, b| {
        rank(a).cmp(&rank(b)).then_with(|| archive.name(a.1.name()).cmp(archive.name(b.1.name())))
    });
    found.truncate(most);
    found.into_iter().map(|(_, group)| group).collect()
}

/// How well a group's name in addresses, or what readers see, fits a text that is normalised.
fn fit(name: &str, label: &str, asked: &str) -> Option<Fit> {
    let label: String = normalised(label).chars.into_iter().collect();
    let name = name.to_lowercase();
    if name == asked || label == asked {
        Some(Fit::Whole)
    } else if name.starts_with(asked) || label.starts_with(asked) {
        Some(Fit::Beginning)
    } else if has_initials(&label, asked) {
        Some(Fit::Initials)
    } else {
        (name.contains(asked) || label.contains(asked)).then_some(Fit::Part)
    }
}

/// Whether the initials of a name's pinyin begin like a text; what is no Han stands for itself.
fn has_initials(label: &str, asked: &str) -> bool {
    if !asked.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let initial = |c: char| match c.to_pinyin() {
        Some(pinyin) => pinyin.plain().chars().next().unwrap_or(c),
        None => c,
    };
    let mut label = label.chars().map(initial);
    asked.chars().all(|c| label.next() == Some(c))
}

/// Whether a title holds a text that is normalised.
fn holds(title: &str, asked: &str) -> bool {
    let chars = normalised(title).chars;
    let asked: Vec<char> = asked.chars().collect();
    chars.windows(asked.len()).any(|part| part == asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_beginning_its_pinyin_and_its_parts() {
        let table = [
            ("hongwang", "红网", "红网", Some(Fit::Whole)),
            ("hongwang", "红网", "红", Some(Fit::Beginning)),
            ("hongwang", "红网", "hongw", Some(Fit::Beginning)),
            ("hongwang", "红网", "hw", Some(Fit::Initials)),
            ("600519.SH", "贵州茅台", "gzm", Some(Fit::Initials)),
            ("600519.SH", "贵州茅台", "600519", Some(Fit::Beginning)),
            ("600519.SH", "贵州茅台", "茅台", Some(Fit::Part)),
            ("36Kr", "36氪", "36k", Some(Fit::Beginning)),
            ("hongwang", "红网", "wh", None),
        ];
        for (name, label, asked, expected) in table {
            assert_eq!(fit(name, label, asked), expected, "{label} {asked}");
        }
    }
}
