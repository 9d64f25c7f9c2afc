//! The front matter that jekyll-seo-tag and jekyll-feed use: authors, description, image and canonical URL.

use crate::archive::body::{self, SiteContext};
use crate::archive::head_fields::HeadFields;
use crate::archive::jekyll::front_matter::{FrontMatter, Value};
use crate::archive::problem::{Code, Defect};
use crate::config::{KnownAuthors, Node, author_lines, parse_http_url};

/// The keys of [`head_fields`].
const KEYS: [&str; 4] = ["description", "summary", "image", "canonical_url"];

/// Reads the fields of [`HeadFields`]; `None` if the front matter has none of them, as that of most posts.
pub(super) fn head_fields(
    front: &FrontMatter,
    site: &SiteContext,
    defects: &mut Vec<Defect>,
) -> Option<Box<HeadFields>> {
    if !front.iter().any(|(key, _)| KEYS.contains(&key)) {
        return None;
    }
    let description = |key| front.setting(key).map(|text| body::plain_text(text, site));
    let mut descriptions = ["description", "summary"].into_iter().filter_map(description);
    let (image, image_alt) = image(front, defects).unwrap_or_default();
    let fields = HeadFields {
        description: descriptions.find(|text| !text.is_empty()).unwrap_or_default().into(),
        image: image.into(),
        image_alt: image_alt.into(),
        canonical_url: canonical_url(front, defects).unwrap_or_default().into(),
    };
    (fields != HeadFields::default()).then(|| Box::new(fields))
}

/// The authors of `author`, else of `authors`, in the form of [`Author::from_lines`](crate::config::Author::from_lines).
pub(super) fn authors(front: &FrontMatter, known: &KnownAuthors) -> Option<String> {
    ["author", "authors"].into_iter().find_map(|key| {
        let field = front.get(key).filter(|_| front.bool(key).is_none())?;
        Some(author_lines(&node(&field.value), known)).filter(|lines| !lines.is_empty())
    })
}

/// The address and the alternative text of `image`, which is an address or a mapping with `path`.
fn image(front: &FrontMatter, defects: &mut Vec<Defect>) -> Option<(String, String)> {
    let field = front.get("image").filter(|_| front.bool("image").is_none())?;
    let (written, alt) = written_image(&field.value)?;
    let address = image_address(written);
    if address.is_none() {
        let message =
            format!("`image: {written}` is neither a path of the site nor an HTTP(S) URL; it is ignored");
        defects.push(Defect::warning(Code::PermalinkInvalid, message).at_line(field.line));
    }
    Some((address?, alt.trim().to_owned()))
}

fn written_image(value: &Value) -> Option<(&str, &str)> {
    match value {
        Value::Null => None,
        Value::Text(address) => Some((address.trim(), "")).filter(|(address, _)| !address.is_empty()),
        Value::List(items) => items.iter().find_map(written_image),
        Value::Map(pairs) => {
            let text = |key: &str| match pairs.iter().find(|(name, _)| name == key) {
                Some((_, Value::Text(text))) => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
                _ => None,
            };
            let address = ["path", "url", "facebook", "twitter"].into_iter().find_map(text)?;
            Some((address.trim(), text("alt").unwrap_or_default()))
        }
    }
}

/// The address of an image: an HTTP(S) URL, or a path with a leading slash. The slash and `./` are optional.
fn image_address(written: &str) -> Option<String> {
    if let Some(host) = written.strip_prefix("//") {
        return parse_http_url(&format!("https://{host}"));
    }
    // A colon after the first slash is part of a path.
    let scheme = written.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| !scheme.contains('/'));
    match scheme {
        Some(_) => parse_http_url(written),
        None => Some(format!("/{}", written.trim_start_matches("./").trim_start_matches('/'))),
    }
}

/// The URL of `canonical_url`.
fn canonical_url(front: &FrontMatter, defects: &mut Vec<Defect>) -> Option<String> {
    let written = front.setting("canonical_url").map(str::trim).filter(|written| !written.is_empty())?;
    let url = parse_http_url(written);
    if url.is_none() {
        let line = front.get("canonical_url").map_or(1, |field| field.line);
        let message = format!(
            "`canonical_url: {written}` is not an HTTP(S) URL; the URL of the page itself is canonical"
        );
        defects.push(Defect::warning(Code::PermalinkInvalid, message).at_line(line));
    }
    url
}

