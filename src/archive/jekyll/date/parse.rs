//! Ruby's `Date._parse` (ext/date/date_parse.c): finds the parts of a date in free text. The patterns and
//! their order are Ruby's, because together they decide the meaning of a text.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::archive::jekyll::date::parts::{Parts, number, ymd};

/// Maximum length in bytes; Ruby rejects longer texts.
const LIMIT: usize = 128;

/// Finds the parts of a date; `None` if the text is too long. The rules match weeks and
/// weekdays, but `Time.parse` ignores both.
pub(crate) fn date_parts(text: &str) -> Option<Parts> {
    static RULES: LazyLock<DateRules> = LazyLock::new(DateRules::new);
    if text.len() > LIMIT {
        return None;
    }
    let mut text = RULES.noise.replace_all(text, " ").into_owned();
    let mut parts = Parts::default();
    RULES.weekday.apply(&mut text, &mut parts);
    RULES.time.apply(&mut text, &mut parts);
    let _found = RULES.dates.iter().any(|rule| rule.apply(&mut text, &mut parts));
    RULES.era.apply(&mut text, &mut parts);
    RULES.fragment.apply(&mut text, &mut parts);
    parts.complete_year();
    Some(parts)
}

/// A pattern and the function that reads its match.
struct DateRule {
    pattern: Regex,
    /// The rule does not apply if this pattern matches.
    unless: Option<Regex>,
    read: fn(&Captures, &mut Parts),
}

impl DateRule {
    fn new(pattern: &str, read: fn(&Captures, &mut Parts)) -> Self {
        Self { pattern: ruby(pattern), unless: None, read }
    }

    fn unless(self, pattern: &str) -> Self {
        Self { unless: Some(ruby(pattern)), ..self }
    }

    /// Returns whether the rule applied; its match is then blanked out of the text.
    fn apply(&self, text: &mut String, parts: &mut Parts) -> bool {
        if self.unless.as_ref().is_some_and(|unless| unless.is_match(text)) {
            return false;
        }
        let Some(found) = self.pattern.captures(text) else { return false };
        (self.read)(&found, parts);
        let range = found.get_match().range();
        text.replace_range(range, " ");
        true
    }
}

struct DateRules {
    noise: Regex,
    weekday: DateRule,
    time: DateRule,
    /// The first rule that applies gives the date.
    dates: Vec<DateRule>,
    era: DateRule,
    fragment: DateRule,
}

const MONTHS: &str = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const ERA: &str = r"(c(?:e|\.e\.)|b(?:ce|\.c\.e\.)|a(?:d|\.d\.)|b(?:c|\.c\.))?";

impl DateRules {
    fn new() -> Self {
        Self {
            noise: ruby(r"[^-+',./:@\p{L}\p{M}\p{N}\[\]]+"),
            weekday: DateRule::new(r"\b(sun|mon|tue|wed|thu|fri|sat)[^-/\d\s]*", |_, _| {}),
            time: DateRule::new(
                r"((?:\d+\s*:\s*\d+(?:\s*:\s*\d+(?:[,.]\d*)?)?|\d+\s*h(?:\s*\d+m?(?:\s*\d+s?)?)?)(?:\s*[ap](?:m\b|\.m\.))?|\d+\s*[ap](?:m\b|\.m\.))(?:\s*((?:gmt|utc?)?[-+]\d+(?:[,.:]\d+(?::\d+)?)?|[\p{L}\p{M}.\s]+(?:standard|daylight)\stime\b|[\p{L}\p{M}]+(?:\sdst)?\b))?",
                time,
            ),
            dates: dates(),
            era: DateRule::new(r"\b(bc\b|bce\b|b\.c\.|b\.c\.e\.)", |_, parts| parts.before_christ = true),
            fragment: DateRule::new(r"\A\s*(\d{1,2})\s*\z", fragment),
        }
    }
}

