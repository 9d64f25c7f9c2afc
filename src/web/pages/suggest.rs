//! `/search/suggest?q=`: suggestions for the text that a reader has typed so far, in the OpenSearch format.
//! Securities match by name, code or pinyin initials, sources likewise; recent posts match by title.

use std::cmp::Reverse;

use serde_json::json;

use crate::archive::snapshot::{Group, GroupKind};
use crate::search::normalise::normalised;
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::name_index::{self, NameIndex, NormalisedNames};

/// Maximum number of suggested securities, and of sources.
const GROUPS: usize = 4;
/// Maximum number of suggested titles.
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
    let mut all: Vec<Suggestion> = Vec::new();
    for kind in [GroupKind::Security, GroupKind::Source] {
        let mut groups = name_index.groups(archive, kind, fit);
        // Among equal matches, the groups with the most posts in the last month come first.
        groups.sort_by_key(|(fit, group)| (*fit, Reverse(group.recent().month), archive.name(group.name())));
        all.extend(groups.into_iter().take(GROUPS).map(|(_, group)| suggestion(request, kind, group)));
    }
    let titles = archive.listed().newest(RECENT).map(|id| archive.post(id));
    let letters: Vec<char> = asked.chars().collect();
    let titles = titles.filter(|post| holds(post.title(), &letters));
    all.extend(titles.take(TITLES).map(|post| Suggestion {
        text: post.title().to_owned(),
        about: texts.day(post.date.day(archive.zone())),
        href: request.site.href(post.url()),
    }));
    all
}

fn suggestion(request: &PageRequest<'_>, kind: GroupKind, group: &Group) -> Suggestion {
    let (name, label) = (request.archive.name(group.name()), request.site.texts.group_label(kind));
    Suggestion {
        text: group.label().to_owned(),
        about: if kind == GroupKind::Security { format!("{label} {name}") } else { label.to_owned() },
        href: request.site.href(Route::group(kind, name)),
    }
}

/// Returns whether a title contains a normalised text.
fn holds(title: &str, asked: &[char]) -> bool {
    normalised(title).chars.windows(asked.len()).any(|part| part == asked)
}
