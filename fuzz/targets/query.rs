//! Any text as a query and as a text to search. The first line is the query, the second the searched text.
#![no_main]

use finews::search::normalise::normalised;
use finews::search::query::{Query, is_quote};
use finews::search::snippet::{Needles, SnippetPiece};
use finews::search::tokens::{Run, characters, needed, runs, tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (query, _) = Query::read(text);
    let texts: Vec<&String> = query.texts.iter().chain(&query.without).collect();
    assert!(texts.len() <= 16 && query.filters.len() <= 6);
    assert!(texts.iter().map(|text| text.chars().count()).sum::<usize>() <= 400);
    let values = query.filters.iter().map(|(_, value)| value);
    for text in texts.iter().copied().chain(values) {
        assert!(!text.is_empty() && text.trim() == text && !text.contains(is_quote), "{text:?}");
    }
    let written = query.to_string();
    assert_eq!(Query::read(&written), (query, false), "{written:?}");

    let (asked, searched) = text.split_once('\n').unwrap_or((text, text));
    let query = Query::new(asked);
    check_tokens(searched);
    for is_cut in [false, true] {
        let needles = Needles::new(&query, is_cut);
        let marked = needles.marked(searched);
        assert_eq!(joined(&marked).chars().count(), searched.chars().count());
        for length in [1, 60] {
            let snippet = needles.snippet(searched, length);
            assert!(joined(&snippet).chars().count() <= 2 * length + 2, "{snippet:?}");
        }
        if needles.are_in([searched]) && !needles.are_in([""]) {
            assert!(marked.iter().any(|piece| piece.is_marked), "{marked:?}");
        }
    }
    // Every text contains itself, unless the search ignores all of it.
    for sought in &query.texts {
        let alone = Query { texts: vec![sought.clone()], ..Query::default() };
        assert!(Needles::new(&alone, false).are_in([sought]), "{sought:?}");
    }
});

fn check_tokens(text: &str) {
    let normal = normalised(text);
    assert_eq!(normal.chars.len(), normal.origins.len());
    assert!(normal.origins.is_sorted());
    assert!(
        normal.origins.iter().all(|at| (*at as usize) < text.len() && text.is_char_boundary(*at as usize))
    );
    let chars = &normal.chars;
    let again = normalised(&normal.clone().into_text());
    assert_eq!(&again.chars, chars, "{text:?}");
    let all = tokens(chars);
    assert!(all.is_sorted_by_key(|token| token.start));
    assert!(all.iter().all(|token| token.start < token.end && token.end <= chars.len()));
    assert!(all.len() <= 4 * chars.len());
    let runs: Vec<_> = runs(chars).collect();
    // Words beyond the length limit are not indexed, and so not found.
    let is_too_long = runs.iter().any(Run::is_too_long);
    assert!(is_too_long || needed(chars).iter().all(|token| all.contains(token)), "{text:?}");
    assert!(characters(chars).is_sorted());
}

fn joined(pieces: &[SnippetPiece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect()
}
