//! `/search/suggest?q=`: suggestions for the text that a reader has typed so far, in the OpenSearch format.
//! Securities match by name, code or pinyin initials, sources likewise; recent posts match by title.

use serde_json::json;

use crate::archive::Snapshot;
use crate::archive::snapshot::Group;
use crate::search::normalise::normalised;
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::name_index::{self, MatchQuality, NameIndex, NormalisedNames};

/// Maximum number of suggestions of each kind.
const SECURITIES: usize = 4;
const SOURCES: usize = 4;
const TITLES: usize = 5;
/// Number of newest posts whose titles are searched.
const RECENT: usize = 2_000;
/// Longest text, in characters, that gets suggestions.
const LONGEST: usize = 60;

struct Suggestion {
    text: String,
    about: String,
    href: String,
}

/// Serves `/search/suggest`.
pub fn get(request: &PageRequest<'_>, name_index: &NameIndex) -> Reply {
    let typed = request.typed_query().unwrap_or_default();
    let asked = name_index::normalise(&typed);
    let suggestions = match asked.chars().count() {
        1..=LONGEST => suggestions(request, name_index, &asked),
        _ => Vec::new(),
    };
    let mut fingerprint = request.fingerprint("suggest").with(&typed);
    for suggestion in &suggestions {
        fingerprint.add((&suggestion.text, &suggestion.about, &suggestion.href));
    }
    request.conditional(ContentType::SUGGESTIONS, CachePolicy::Revalidate, fingerprint.finish(), || {
        let column = |of: fn(&Suggestion) -> &str| suggestions.iter().map(of).collect::<Vec<_>>();
        let [texts, abouts] = [column(|it| &it.text), column(|it| &it.about)];
        Ok(json!([typed, texts, abouts, column(|it| &it.href)]).to_string().into_bytes())
    })
}

fn suggestions(request: &PageRequest<'_>, name_index: &NameIndex, asked: &str) -> Vec<Suggestion> {
    let (archive, texts) = (request.archive, request.site.texts);
    let fit = |called: &NormalisedNames| called.match_quality(asked);
    let securities = best(archive, name_index.securities(archive, fit), SECURITIES);
    let mut all: Vec<Suggestion> = Vec::new();
    all.extend(securities.map(|group| {
        let code = archive.name(group.name());
        Suggestion {
            text: group.label().to_owned(),
            about: format!("{} {code}", texts.security),
            href: request.site.href(Route::security(code)),
        }
    }));
    let sources = best(archive, name_index.sources(archive, fit), SOURCES);
    all.extend(sources.map(|group| Suggestion {
        text: group.label().to_owned(),
        about: texts.source.to_owned(),
        href: request.site.href(Route::source(archive.name(group.name()))),
    }));
    let titles = archive.listed().newest(RECENT).map(|id| archive.post(id));
    let titles = titles.filter(|post| holds(post.title(), asked));
    all.extend(titles.take(TITLES).map(|post| Suggestion {
        text: post.title().to_owned(),
        about: texts.day(post.date.day(archive.zone())),
        href: request.site.href(post.url()),
    }));
    all
}

/// The groups with the best match; among equal matches those with the most posts in the last month.
fn best<'s>(
    archive: &'s Snapshot,
    mut fitting: Vec<(MatchQuality, &'s Group)>,
    most: usize,
) -> impl Iterator<Item = &'s Group> {
    fitting.sort_by_key(|(fit, group)| {
        (*fit, std::cmp::Reverse(group.recent().month), archive.name(group.name()))
    });
    fitting.into_iter().take(most).map(|(_, group)| group)
}

/// Returns whether a title contains a normalised text.
fn holds(title: &str, asked: &str) -> bool {
    let chars = normalised(title).chars;
    let asked: Vec<char> = asked.chars().collect();
    chars.windows(asked.len()).any(|part| part == asked)
}
