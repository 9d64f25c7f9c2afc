//! What leaves the body for a field of its own: the digest at its head; the source link, the
//! return links and the source's name at its tail. It reads HTML, so Markdown and what
//! kramdown made of it give the same answer.

use super::text::fold;

/// A child of the body, by its place in the rewritten HTML.
#[derive(Debug)]
pub(super) struct Top {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Empty,
    /// Nothing but source and return links: the source's address if it has one.
    Links(Option<String>),
    /// `（文章来源：name）` alone.
    Source(String),
    /// A quote's text.
    Quote(String),
    /// Anything else; it may end with `（文章来源：name）`.
    Other(Option<String>),
}

/// A link: where its text stands in the text of its block, and where it points.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) href: String,
}

/// What kind of child a text with these links is.
pub(super) fn kind(text: &str, links: &[Link], is_quote: bool, has_media: bool) -> Kind {
    let trimmed = text.trim();
    if has_media {
        return Kind::Other(name_at_end(trimmed));
    }
    // `<>` is an empty source link.
    if matches!(trimmed, "" | "<>") {
        return Kind::Empty;
    }
    if !links.is_empty()
        && let Some(source) = only_links(text, links)
    {
        return Kind::Links(source);
    }
    match name_at_end(trimmed) {
        _ if is_quote => Kind::Quote(fold(text).into_owned()),
        Some(name) if trimmed.matches("文章来源").count() == 1 && trimmed.starts_with(['（', '(']) => {
            Kind::Source(name)
        }
        name => Kind::Other(name),
    }
}

/// The source's address in a text that holds nothing but source and return links.
fn only_links(text: &str, links: &[Link]) -> Option<Option<String>> {
    let is_separator =
        |between: &str| between.chars().all(|c| c.is_whitespace() || matches!(c, '｜' | '|' | '·'));
    let mut source = None;
    let mut at = 0;
    for link in links {
        let (before, label) = (text.get(at..link.start)?, text.get(link.start..link.end)?.trim());
        let is_return = label.starts_with("返回");
        let is_source = is_address(&link.href) && label == link.href.trim();
        if !is_separator(before) || !(is_return || is_source) {
            return None;
        }
        if is_source {
            source = Some(link.href.trim().to_owned());
        }
        at = link.end;
    }
    is_separator(text.get(at..)?).then_some(source)
}

fn is_address(href: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| href.trim().get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)))
}

/// The name in `（文章来源：name）` at the end of a text.
fn name_at_end(text: &str) -> Option<String> {
    let inner = text.strip_suffix(['）', ')'])?;
    let (before, name) = inner.rsplit_once("文章来源")?;
    let name = name.trim_start().strip_prefix(['：', ':'])?;
    let name = fold(name).into_owned();
    (before.trim_end().ends_with(['（', '(']) && !name.is_empty() && name.chars().count() <= 60)
        .then_some(name)
}

/// A body without what was lifted out of it.
#[derive(Debug, Default)]
pub(super) struct Lifted {
    pub(super) html: String,
    pub(super) digest: Option<String>,
    pub(super) source_url: Option<String>,
    pub(super) source_name: Option<String>,
}

/// Lifts. Doing it twice changes nothing more: all links at the tail go at once, and the
/// digest only where a single quote leads.
pub(super) fn lift(html: String, tops: &[Top]) -> Lifted {
    let mut lifted = Lifted::default();
    let mut tail = tops.len();
    for top in tops.iter().rev() {
        match &top.kind {
            Kind::Empty => {}
            Kind::Links(source) => lifted.source_url = lifted.source_url.take().or_else(|| source.clone()),
            Kind::Source(name) => {
                lifted.source_name = lifted.source_name.take().or_else(|| Some(name.clone()));
            }
            Kind::Other(name) => {
                lifted.source_name = lifted.source_name.take().or_else(|| name.clone());
                break;
            }
            Kind::Quote(_) => break,
        }
        tail -= 1;
    }
    let head = tops[..tail].iter().take_while(|top| top.kind == Kind::Empty).count();
    let mut rest = tops[head..tail].iter().skip(1).map(|top| &top.kind).filter(|kind| **kind != Kind::Empty);
    let head = match tops[..tail].get(head).map(|top| &top.kind) {
        Some(Kind::Quote(text)) if rest.next().is_some_and(|next| !matches!(next, Kind::Quote(_))) => {
            lifted.digest = Some(text.clone());
            head + 1
        }
        _ => head,
    };
    lifted.html = without(html, tops[..head].iter().chain(&tops[tail..]));
    lifted
}

/// The HTML without some of its children.
fn without<'t>(html: String, tops: impl Iterator<Item = &'t Top>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for top in tops {
        out.push_str(&html[at..top.start]);
        at = top.end;
    }
    out.push_str(&html[at..]);
    out.truncate(out.trim_ascii_end().len());
    out.drain(..out.len() - out.trim_ascii_start().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_the_end() {
        for (text, expected) in [
            ("（文章来源：某报）", Some("某报")),
            ("(文章来源: The Daily )", Some("The Daily")),
            ("正文。（文章来源：某报）", Some("某报")),
            ("（文章来源：）", None),
            ("文章来源：某报", None),
            ("（文章来源：某报）续", None),
        ] {
            assert_eq!(name_at_end(text).as_deref(), expected, "{text}");
        }
    }
}
