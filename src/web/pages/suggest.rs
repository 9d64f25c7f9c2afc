//! `/search/suggest?q=`: what may be meant by what a reader has typed so far, in the format of OpenSearch
//! suggestions: securities by name, code or the initials of their pinyin, sources likewise, recent titles.

use serde_json::json;

use crate::archive::Snapshot;
use crate::archive::snapshot::Group;
use crate::search::normalise::normalised;
use crate::web::cache::{CachePolicy, ContentType};
use crate::web::directory::{self, Called, Directory, Fit};
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

/// A suggestion.
struct Suggestion {
    text: String,
    about: String,
    href: String,
}

/// Answers `/search/suggest`.
pub fn get(visit: &Visit<'_>, directory: &Directory) -> Reply {
    let typed = visit.asked().unwrap_or_default();
    let asked = directory::text(&typed);
    let suggestions = match asked.chars().count() {
        1..=LONGEST => suggestions(visit, directory, &asked),
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

fn suggestions(visit: &Visit<'_>, directory: &Directory, asked: &str) -> Vec<Suggestion> {
    let (archive, words) = (visit.archive, visit.site.words);
    let fit = |called: &Called| called.fit(asked);
    let securities = best(archive, directory.securities(archive, fit), SECURITIES);
    let mut all: Vec<Suggestion> = Vec::new();
    all.extend(securities.map(|group| {
        let code = archive.name(group.name());
        Suggestion {
            text: group.label().to_owned(),
            about: format!("{} {code}", words.security),
            href: visit.site.href(Route::security(code)),
        }
    }));
    let sources = best(archive, directory.sources(archive, fit), SOURCES);
    all.extend(sources.map(|group| Suggestion {
        text: group.label().to_owned(),
        about: words.source.to_owned(),
        href: visit.site.href(Route::source(archive.name(group.name()))),
    }));
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
fn best<'s>(
    archive: &'s Snapshot,
    mut fitting: Vec<(Fit, &'s Group)>,
    most: usize,
) -> impl Iterator<Item = &'s Group> {
    fitting.sort_by_key(|(fit, group)| {
        (*fit, std::cmp::Reverse(group.recent().month), archive.name(group.name()))
    });
    fitting.into_iter().take(most).map(|(_, group)| group)
}

/// Whether a title holds a text that is normalised.
fn holds(title: &str, asked: &str) -> bool {
    let chars = normalised(title).chars;
    let asked: Vec<char> = asked.chars().collect();
    chars.windows(asked.len()).any(|part| part == asked)
}
