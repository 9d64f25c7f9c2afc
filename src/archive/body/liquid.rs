//! The part of Liquid that posts use: a few tags and variables are resolved, everything else stays as
//! written. Runs before Markdown, as in Jekyll.

use std::borrow::Cow;

use crate::archive::body::context::{Context, MAX_LEN};
use crate::archive::body::kramdown::literal::Literals;
use crate::archive::problem::{Code, Defect};

/// Resolves the Liquid of a source. `literals` holds the unresolved tags, so that Markdown does not mistake
/// a `|` in one for a table.
pub(super) fn resolve<'s>(
    source: &'s str,
    cx: &Context<'_>,
    literals: &mut Literals,
    defects: &mut Vec<Defect>,
) -> Cow<'s, str> {
    if !source.contains("{{") && !source.contains("{%") {
        return Cow::Borrowed(source);
    }
    let mut resolver =
        Resolver { source, at: 0, out: String::with_capacity(source.len()), unclosed: Vec::new() };
    while let Some(tag) = resolver.next_tag() {
        resolver.resolve(&tag, cx, literals, defects);
    }
    resolver.out.push_str(&source[resolver.at..]);
    Cow::Owned(resolver.out)
}

/// `{% inner %}` or `{{ inner }}`.
struct LiquidTag<'s> {
    start: usize,
    end: usize,
    inner: &'s str,
    is_output: bool,
    trim_before: bool,
    trim_after: bool,
}

struct Resolver<'s> {
    source: &'s str,
    at: usize,
    out: String,
    /// Names of unclosed tags; the search for their closing tags is not repeated.
    unclosed: Vec<&'s str>,
}

impl<'s> Resolver<'s> {
    /// Writes the text before the next tag and returns the tag.
    fn next_tag(&mut self) -> Option<LiquidTag<'s>> {
        let mut from = self.at;
        loop {
            let start = from + self.source[from..].find('{')?;
            match tag_at(self.source, start) {
                Some(tag) => {
                    self.out.push_str(&self.source[self.at..start]);
                    self.at = tag.end;
                    return Some(tag);
                }
                None => from = start + 1,
            }
        }
    }

    fn resolve(
        &mut self,
        tag: &LiquidTag<'s>,
        cx: &Context<'_>,
        literals: &mut Literals,
        defects: &mut Vec<Defect>,
    ) {
        // A body that repeats a long title must not grow without bound.
        let is_full = self.out.len() > MAX_LEN;
        if is_full && (tag.is_output || matches!(tag.inner.split(' ').next(), Some("post_url" | "link"))) {
            return self.leave(tag, literals);
        }
        if tag.is_output {
            return match output(tag.inner, cx) {
                Some(value) => self.put(tag, &value),
                None => self.leave(tag, literals),
            };
        }
        let (name, rest) = tag.inner.split_once(char::is_whitespace).unwrap_or((tag.inner, ""));
        let rest = rest.trim();
        match name {
            "raw" | "comment" | "highlight" => {
                let Some(close) = self.find_close(tag.end, name) else {
                    return self.leave(tag, literals);
                };
                let body = &self.source[tag.end..close.start];
                match name {
                    "raw" => self.put(tag, body),
                    "highlight" => {
                        self.put(tag, "<pre><code>");
                        literals.hold_text(strip_raw(body), &mut self.out);
                        self.out.push_str("</code></pre>");
                    }
                    _ => self.put(tag, ""),
                }
                self.at = close.end;
            }
            "post_url" => match (cx.posts)(rest) {
                Some(url) => self.put(tag, &relative_url(&url, cx)),
                None => self.leave(tag, literals),
            },
            "link" => match linked(rest, cx) {
                Some(url) => self.put(tag, &url),
                None => self.leave(tag, literals),
            },
            "include" | "include_relative" | "include_cached" => {
                let message = format!("the Liquid include `{rest}` is not supported and was removed");
                defects.push(Defect::error(Code::IncludeDropped, message));
                self.put(tag, "");
            }
            _ => self.leave(tag, literals),
        }
    }

    fn put(&mut self, tag: &LiquidTag<'_>, value: &str) {
        if tag.trim_before {
            self.out.truncate(self.out.trim_end().len());
        }
        self.out.push_str(value);
        if tag.trim_after {
            let rest = &self.source[self.at..];
            self.at += rest.len() - rest.trim_start().len();
        }
    }

    fn leave(&mut self, tag: &LiquidTag<'_>, literals: &mut Literals) {
        literals.hold_text(&self.source[tag.start..tag.end], &mut self.out);
    }

    fn find_close(&mut self, from: usize, name: &'s str) -> Option<LiquidTag<'s>> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let mut from = from;
        while let Some(at) = self.source[from..].find("{%") {
            let start = from + at;
            match tag_at(self.source, start) {
                Some(tag) if tag.inner.strip_prefix("end") == Some(name) => return Some(tag),
                _ => from = start + 2,
            }
        }
        self.unclosed.push(name);
        None
    }
}