/// The same value as the configuration would have.
fn node(value: &Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Text(text) => Node::Text(text.clone()),
        Value::List(items) => Node::List(items.iter().map(node).collect()),
        Value::Map(pairs) => Node::Map(pairs.iter().map(|(key, value)| (key.clone(), node(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::jekyll::front_matter;

    fn front(yaml: &str) -> FrontMatter {
        front_matter::parse(yaml).0
    }

    #[test]
    fn authors_are_read_in_each_form() {
        let known = KnownAuthors::from([("ann".to_owned(), "Ann Ash\tann@news.example".to_owned())]);
        let table = [
            ("title: x\n", None),
            ("author: Bob\n", Some("Bob")),
            ("author: ' Bob   B. '\n", Some("Bob B.")),
            ("author: ann\n", Some("Ann Ash\tann@news.example")),
            ("author:\nauthors: [ann, Bob, Bob]\n", Some("Ann Ash\tann@news.example\nBob")),
            ("author: Bob\nauthors: [ann]\n", Some("Bob")),
            ("author: {name: Bob, url: 'https://b.example/'}\n", Some("Bob\t\thttps://b.example/")),
            ("author: {name: Bob, uri: 'javascript:x', email: none}\n", Some("Bob")),
            ("author: {email: b@b.example}\n", None),
            ("authors:\n  - name: Bob\n  - ann\n", Some("Bob\nAnn Ash\tann@news.example")),
            ("author: false\n", None),
            ("author: ''\nauthors: []\n", None),
            ("author: \"a\\tb\\nc\"\n", Some("a b c")),
        ];
        for (yaml, expected) in table {
            assert_eq!(authors(&front(yaml), &known).as_deref(), expected, "{yaml}");
        }
    }

    #[test]
    fn images_become_paths_or_http_urls() {
        let table = [
            ("image: /a b/图.png\n", Some(("/a b/图.png", ""))),
            ("image: images/a.png\n", Some(("/images/a.png", ""))),
            ("image: ./a:b.png\n", Some(("/a:b.png", ""))),
            ("image: https://i.example/图.png\n", Some(("https://i.example/%E5%9B%BE.png", ""))),
            ("image: //i.example/a.png\n", Some(("https://i.example/a.png", ""))),
            ("image: {path: a.png, alt: ' Two  words '}\n", Some(("/a.png", "Two  words"))),
            ("image:\n  url: /a.png\n  height: 5\n", Some(("/a.png", ""))),
            ("image: [/a.png, /b.png]\n", Some(("/a.png", ""))),
            ("image: {alt: x}\n", None),
            ("image: false\n", None),
            ("image:\n", None),
        ];
        for (yaml, expected) in table {
            let mut defects = Vec::new();
            let found = image(&front(yaml), &mut defects);
            let found = found.as_ref().map(|(address, alt)| (address.as_str(), alt.as_str()));
            assert_eq!((found, defects.len()), (expected, 0), "{yaml}");
        }
    }

    #[test]
    fn head_fields_are_plain_and_bad_addresses_are_reported() {
        let read = |yaml: &str| {
            let mut defects = Vec::new();
            let fields = head_fields(&front(yaml), &SiteContext::default(), &mut defects);
            (fields.unwrap_or_default(), defects)
        };
        let (fields, defects) = read("description: >-\n  Two\n  **bold** words &amp; [a](/b)\nsummary: x\n");
        assert_eq!((&*fields.description, defects.len()), ("Two bold words & a", 0));
        let (fields, _) = read("description: 2024. 年报\nsummary: x\n");
        assert_eq!(&*fields.description, "2024. 年报");
        let (fields, _) = read("summary: S\ncanonical_url: https://o.example/a b\n");
        assert_eq!((&*fields.description, &*fields.canonical_url), ("S", "https://o.example/a%20b"));
        for yaml in [
            "canonical_url: /a\n",
            "canonical_url: javascript:x\n",
            "image: 'data:image/png;base64,x'\n",
            "image: {path: 'javascript:x'}\n",
        ] {
            let (fields, defects) = read(&format!("title: x\n{yaml}"));
            assert_eq!(*fields, HeadFields::default(), "{yaml}");
            assert_eq!(defects.iter().map(|defect| defect.line).collect::<Vec<_>>(), [Some(3)], "{yaml}");
        }
    }
}
