//! Parser of queries. It has no errors: text that it does not understand becomes a text to search for.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};

use crate::archive::snapshot::GroupKind;

/// Maximum texts of a query. Further ones are ignored: their results would be of no use.
const MOST_TEXTS: usize = 16;
/// Maximum filters of a query. Further ones are ignored: no useful search has such a long list.
const MOST_FILTERS: usize = 6;
/// Maximum characters of all texts together. The index contains no longer words.
pub(crate) const LONGEST: usize = 400;
/// Maximum characters of the input; the rest is not parsed.
const MOST_READ: usize = 4_000;

/// A parsed query.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Query {
    /// Texts that a post must contain, as typed.
    pub texts: Vec<String>,
    /// Texts that a post must not contain.
    pub without: Vec<String>,
    /// Values of `source:`, `tag:` and `stock:`, as typed: names of groups, or the number of a security.
    pub filters: Vec<(GroupKind, String)>,
    /// `from:`, the first day, included.
    pub from: Option<NaiveDate>,
    /// `to:`, the last day, included.
    pub to: Option<NaiveDate>,
}

impl Query {
    /// Parses a query. Spaces separate the parts that a post must contain, quotes keep words together, and a
    /// leading `-` excludes a part.
    pub fn new(text: &str) -> Self {
        Self::read(text).0
    }

    /// Parses a query. The flag is true if the query was too long and a part of it was ignored.
    pub fn read(text: &str) -> (Self, bool) {
        let mut query = Self::default();
        let read: String = text.chars().take(MOST_READ).collect();
        let mut is_short = read.len() < text.len();
        for part in parts(&read) {
            is_short |= !query.add(part);
        }
        (query, is_short)
    }

    /// True if the query has no texts, filters or days.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a part. Returns whether all of it fitted.
    fn add(&mut self, part: Part<'_>) -> bool {
        if !part.is_quoted
            && !part.is_excluded
            && let Some((name, value)) = part.text.split_once([':', '：'])
        {
            let value = value.replace(is_quote, "");
            let value = value.trim();
            let key = name.to_ascii_lowercase();
            let kind = match key.as_str() {
                _ if value.is_empty() => None,
                "from" if let Some((first, _)) = days(value) => {
                    self.from = Some(first);
                    return true;
                }
                "to" if let Some((_, last)) = days(value) => {
                    self.to = Some(last);
                    return true;
                }
                key => GroupKind::ALL.into_iter().find(|kind| filter_key(*kind) == key),
            };
            if let Some(kind) = kind {
                let filter = (kind, value.to_owned());
                let is_known = self.filters.contains(&filter);
                let has_room = self.filters.len() < MOST_FILTERS;
                if !is_known && has_room {
                    self.filters.push(filter);
                }
                return is_known || has_room;
            }
        }
        let text = part.text.replace(is_quote, " ");
        let all = || self.texts.iter().chain(&self.without);
        let room = LONGEST.saturating_sub(all().map(|text| text.chars().count()).sum());
        let room = if all().count() < MOST_TEXTS { room } else { 0 };
        let fitting: String = text.trim().chars().take(room).collect();
        let (fitting, is_whole) = (fitting.trim(), fitting.len() == text.trim().len());
        let texts = if part.is_excluded { &mut self.without } else { &mut self.texts };
        let is_known = texts.iter().any(|known| known == text.trim());
        // A shortened exclusion would exclude more posts.
        let may_be_short = !part.is_excluded;
        if !fitting.is_empty()
            && !is_known
            && (is_whole || may_be_short)
            && !texts.iter().any(|known| known == fitting)
        {
            texts.push(fitting.into());
        }
        is_whole || is_known
    }
}

/// The word before the colon of a filter.
fn filter_key(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::Source => "source",
        GroupKind::Tag => "tag",
        GroupKind::Security => "stock",
    }
}

/// The query as a reader would type it; parsing it again gives the same query.
impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.texts.iter().map(|text| quoted(text, true));
        let without = self.without.iter().map(|text| format!("-{}", quoted(text, false)));
        let filter = |kind, value| format!("{}:{}", filter_key(kind), quoted(value, false));
        let filters = self.filters.iter().map(|(kind, value)| filter(*kind, value));
        let from = self.from.map(|day| match day.day() {
            1 => format!("from:{}", day.format("%Y-%m")),
            _ => format!("from:{day}"),
        });
        let to = self.to.map(|day| match day.succ_opt().map(|next| next.day()) {
            Some(1) => format!("to:{}", day.format("%Y-%m")),
            _ => format!("to:{day}"),
        });
        let parts: Vec<String> = texts.chain(without).chain(filters).chain(from).chain(to).collect();
        f.write_str(&parts.join(" "))
    }
}

/// Puts a text in quotes if it needs them to be parsed as one text. Texts never contain quotes.
fn quoted(text: &str, is_bare: bool) -> String {
    let is_plain = !text.contains(char::is_whitespace)
        && !(is_bare && (text.starts_with('-') || text.contains([':', '：'])));
    if is_plain { text.to_owned() } else { format!("\"{text}\"") }
}

/// Returns whether a character is an ASCII or Chinese double quote, which keeps words together.
pub fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”')
}