fn dates() -> Vec<DateRule> {
    vec![
        // 2 Jan 2024
        DateRule::new(
            &format!(
                r"('?\d+)[^-\d\s]*\s*({MONTHS})[^-\d\s']*(?:\s*{ERA}\s*('?-?\d+(?:(?:st|nd|rd|th)\b)?))?"
            ),
            |found, parts| {
                parts.before_christ |= before_christ(found.get(3));
                ymd(parts, text(found, 4), month_number(&found[2]), text(found, 1));
            },
        ),
        // Jan 2, 2024
        DateRule::new(
            &format!(r"\b({MONTHS})[^-\d\s']*\s*('?\d+)[^-\d\s']*(?:\s*,?\s*{ERA}\s*('?-?\d+))?"),
            |found, parts| {
                parts.before_christ |= before_christ(found.get(3));
                ymd(parts, text(found, 4), month_number(&found[1]), text(found, 2));
            },
        ),
        // 2024-01-02
        DateRule::new(r"('?[-+]?\d+)-(\d+)-('?-?\d+)", year_first),
        // R6.01.02: a year of a Japanese era
        DateRule::new(r"\b([mtshr])(\d+)\.(\d+)\.(\d+)", |found, parts| {
            let epoch = match found[1].as_bytes().first() {
                Some(b'm' | b'M') => 1867,
                Some(b't' | b'T') => 1911,
                Some(b's' | b'S') => 1925,
                Some(b'r' | b'R') => 2018,
                _ => 1988,
            };
            parts.year = Some(number(&found[2]) + epoch);
            parts.month = Some(number(&found[3]));
            parts.day = Some(number(&found[4]));
        }),
        // 2-Jan-2024
        DateRule::new(&format!(r"('?-?\d+)-({MONTHS})[^-/.]*-('?-?\d+)"), |found, parts| {
            ymd(parts, text(found, 3), month_number(&found[2]), text(found, 1));
        }),
        // Jan-2-2024
        DateRule::new(&format!(r"\b({MONTHS})[^-/.]*-('?-?\d+)(?:-('?-?\d+))?"), |found, parts| {
            ymd(parts, text(found, 3), month_number(&found[1]), text(found, 2));
        }),
        // 2024/1/2
        DateRule::new(r"('?-?\d+)/\s*('?\d+)(?:\D\s*('?-?\d+))?", year_first),
        // 2024.1.2
        DateRule::new(r"('?-?\d+)\.\s*('?\d+)\.\s*('?-?\d+)", year_first),
        // 2024-W01-2, -W-2
        DateRule::new(r"\b(\d{2}|\d{4})?-?w(\d{2})(?:-?(\d))?\b", |_, _| {}),
        DateRule::new(r"-w-(\d)\b", |_, _| {}),
        // --01-02, --0102: the year is missing
        DateRule::new(r"--(\d{2})?-(\d{2})\b", |found, parts| {
            parts.month = text(found, 1).map(number).or(parts.month);
            parts.day = Some(number(&found[2]));
        }),
        DateRule::new(r"--(\d{2})(\d{2})?\b", |found, parts| {
            parts.month = Some(number(&found[1]));
            parts.day = text(found, 2).map(number).or(parts.day);
        }),
        // 2024-060, -060: day of the year
        DateRule::new(r"\b(\d{2}|\d{4})-(\d{3})\b", |found, parts| {
            parts.year = Some(number(&found[1]));
            parts.yday = Some(number(&found[2]));
        })
        .unless(r"[,.](\d{2}|\d{4})-\d{3}\b"),
        DateRule::new(r"\b-(\d{3})\b", |found, parts| parts.yday = Some(number(&found[1])))
            .unless(r"\d-\d{3}\b"),
        // '24
        DateRule::new(r"'(\d+)\b", |found, parts| parts.year = Some(number(&found[1]))),
        // Jan
        DateRule::new(&format!(r"\b({MONTHS})\S*"), |found, parts| {
            parts.month = month_number(&found[1]).map(number);
        }),
        // 2nd
        DateRule::new(r"(\d+)(st|nd|rd|th)\b", |found, parts| parts.day = Some(number(&found[1]))),
        // 20240102T030405+0800
        DateRule::new(
            r"([-+]?)(\d{2,14})(?:\s*t?\s*(\d{2,6})?(?:[,.](\d*))?)?(?:\s*(z\b|[-+]\d{1,4}\b|\[[-+]?\d[^\]]*\]))?",
            digits,
        ),
    ]
}

/// Compiles a pattern of Ruby: `\d` and `\s` are ASCII, and all patterns here ignore case.
fn ruby(pattern: &str) -> Regex {
    let pattern = pattern
        .replace(r"\d", "[0-9]")
        .replace(r"\D", "[^0-9]")
        .replace(r"\s", r"[ \t-\r]")
        .replace(r"\S", r"[^ \t-\r]");
    Regex::new(&format!("(?i){pattern}")).expect("the patterns are constants")
}

fn text<'t>(found: &Captures<'t>, group: usize) -> Option<&'t str> {
    found.get(group).map(|part| part.as_str())
}

