//! Translates a query into a query of tantivy.

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery,
    Query as TantivyQuery, RegexQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::archive::Snapshot;
use crate::archive::snapshot::{Group, GroupKind};
use crate::search::index::fields::{Fields, name_hash};
use crate::search::normalise::normalised;
use crate::search::query::{Query, is_quote};
use crate::search::tokens::{Run, Token, is_han, needed, runs};

/// Maximum length of a security's code in a query.
const LONGEST_CODE: usize = 16;
/// Weight of a match in the title relative to one in the text.
const TITLE_WEIGHT: f32 = 3.0;

/// How the words at the ends of a text match.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum WordEdges {
    /// As whole words only.
    Whole,
    /// As parts of words in titles: `esla发布Mod` is a part of `Tesla发布Model3`. The caller must check the
    /// titles. A text that begins and ends with a Han character has no such words.
    Cut,
}

/// Returns whether a text begins or ends with a word that may be a part of a word.
pub(super) fn may_be_cut(text: &str) -> bool {
    let chars = normalised(text).chars;
    let runs: Vec<Run> = runs(&chars).collect();
    [runs.first(), runs.last()].into_iter().flatten().any(|run| !run.is_han && !run.is_too_long())
}

/// Builds the query: all texts and filters are required, exclusions must not match. The caller checks the
/// days.
pub(super) fn build_query(
    fields: Fields,
    archive: &Snapshot,
    query: &Query,
    ends: WordEdges,
) -> BooleanQuery {
    let mut all: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
    // A text of marks alone, as in `央行 - 降准`, is ignored if there are other texts.
    let is_sought = |text: &&String| runs(&normalised(text).chars).next().is_some();
    for text in query.texts.iter().filter(is_sought) {
        all.push((Occur::Must, about(fields, archive, text, ends)));
    }
    if all.is_empty() && !query.texts.is_empty() {
        all.push((Occur::Must, Box::new(EmptyQuery)));
    }
    for text in query.without.iter().filter(is_sought) {
        all.push((Occur::MustNot, about(fields, archive, text, WordEdges::Whole)));
    }
    for (kind, value) in &query.filters {
        all.push((Occur::Must, filtered(fields, archive, *kind, value)));
    }
    if all.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        all.push((Occur::Must, Box::new(AllQuery)));
    }
    BooleanQuery::new(all)
}

/// Matches a text in the title or the body. The code of a security also matches the posts that mention the security.
fn about(fields: Fields, archive: &Snapshot, text: &str, ends: WordEdges) -> Box<dyn TantivyQuery> {
    let text_query = anywhere(fields, text, ends);
    let codes = if may_be_code(text) { archive.securities_meant_by(text) } else { Vec::new() };
    if codes.is_empty() {
        return text_query;
    }
    let members = codes.into_iter().map(|code| member(fields, GroupKind::Security, code));
    Box::new(BooleanQuery::union([text_query].into_iter().chain(members).collect()))
}

/// Returns whether a text may be the code of a security. Letters alone are a code in upper case only: `it` is a word.
fn may_be_code(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let is_sure = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    text.len() <= LONGEST_CODE
        && text.bytes().all(is_part)
        && (text.bytes().any(is_sure) || !text.bytes().any(|byte| byte.is_ascii_lowercase()))
}

/// Matches the posts of a group.
fn member(fields: Fields, kind: GroupKind, name: &str) -> Box<dyn TantivyQuery> {
    let term = Term::from_field_u64(fields.groups[kind], name_hash(name));
    // Membership in a group does not affect the score.
    let term = TermQuery::new(term, IndexRecordOption::Basic);
    Box::new(ConstScoreQuery::new(Box::new(term), 0.0))
}

/// Matches a text in the title or the body; in the title only if its ends are cut.
fn anywhere(fields: Fields, text: &str, ends: WordEdges) -> Box<dyn TantivyQuery> {
    let chars = normalised(text).chars;
    if ends == WordEdges::Cut && may_be_cut(text) {
        // Bodies have too many distinct words for a pattern search.
        return cut(fields, &chars);
    }
    let [title, text] = match lone(&chars) {
        Some(lone) => [fields.title_characters, fields.text_characters].map(|field| character(field, lone)),
        None => [fields.title, fields.text].map(|field| phrase(field, &chars, needed(&chars))),
    };
    Box::new(BooleanQuery::union(vec![Box::new(BoostQuery::new(title, TITLE_WEIGHT)), text]))
}

/// Matches posts of the groups that a filter names; no post if it names no group.
fn filtered(fields: Fields, archive: &Snapshot, kind: GroupKind, value: &str) -> Box<dyn TantivyQuery> {
    let groups = matching_groups(archive, kind, value).into_iter();
    let mut terms: Vec<_> = groups.map(|group| member(fields, kind, archive.name(group.name()))).collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => terms.remove(0),
        _ => Box::new(BooleanQuery::union(terms)),
    }
}