struct Part<'a> {
    text: &'a str,
    is_quoted: bool,
    is_excluded: bool,
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let behind = rest.strip_prefix('-').filter(|behind| !behind.starts_with(char::is_whitespace));
        let is_excluded = behind.is_some_and(|behind| !behind.is_empty());
        let begun = if is_excluded { behind.unwrap_or(rest) } else { rest };
        let quoted = begun.strip_prefix(is_quote);
        let (text, after) = match quoted {
            // An unclosed quote extends to the end of the input.
            Some(inside) => inside.split_once(is_quote).unwrap_or((inside, "")),
            None => {
                let end = word_end(begun);
                (&begun[..end], &begun[end..])
            }
        };
        parts.push(Part { text, is_quoted: quoted.is_some(), is_excluded });
        rest = after.trim_start();
    }
    parts
}

/// Returns the end of a word: the first white space outside quotes, as in `source:"Career In"`.
fn word_end(text: &str) -> usize {
    let mut in_quotes = false;
    let end = text.char_indices().find(|(_, c)| {
        in_quotes ^= is_quote(*c);
        c.is_whitespace() && !in_quotes
    });
    end.map_or(text.len(), |(end, _)| end)
}

/// Returns the first and last day of a year, month or day: `2022`, `2022-05`, `2022-05-26`.
fn days(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let numbers: Option<Vec<u32>> = text.split(['-', '/']).map(|number| number.parse().ok()).collect();
    let (year, month, day) = match numbers?[..] {
        [year] => (year, None, None),
        [year, month] => (year, Some(month), None),
        [year, month, day] => (year, Some(month), Some(day)),
        _ => return None,
    };
    let first = NaiveDate::from_ymd_opt(year.try_into().ok()?, month.unwrap_or(1), day.unwrap_or(1))?;
    let next = match (month, day) {
        (_, Some(_)) => return Some((first, first)),
        (Some(_), None) => first.checked_add_months(Months::new(1))?,
        (None, None) => first.with_year(first.year() + 1)?,
    };
    Some((first, next.pred_opt()?))
}

#[cfg(test)]
mod tests {
    use crate::search::query::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().expect("a day"))
    }

    #[test]
    fn typed_text_is_parsed_into_words_filters_and_dates() {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let of = |words: &[&str]| Query { texts: texts(words), ..Query::default() };
        let filter = |kind, text: &str| Query { filters: vec![(kind, text.into())], ..Query::default() };
        let table = [
            ("", Query::default()),
            ("  降准　央行 ", of(&["降准", "央行"])),
            ("\"a b\" c", of(&["a b", "c"])),
            ("“未完", of(&["未完"])),
            ("- -", of(&["-"])),
            ("a -b -\"c d\"", Query { without: texts(&["b", "c d"]), ..of(&["a"]) }),
            ("source:红网", filter(GroupKind::Source, "红网")),
            ("source:\"Career In\"", filter(GroupKind::Source, "Career In")),
            ("source:“Career In”", filter(GroupKind::Source, "Career In")),
            ("tag：x", filter(GroupKind::Tag, "x")),
            ("STOCK:600160.SH", filter(GroupKind::Security, "600160.SH")),
            ("source:", of(&["source:"])),
            ("\"source:x\"", of(&["source:x"])),
            ("from:2022-05", Query { from: day("2022-05-01"), ..Query::default() }),
            ("to:2022-02", Query { to: day("2022-02-28"), ..Query::default() }),
            ("to:2022", Query { to: day("2022-12-31"), ..Query::default() }),
            ("to:2022-06-15", Query { to: day("2022-06-15"), ..Query::default() }),
            ("to:nonsense", of(&["to:nonsense"])),
            ("FROM:2022 a a", Query { from: day("2022-01-01"), ..of(&["a"]) }),
            ("a\"b c\"", of(&["a b c"])),
            ("-tag:x", Query { without: texts(&["tag:x"]), ..Query::default() }),
        ];
        for (typed, expected) in table {
            assert_eq!(Query::new(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn excess_words_are_dropped_but_later_filters_are_read() {
        let words: Vec<String> = (0..20).map(|number| format!("w{number}")).collect();
        let (query, is_short) = Query::read(&format!("{} source:x from:2024", words.join(" ")));
        assert_eq!((query.texts.len(), query.filters.len()), (MOST_TEXTS, 1));
        assert!(is_short && query.from.is_some());
        let (query, is_short) = Query::read(&format!("a -{} b tag:y", "x".repeat(500)));
        // A shortened exclusion would exclude more posts.
        assert_eq!((query.texts.len(), query.without.len(), query.filters.len()), (2, 0, 1));
        assert!(is_short);
        assert_eq!(Query::read(&format!("a{}b", " ".repeat(400))), (Query::new("a b"), false));
        assert!(Query::read(&"a ".repeat(MOST_READ)).1);
        assert!(!Query::read(&"a ".repeat(30)).1, "the same over and over");
    }

    proptest::proptest! {
        #[test]
        fn query_round_trips_through_its_text(text in "(\\PC|[-\": 涨a1]|source:|-|from:2024-0[1-9]|to:20[0-9]{2}){0,30}") {
            let query = Query::new(&text);
            let written = query.to_string();
            proptest::prop_assert_eq!(Query::read(&written), (query, false), "{:?}", written);
        }
    }
}
