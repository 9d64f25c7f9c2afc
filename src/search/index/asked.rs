//! A query as the library asks it.

use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, EmptyQuery, Occur, PhraseQuery, Query as Asked, RegexQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::Fields;
use super::writer::name_hash;
use crate::archive::Snapshot;
use crate::archive::snapshot::Group;
use crate::search::normalise::normalised;
use crate::search::query::{Filter, Query};
use crate::search::tokens::{Run, is_joined, runs};

/// A word in the title says more than one in the text.
const TITLE_WEIGHT: f32 = 3.0;

/// What is asked of the index: all that is required, and nothing of what is excluded. Days are not in it.
pub(super) fn asked(fields: Fields, archive: &Snapshot, query: &Query) -> BooleanQuery {
    let mut all: Vec<(Occur, Box<dyn Asked>)> = Vec::new();
    for text in &query.texts {
        all.push((Occur::Must, anywhere(fields, text)));
    }
    for text in &query.without {
        all.push((Occur::MustNot, anywhere(fields, text)));
    }
    for (filter, value) in &query.filters {
        all.push((Occur::Must, filtered(fields, archive, *filter, value)));
    }
    if all.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        all.push((Occur::Must, Box::new(AllQuery)));
    }
    BooleanQuery::new(all)
}

/// A text in the title or in the body.
fn anywhere(fields: Fields, text: &str) -> Box<dyn Asked> {
    let title = BoostQuery::new(exactly(fields.title, text), TITLE_WEIGHT);
    Box::new(BooleanQuery::union(vec![Box::new(title), exactly(fields.text, text)]))
}

/// Posts of the groups that a filter names; none if it names none.
fn filtered(fields: Fields, archive: &Snapshot, filter: Filter, value: &str) -> Box<dyn Asked> {
    let field = match filter {
        Filter::Source => fields.source,
        Filter::Tag => fields.tag,
        Filter::Stock => fields.stock,
    };
    let terms = meant(archive, filter, value).into_iter().map(|group| {
        let term = Term::from_field_u64(field, name_hash(archive.name(group.name())));
        Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Asked>
    });
    let mut terms: Vec<_> = terms.collect();
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => terms.remove(0),
        _ => Box::new(BooleanQuery::union(terms)),
    }
}

/// The groups that a filter names: by their name in addresses, else by what readers or posts call them.
pub fn meant<'s>(archive: &'s Snapshot, filter: Filter, value: &str) -> Vec<&'s Group> {
    let (groups, named) = match filter {
        Filter::Source => (archive.categories(), archive.category(value)),
        Filter::Tag => (archive.tags(), archive.tag(value)),
        Filter::Stock => (archive.securities(), archive.security(value)),
    };
    if let Some(group) = named {
        return vec![group];
    }
    let asked = normalised(value).chars;
    let is_it = |text: &str| normalised(text).chars == asked;
    let is_meant = |group: &&Group| {
        let name = archive.name(group.name());
        let number = name.split_once('.').map(|(number, _)| number).filter(|_| filter == Filter::Stock);
        is_it(name) || is_it(group.label()) || number.is_some_and(is_it) || archive.is_called(group, is_it)
    };
    groups.iter().filter(is_meant).collect()
}

/// A text as it is, in a field: its tokens one behind the other, at the distances that they have in it. For
/// marks between them any character may stand.
fn exactly(field: Field, text: &str) -> Box<dyn Asked> {
    let chars = normalised(text).chars;
    let runs: Vec<Run> = runs(&chars).collect();
    let term = |start: usize, end: usize| {
        let text: String = chars[start..end].iter().collect();
        (start, Term::from_field_text(field, &text))
    };
    if let [Run { start, end, is_han: true }] = runs[..]
        && end - start == 1
    {
        // In a post it may be anywhere in a run. A Han character stands for itself in a pattern.
        let pattern = RegexQuery::from_pattern(&format!("{}.?", chars[start]), field);
        return pattern.map_or_else(|_| Box::new(EmptyQuery) as _, |query| Box::new(query) as _);
    }
    let mut terms = Vec::new();
    for Run { start, end, is_han } in runs {
        match end - start {
            _ if !is_han => terms.push(term(start - usize::from(is_joined(&chars, start)), end)),
            1 => terms.push(term(start, end)),
            length => {
                // Every other pair, and the last: together they are all of it.
                terms.extend((start..end - 1).step_by(2).map(|start| term(start, start + 2)));
                if length % 2 == 1 {
                    terms.push(term(end - 2, end));
                }
            }
        }
    }
    match terms.len() {
        0 => Box::new(EmptyQuery),
        1 => Box::new(TermQuery::new(terms.remove(0).1, IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}