fn before_christ(era: Option<regex::Match>) -> bool {
    era.is_some_and(|era| era.as_str().starts_with(['b', 'B']))
}

/// `Jan` → `1`.
fn month_number(name: &str) -> Option<&'static str> {
    let numbers = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
    numbers
        .into_iter()
        .zip(MONTHS.split('|'))
        .find(|(_, month)| name.eq_ignore_ascii_case(month))
        .map(|(n, _)| n)
}

fn year_first(found: &Captures, parts: &mut Parts) {
    ymd(parts, text(found, 1), text(found, 2), text(found, 3));
}

/// `3:04:05 pm CST`.
fn time(found: &Captures, parts: &mut Parts) {
    static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
        ruby(r"\A(\d+)h?(?:\s*:?\s*(\d+)m?(?:\s*:?\s*(\d+)(?:[,.](\d+))?s?)?)?(?:\s*([ap])(?:m\b|\.m\.))?")
    });
    parts.zone = text(found, 2).map(Into::into).or(parts.zone.take());
    let Some(found) = CLOCK.captures(&found[1]) else { return };
    let hour = number(&found[1]);
    parts.hour = Some(match text(&found, 5) {
        None => hour,
        Some("p" | "P") => hour % 12 + 12,
        Some(_) => hour % 12,
    });
    parts.minute = text(&found, 2).map(number);
    parts.second = text(&found, 3).map(number);
}

/// `parse_ddd`: a run of digits, whose length determines its fields.
fn digits(found: &Captures, parts: &mut Parts) {
    let run = &found[2];
    let part = |from: usize, to: usize| run.get(from..to).map(number);
    let year = |to: usize| part(0, to).map(|year| if &found[1] == "-" { -year } else { year });
    let (time, fraction) = (text(found, 3), text(found, 4));
    let len = run.len();
    if time.is_none() && fraction.is_some() {
        // A fraction follows, so the run ends with the seconds.
        let back = |from: usize, to: usize| Some(number(&run[len.saturating_sub(from)..len - to]));
        parts.second = back(2, 0);
        if len >= 3 {
            parts.minute = back(4, 2);
        }
        if len >= 5 {
            parts.hour = back(6, 4);
        }
        if len >= 7 {
            parts.day = back(8, 6);
        }
        match len {
            10 => parts.month = back(10, 8),
            12 => (parts.month, parts.year) = (back(10, 8), year(2)),
            14 => (parts.month, parts.year, parts.full_year) = (back(10, 8), year(4), true),
            _ => {}
        }
    } else {
        match len {
            2 => parts.day = part(0, 2),
            3 => parts.yday = part(0, 3),
            4 => (parts.month, parts.day) = (part(0, 2), part(2, 4)),
            5 => (parts.year, parts.yday) = (year(2), part(2, 5)),
            6 => (parts.year, parts.month, parts.day) = (year(2), part(2, 4), part(4, 6)),
            7 => (parts.year, parts.yday) = (year(4), part(4, 7)),
            8 | 10 | 12 | 14 => {
                (parts.year, parts.month, parts.day) = (year(4), part(4, 6), part(6, 8));
                parts.hour = part(8, 10).or(parts.hour);
                parts.minute = part(10, 12).or(parts.minute);
                parts.second = part(12, 14).or(parts.second);
                parts.full_year = true;
            }
            _ => {}
        }
    }
    if let Some(time) = time.filter(|time| time.len() % 2 == 0) {
        let mut pairs = [time.get(0..2), time.get(2..4), time.get(4..6)];
        if fraction.is_some() {
            // This time also ends with the seconds.
            pairs.rotate_right(3 - time.len() / 2);
        }
        parts.hour = pairs[0].map(number).or(parts.hour);
        parts.minute = pairs[1].map(number).or(parts.minute);
        parts.second = pairs[2].map(number).or(parts.second);
    }
    if let Some(zone) = text(found, 5) {
        // `[+9:JST]`: the name follows the colon.
        let name = zone.trim_start_matches('[').trim_end_matches(']');
        parts.zone = Some(name.split_once(':').map_or(name, |(_, name)| name).into());
    }
}

/// Reads a leftover number: the day if there is a time, or the hour if there is a day.
fn fragment(found: &Captures, parts: &mut Parts) {
    let number = number(&found[1]);
    if parts.hour.is_some() && parts.day.is_none() && (1..=31).contains(&number) {
        parts.day = Some(number);
    }
    if parts.day.is_some() && parts.hour.is_none() && (0..=24).contains(&number) {
        parts.hour = Some(number);
    }
}
