//! Any text as a body. The cleaned HTML is put into a page that is parsed as a browser would parse it: no
//! script may run, and no element may leave its container.
#![no_main]

use finews::archive::body::{self, Body, Context, LiquidValue, MarkupFormat, SiteContext};
use html5ever::tendril::TendrilSink;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, ns, parse_document};
use libfuzzer_sys::fuzz_target;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

fuzz_target!(|source: &str| {
    let site = SiteContext {
        url: "https://news.example".into(),
        baseurl: "/base".into(),
        title: "T".into(),
        host: Some("news.example".into()),
        legacy_hosts: vec!["old.example".into(), "finews.withounder.com".into()],
        ..SiteContext::default()
    };
    let posts = |name: &str| (name.len() % 2 == 0).then(|| format!("/{name}.html"));
    for format in [MarkupFormat::Markdown, MarkupFormat::Html] {
        let context = Context {
            site: &site,
            title: "<T>",
            url: "/x.html",
            page: &|path| (path.len() == 1).then(|| LiquidValue::Plain(path[0].to_owned())),
            posts: &posts,
            files: &posts,
            line: 1,
            is_listed: true,
            is_page: source.len() % 2 == 0,
        };
        let read = body::read(source, format, &context);
        check(&read);
        let cleaned = body::clean_fragment(read.html.as_str(), &site);
        assert_eq!(without_first_newlines(cleaned.as_str()), without_first_newlines(read.html.as_str()));
        let again = body::clean_fragment(cleaned.as_str(), &site);
        assert_eq!(again, cleaned);
    }
    let fragment = body::clean_fragment(source, &site);
    check_page(fragment.as_str());
});

fn check(body: &Body) {
    check_page(body.html.as_str());
    let text = body::text(&body.html);
    assert!(text.len() <= body.html.as_str().len() && body.text_len <= body.html.as_str().len());
    // 120 characters and an ellipsis.
    assert!(body.excerpt.chars().count() <= 121, "{}", body.excerpt);
    if let Some(url) = &body.source_url {
        assert!(url.starts_with("https://") || url.starts_with("http://"), "{url}");
        assert!(!url.contains(char::is_control), "{url:?}");
    }
    for security in &body.securities {
        let page = security.code.page();
        assert!(page.bytes().all(|b| b.is_ascii_graphic() && !b"\"'<>\\?#".contains(&b)), "{page}");
    }
}

/// All elements and attributes that may remain in a cleaned body.
const ELEMENTS: &str = "a abbr audio b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption \
                        figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp small source strong \
                        sub summary sup table tbody td tfoot th thead tr u ul var video wbr";
const ATTRIBUTES: &str = "href src alt title width height loading decoding referrerpolicy rel class id colspan rowspan \
                          start value role span controls poster preload type";

fn check_page(html: &str) {
    let page = format!("<!doctype html><title>t</title><main>{html}</main><footer></footer>");
    let tree_builder = TreeBuilderOpts { scripting_enabled: true, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let dom = parse_document(RcDom::default(), options).one(page);
    let root = child(&dom.document, "html");
    let parts = root.children.borrow()[1].clone();
    let names: Vec<String> = parts.children.borrow().iter().map(name).collect();
    assert_eq!(names, ["main", "footer"], "{html}");
    assert!(child(&parts, "footer").children.borrow().is_empty(), "{html}");
    let mut open: Vec<Handle> = child(&parts, "main").children.borrow().clone();
    while let Some(node) = open.pop() {
        check_node(&node, html);
        open.extend(node.children.borrow().iter().cloned());
    }
}

fn check_node(node: &Handle, html: &str) {
    let (name, attributes) = match &node.data {
        NodeData::Text { .. } => return,
        NodeData::Element { name, attrs, .. } => (name, attrs.borrow()),
        other => panic!("{other:?} in {html}"),
    };
    assert!(name.ns == ns!(html) && is_one_of(ELEMENTS, &name.local), "{name:?} in {html}");
    for attribute in &*attributes {
        let (name, value) = (&*attribute.name.local, &*attribute.value);
        assert!(is_one_of(ATTRIBUTES, name), "{name} in {html}");
        match name {
            "href" | "src" | "poster" => assert!(is_harmless(value), "{value:?} in {html}"),
            // Prefix of the page's own ids.
            "id" => assert!(!value.starts_with("ui-"), "{value:?} in {html}"),
            _ => {}
        }
    }
}

fn is_one_of(known: &str, name: &str) -> bool {
    known.split_whitespace().any(|known| known == name)
}

/// Returns whether a link leads to a page or a mailbox. Browsers first remove line breaks and tabs, and
/// control characters and spaces at both ends (<https://url.spec.whatwg.org/#concept-basic-url-parser>).
fn is_harmless(url: &str) -> bool {
    let url = url.trim_matches(|c: char| c <= ' ').replace(['\t', '\n', '\r'], "");
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let scheme = scheme.filter(|scheme| is_scheme(scheme));
    scheme.is_none_or(|scheme| matches!(&*scheme, "http" | "https" | "mailto"))
}

/// Removes newlines at the start of a `pre`, because HTML parsers drop the first.
fn without_first_newlines(html: &str) -> String {
    let mut parts = html.split("<pre>");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + "<pre>" + part.trim_start_matches('\n'))
}

fn name(node: &Handle) -> String {
    match &node.data {
        NodeData::Element { name, .. } => name.local.to_string(),
        other => format!("{other:?}"),
    }
}

fn child(node: &Handle, wanted: &str) -> Handle {
    let children = node.children.borrow();
    children.iter().find(|node| name(node) == wanted).cloned().expect("the page has it")
}