/// The tag that begins at a `{`. A tag that contains a blank line is text.
fn tag_at(source: &str, start: usize) -> Option<LiquidTag<'_>> {
    let rest = &source[start..];
    let (close, is_output) = match rest.as_bytes().get(1)? {
        b'{' => ("}}", true),
        b'%' => ("%}", false),
        _ => return None,
    };
    // No real tag is longer, and the bound keeps a body full of `{{` linear.
    let window = &rest.as_bytes()[2..rest.len().min(1024)];
    let len = window.windows(2).position(|pair| pair == close.as_bytes())?;
    let inner = &rest[2..2 + len];
    if inner.contains("\n\n") {
        return None;
    }
    let trim_before = inner.starts_with('-');
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let trim_after = inner.ends_with('-');
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    Some(LiquidTag { start, end: start + 2 + len + 2, inner, is_output, trim_before, trim_after })
}

/// The value of `{{ expression }}`; `None` if the expression is not supported.
fn output(expression: &str, cx: &Context<'_>) -> Option<String> {
    let mut parts = expression.split('|').map(str::trim);
    let head = parts.next()?;
    let filters = parts.collect::<Vec<_>>();
    let value = match head {
        "site.url" => cx.site.url.as_str(),
        "site.baseurl" => cx.site.baseurl.as_str(),
        "site.title" => cx.site.title.as_str(),
        "page.title" => cx.title,
        "page.url" => cx.url,
        _ if filters.is_empty() => return None,
        _ => quoted(head)?,
    };
    filters.iter().try_fold(value.to_owned(), |value, filter| match *filter {
        "relative_url" => Some(relative_url(&value, cx)),
        "absolute_url" => Some(absolute_url(&value, cx)),
        _ => None,
    })
}

fn quoted(text: &str) -> Option<&str> {
    ['"', '\''].iter().find_map(|&quote| {
        text.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote))
    })
}

/// Resolves `{% link file %}`: posts and pages through `Context::posts`, any other file by its path.
fn linked(path: &str, cx: &Context<'_>) -> Option<String> {
    let path = path.trim_start_matches('/');
    if path.is_empty() || path.contains("{{") {
        return None;
    }
    if let Some(url) = (cx.posts)(path) {
        return Some(relative_url(&url, cx));
    }
    if let Some((folder, name)) = path.split_once("_posts/") {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let url = (cx.posts)(stem).or_else(|| (cx.posts)(&format!("{folder}{stem}")))?;
        return Some(relative_url(&url, cx));
    }
    let page = path.strip_suffix(".md").or_else(|| path.strip_suffix(".markdown"));
    Some(relative_url(&page.map_or_else(|| path.to_owned(), |stem| format!("{stem}.html")), cx))
}

fn relative_url(url: &str, cx: &Context<'_>) -> String {
    if url.contains("://") || url.starts_with("//") {
        return url.to_owned();
    }
    let base = cx.site.baseurl.trim_end_matches('/');
    format!("{base}/{}", url.trim_start_matches('/'))
}

fn absolute_url(url: &str, cx: &Context<'_>) -> String {
    if url.contains("://") || url.starts_with("//") {
        return url.to_owned();
    }
    format!("{}{}", cx.site.url.trim_end_matches('/'), relative_url(url, cx))
}

/// Removes the `{% raw %}` marks of a code sample, as Jekyll does.
fn strip_raw(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut at = 0;
    while let Some(start) = body[at..].find("{%").map(|i| at + i) {
        let mark = tag_at(body, start).filter(|tag| matches!(tag.inner, "raw" | "endraw"));
        out.push_str(&body[at..if mark.is_some() { start } else { start + 2 }]);
        at = mark.map_or(start + 2, |mark| mark.end);
    }
    out.push_str(&body[at..]);
    out.trim_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::body::tests::{context, site};

    fn shown(source: &str) -> (String, usize) {
        let site = site();
        let (mut literals, mut defects) = (Literals::default(), Vec::new());
        let text = resolve(source, &context(&site), &mut literals, &mut defects);
        (literals.plain(&text), defects.len())
    }

    #[test]
    fn known_liquid_tags_are_resolved_unknown_ones_stay() {
        for (source, expected) in [
            ("无标签 { a } {", "无标签 { a } {"),
            ("{% raw %}{{ y }}{% endraw %}", "{{ y }}"),
            ("{{ site.url }}{{site.baseurl}}|{{ page.title }}", "https://news.example/base|题目"),
            ("{{ '/a.png' | relative_url }}", "/base/a.png"),
            ("{{ \"a.png\" | absolute_url }}", "https://news.example/base/a.png"),
            ("{% post_url 2024-01-02-a %}", "/base/2024/01/02/a.html"),
            ("{% post_url 2024-01-02-none %}", "{% post_url 2024-01-02-none %}"),
            (
                "{% link _posts/2024-01-02-a.md %} {% link about.md %}",
                "/base/2024/01/02/a.html /base/about.html",
            ),
            ("甲{% comment %}私{% endcomment %}乙", "甲乙"),
            ("甲{% comment %}乙", "甲{% comment %}乙"),
            ("{{ nope | upcase }}{% if x %}", "{{ nope | upcase }}{% if x %}"),
            ("a {%- comment -%} x {%- endcomment %} b", "a b"),
            (
                "{% highlight rb %}\n{% raw %}{{ <x> }}{% endraw %}\n{% endhighlight %}",
                "<pre><code>{{ <x> }}</code></pre>",
            ),
            ("{{ 未完\n\n}}", "{{ 未完\n\n}}"),
        ] {
            assert_eq!(shown(source).0, expected, "{source}");
        }
        assert_eq!(shown("{% include x.html a=1 %}正文"), ("正文".to_owned(), 1));
    }
}
