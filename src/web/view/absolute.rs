//! Rewrites the links and images of a post body as absolute URLs, for feed readers and link previews.

use std::borrow::Cow;

use url::Url;

use crate::web::view::images::tag_length;

/// The attributes that hold a URL.
const URLS: [&str; 3] = ["href", "src", "cite"];

/// Returns a sanitised body with its URLs resolved against the URL of its page. If `page` is not an absolute
/// URL, the body is returned unchanged.
pub(crate) fn body<'h>(html: &'h str, page: &str) -> Cow<'h, str> {
    let Ok(page) = Url::parse(page) else { return Cow::Borrowed(html) };
    let mut out = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let length = tag_length(&rest[start..]);
        out.push_str(&rest[..start]);
        write_tag(&rest[start..start + length], &page, &mut out);
        rest = &rest[start + length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the URL of the first image of a sanitised body, resolved against the URL of its page.
pub(crate) fn first_image(html: &str, page: &str) -> Option<String> {
    let page = Url::parse(page).ok()?;
    let tag = &html[html.find("<img ")?..];
    let tag = &tag[..tag_length(tag)];
    let (_, value) = tag.split_once(" src=\"")?;
    let (value, _) = value.split_once('"')?;
    whole("src", value, &page).map(Into::into)
}

/// Writes a tag with resolved URLs. The sanitiser wrote the tag: each attribute has a
/// value in double quotes or no value.
fn write_tag(tag: &str, page: &Url, out: &mut String) {
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let Some((value, after)) = after.split_once('"') else { break };
        let name = before.rsplit(' ').next().unwrap_or_default();
        out.push_str(before);
        out.push_str("=\"");
        match whole(name, value, page) {
            Some(url) => out.push_str(&url.as_str().replace('&', "&amp;")),
            None => out.push_str(value),
        }
        out.push('"');
        rest = after;
    }
    out.push_str(rest);
}

/// Resolves the value of an attribute that holds a URL. Returns `None` for other attributes and invalid URLs.
fn whole(name: &str, value: &str, page: &Url) -> Option<Url> {
    if !URLS.contains(&name) {
        return None;
    }
    page.join(&value.replace("&quot;", "\"").replace("&amp;", "&")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_and_images_become_absolute() {
        let page = "https://news.example/base/emnews/2021/12/09/1.html";
        let table = [
            (
                "<a href=\"/base/stock/600160.SH.html\">甲</a>",
                "<a href=\"https://news.example/base/stock/600160.SH.html\">甲</a>",
            ),
            (
                "<a href=\"../x/\" class=\"q\">返</a>",
                "<a href=\"https://news.example/base/emnews/2021/12/x/\" class=\"q\">返</a>",
            ),
            (
                "<a href=\"#ui\">脚</a>",
                "<a href=\"https://news.example/base/emnews/2021/12/09/1.html#ui\">脚</a>",
            ),
            (
                "<img src=\"//e.example/a.png?b&amp;c\" alt=\"a &gt; b\">",
                "<img src=\"https://e.example/a.png?b&amp;c\" alt=\"a &gt; b\">",
            ),
            ("<p title=\"href=\">1 < 2</p>", "<p title=\"href=\">1 < 2</p>"),
            ("<a href=\"mailto:a@b.example\">信</a>", "<a href=\"mailto:a@b.example\">信</a>"),
            ("<a href=\"http://[\">坏</a>", "<a href=\"http://[\">坏</a>"),
        ];
        for (html, expected) in table {
            assert_eq!(body(html, page), expected);
        }
        assert_eq!(body("<a href=\"/x\">x</a>", "/base/1.html"), "<a href=\"/x\">x</a>");
    }
}
