//! The filters of Liquid and Jekyll that posts use (`liquid/standardfilters.rb`, `jekyll/filters.rb`).

use chrono::DateTime;

use crate::archive::body::context::{Context, LiquidValue, MAX_LEN, SiteContext};
use crate::archive::body::kramdown::literal::{self, Literals, escape_html};
use crate::archive::body::kramdown::markdown;
use crate::archive::body::liquid::strftime;
use crate::archive::body::liquid::tag::is_space;
use crate::archive::body::liquid::url::{absolute_url, relative_url};
use crate::archive::jekyll::{date, slug};

/// Applies a filter. Returns `None` if it is not supported.
pub(crate) fn apply(
    name: &str,
    input: LiquidValue,
    arguments: &[LiquidValue],
    cx: &Context<'_>,
) -> Option<LiquidValue> {
    let arguments = arguments.iter().map(text).collect::<Option<Vec<_>>>()?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match (name, arguments.as_slice()) {
        ("default", [] | [_]) if is_missing(&input) => {
            return Some(LiquidValue::Text(arguments.first().copied().unwrap_or_default().to_owned()));
        }
        ("default", [] | [_]) => return Some(input),
        ("date", [format]) => return date(input, format, cx.site),
        ("relative_url" | "absolute_url", []) if input == LiquidValue::Nil => return Some(input),
        _ => {}
    }
    let input = text(&input)?;
    let output = match (name, arguments.as_slice()) {
        ("append", [end]) => format!("{input}{end}"),
        ("prepend", [start]) => format!("{start}{input}"),
        ("upcase", []) => input.to_uppercase(),
        ("downcase", []) => slug::downcase(&input),
        ("capitalize", []) => slug::capitalize(&input),
        ("strip", []) => input.trim_matches(is_space).to_owned(),
        ("replace", [from]) => input.replace(from, ""),
        ("replace", [from, to]) => replace(&input, from, to)?,
        ("relative_url", []) => relative_url(&input, cx.site),
        ("absolute_url", []) => absolute_url(&input, cx.site),
        ("escape", []) => escape(&input),
        ("markdownify", []) => {
            markdown::to_html(&literal::strip(&input), cx.site.toc_levels, &mut Literals::default())
        }
        _ => return None,
    };
    (output.len() <= MAX_LEN).then_some(LiquidValue::Text(output))
}

/// The text that a value renders as; `None` if there is no such value.
pub(crate) fn text(value: &LiquidValue) -> Option<String> {
    match value {
        LiquidValue::Nil => Some(String::new()),
        LiquidValue::Absent => None,
        LiquidValue::Plain(text) | LiquidValue::Text(text) => Some(text.clone()),
        LiquidValue::Time(at) => strftime::format(at, "%Y-%m-%d %H:%M:%S %z"),
    }
}

/// Returns whether `default` replaces a value.
fn is_missing(value: &LiquidValue) -> bool {
    match value {
        LiquidValue::Nil | LiquidValue::Absent => true,
        LiquidValue::Plain(text) => text.is_empty() || is_false(text),
        LiquidValue::Text(text) => text.is_empty(),
        LiquidValue::Time(_) => false,
    }
}

/// Returns whether YAML reads an unquoted text as true or false.
pub(crate) fn is_switch(text: &str) -> bool {
    is_true(text) || is_false(text)
}

/// Returns whether YAML reads an unquoted text as true.
pub(crate) fn is_true(text: &str) -> bool {
    ["true", "yes", "on"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Returns whether YAML reads an unquoted text as false.
pub(crate) fn is_false(text: &str) -> bool {
    ["false", "no", "off"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// `StandardFilters#date`: a text that is no date stays.
fn date(input: LiquidValue, format: &str, site: &SiteContext) -> Option<LiquidValue> {
    let (text, is_quoted) = match &input {
        _ if format.is_empty() => return Some(input),
        LiquidValue::Nil => return Some(input),
        LiquidValue::Absent => return None,
        LiquidValue::Time(at) => return strftime::format(at, format).map(LiquidValue::Text),
        LiquidValue::Plain(text) => (text.trim(), false),
        LiquidValue::Text(text) => (text.trim(), true),
    };
    // The current time would be that of the last read of the file.
    if ["now", "today"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return None;
    }
    let at = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let at = text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        at.map(|at| at.with_timezone(&site.timezone))
    } else {
        date::parse(text, is_quoted, site.timezone, site.naive_dates).map(|date| date.at)
    };
    match at {
        Some(at) => strftime::format(&at, format).map(LiquidValue::Text),
        None => Some(input),
    }
}

fn replace(input: &str, from: &str, to: &str) -> Option<String> {
    // A short pattern must not make a huge text of a large one.
    let added = input.matches(from).count().saturating_mul(to.len());
    (input.len().saturating_add(added) <= MAX_LEN).then(|| input.replace(from, to))
}

/// `CGI.escapeHTML`
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_html(text, &mut out);
    out.replace('\'', "&#39;")
}