/// Returns the groups that a filter names: the group with this name in URLs, else all groups with this name
/// in posts or on pages, by their names in URLs.
pub fn matching_groups<'s>(archive: &'s Snapshot, kind: GroupKind, value: &str) -> Vec<&'s Group> {
    if let Some(group) = archive.group(kind, value) {
        return vec![group];
    }
    let asked = as_typed(value);
    let is_security = kind == GroupKind::Security;
    let codes = if is_security { archive.securities_meant_by(&asked) } else { Vec::new() };
    let is_it = |text: &str| as_typed(text) == asked;
    // Posts name a source only by their tags, which may be anything. One of the tags is `<name>新闻`.
    let is_called = |group: &Group| match kind {
        GroupKind::Source => is_it(&format!("{}新闻", group.label())),
        GroupKind::Tag => false,
        GroupKind::Security => archive.has_used_name(group, is_it),
    };
    let is_meant = |group: &&Group| {
        let name = archive.name(group.name());
        is_it(name) || is_it(group.label()) || codes.contains(&name) || is_called(group)
    };
    let mut groups: Vec<&Group> = archive.groups(kind).iter().filter(is_meant).collect();
    groups.sort_unstable_by_key(|group| archive.name(group.name()));
    groups
}

/// Normalises a name to the form that a filter can contain: no quotes, and single spaces between words.
fn as_typed(name: &str) -> String {
    let typed = normalised(name).into_text().replace(is_quote, "").replace(char::is_control, " ");
    typed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Matches tokens in a field at the same distances as in the text. Characters outside these tokens, such as
/// marks, match any character.
fn phrase(field: Field, chars: &[char], tokens: Vec<Token>) -> Box<dyn TantivyQuery> {
    let term = |Token { start, end }: Token| {
        let text: String = chars[start..end].iter().collect();
        (start, Term::from_field_text(field, &text))
    };
    let mut terms: Vec<(usize, Term)> = tokens.into_iter().map(term).collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => Box::new(TermQuery::new(terms.remove(0).1, IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}

/// Matches a single Han character anywhere in a text.
fn character(field: Field, character: char) -> Box<dyn TantivyQuery> {
    let term = Term::from_field_text(field, character.encode_utf8(&mut [0; 4]));
    Box::new(ConstScoreQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), 1.0))
}

/// Matches titles that may contain a text with the words at its ends as parts of words. These titles contain
/// the middle of the text and such words, but possibly in other places.
fn cut(fields: Fields, chars: &[char]) -> Box<dyn TantivyQuery> {
    let runs: Vec<Run> = runs(chars).collect();
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Box::new(EmptyQuery) };
    let word = |run: &Run| regex::escape(&chars[run.start..run.end].iter().collect::<String>());
    // Only characters of scripts with spaces: this skips the many terms of other scripts, which contain no
    // such word.
    let before = r"[0-9a-z\u{80}-\u{2FFF}]*";
    if first.is_too_long() || last.is_too_long() {
        return Box::new(EmptyQuery);
    }
    if !first.is_han && first == last {
        return matching(fields.title, &format!("{before}{}.*", word(first)));
    }
    let mut parts = Vec::new();
    let mut between = first.start..last.end;
    if !first.is_han {
        parts.push(matching(fields.title, &format!("{before}{}", word(first))));
        between.start = first.end;
    }
    if !last.is_han {
        parts.push(matching(fields.title, &format!("{}.*", word(last))));
        between.end = last.start;
    }
    let between = &chars[between];
    // A character next to such a word forms a token only with the whole word.
    let is_sure = |token: &Token| !is_han(between[token.start]) || token.end - token.start > 1;
    let (sure, lone): (Vec<Token>, Vec<Token>) = needed(between).into_iter().partition(is_sure);
    if !sure.is_empty() {
        parts.push(phrase(fields.title, between, sure));
    }
    parts.extend(lone.iter().map(|token| character(fields.title_characters, between[token.start])));
    Box::new(BooleanQuery::intersection(parts))
}

/// Matches every term that fits a regular expression.
fn matching(field: Field, pattern: &str) -> Box<dyn TantivyQuery> {
    match RegexQuery::from_pattern(pattern, field) {
        Ok(query) => Box::new(query),
        Err(_) => Box::new(EmptyQuery),
    }
}

/// Returns the only Han character of a text that otherwise consists of marks.
fn lone(chars: &[char]) -> Option<char> {
    let runs: Vec<Run> = runs(chars).collect();
    match runs[..] {
        [Run { start, end, is_han: true }] if end - start == 1 => Some(chars[start]),
        _ => None,
    }
}
