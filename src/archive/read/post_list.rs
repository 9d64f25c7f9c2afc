//! Recognises pages that only list posts, which Liquid or a layout fills in. A list of finews replaces them.

use crate::archive::address;
use crate::archive::page::{PostList, Replacement};
use crate::archive::snapshot::group::kind::GroupKind;

/// Maximum letters and digits of a page's own text beside its list.
const MOST_TEXT: usize = 200;

/// A part of the Liquid that a list of posts contains, and the list of finews.
const LOOPS: [(&str, PostList); 4] = [
    ("site.tags", PostList::Tags),
    ("site.categories", PostList::Sources),
    ("site.posts", PostList::Newest),
    ("paginator.", PostList::Newest),
];

/// The text and the operator that stand in Liquid before the quoted name of a tag or category.
const SELECTORS: [(&str, &str); 7] = [
    ("[0]", "=="),
    (".first", "=="),
    (".category", "=="),
    (".tags", "contains"),
    (".categories", "contains"),
    ("site.tags", "["),
    ("site.categories", "["),
];

/// The start and end of a part of a page that is not its text.
const SKIPPED: [(&str, &str); 6] = [
    ("{{", "}}"),
    ("{%", "%}"),
    ("<script", "</script>"),
    ("<style", "</style>"),
    ("<!--", "-->"),
    ("<", ">"),
];

/// Returns the list that replaces a page, by its source with Liquid. `None` for a page with a text of its own.
pub(super) fn of_source(source: &str, url: &str, is_html: bool) -> Option<Replacement> {
    let lists_posts = LOOPS.iter().any(|(name, _)| source.contains(name));
    if !lists_posts {
        return None;
    }
    if ["<rss", "<feed", "<rdf:RDF"].iter().any(|start| source.contains(start)) {
        return Some(PostList::Feed.into());
    }
    if source.contains("jsonfeed.org/version") {
        return Some(PostList::JsonFeed.into());
    }
    if !is_html || text_length(source) > MOST_TEXT {
        return None;
    }
    let first = |(name, list): &(&str, PostList)| Some((source.find(*name)?, *list));
    let of_loop = || LOOPS.iter().filter_map(first).min_by_key(|(place, _)| *place).map(|(_, list)| list);
    let group = only_group(source).map(|(kind, name)| (kind, name.into()));
    Some(Replacement { list: of_url(url).or_else(of_loop)?, group })
}

/// Returns the tag or category that the Liquid of a page names. `None` if it names several.
fn only_group(source: &str) -> Option<(GroupKind, &str)> {
    let quoted = SELECTORS.iter().flat_map(move |&(operand, operator)| {
        source.match_indices(operand).filter_map(move |(at, _)| {
            let (before, after) = source.split_at(at + operand.len());
            let name = literal(after.trim_start().strip_prefix(operator)?)?;
            Some((kind_of(before)?, name)).filter(|_| !is_negated(before))
        })
    });
    let properties = ["site.tags.", "site.categories."].into_iter().flat_map(move |variable| {
        source.match_indices(variable).filter_map(move |(at, _)| {
            let (before, after) = source.split_at(at + variable.len());
            Some((kind_of(before)?, property(after)?))
        })
    });
    let mut groups = quoted.chain(properties);
    let first = groups.next()?;
    groups.all(|other| other == first).then_some(first)
}

/// Returns the kind of group that the last word of Liquid names, else the last variable before it.
fn kind_of(liquid: &str) -> Option<GroupKind> {
    let last = |text: &str, tag: &str, category: &str| {
        let (tag, category) = (text.rfind(tag), text.rfind(category));
        if tag > category { Some(GroupKind::Tag) } else { category.map(|_| GroupKind::Source) }
    };
    let word = liquid.rsplit(char::is_whitespace).next()?;
    last(word, "tag", "categor").or_else(|| last(liquid, "site.tags", "site.categories"))
}

/// Returns whether the Liquid tag at the end of a text holds for all other values.
fn is_negated(liquid: &str) -> bool {
    liquid.rsplit("{%").next().is_some_and(|tag| tag.contains("unless"))
}

/// Returns the content of the quotes at the start of Liquid.
fn literal(liquid: &str) -> Option<&str> {
    let liquid = liquid.trim_start();
    let quote = liquid.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let (name, _) = liquid.get(1..)?.split_once(quote)?;
    (!name.is_empty()).then_some(name)
}

/// Returns the name of a property at the start of Liquid, unless it is one of every list.
fn property(liquid: &str) -> Option<&str> {
    let end = liquid.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'));
    let name = &liquid[..end.unwrap_or(liquid.len())];
    (!matches!(name, "" | "size" | "first" | "last")).then_some(name)
}

/// Returns the list that replaces a page at a URL with a usual name, such as `/tags/`.
pub(super) fn of_url(url: &str) -> Option<PostList> {
    let path = address::decoded(url).to_lowercase();
    let path = path.trim_end_matches("index.html").trim_end_matches('/').trim_end_matches(".html");
    match path.rsplit('/').next()? {
        "blog" | "posts" | "articles" | "news" | "latest" | "all" | "文章" => Some(PostList::Newest),
        "archive" | "archives" | "year-archive" | "posts-archive" | "timeline" | "归档" => {
            Some(PostList::Years)
        }
        "category" | "categories" | "category-archive" | "分类" => Some(PostList::Sources),
        "tag" | "tags" | "tag-archive" | "标签" => Some(PostList::Tags),
        _ => None,
    }
}

/// Returns whether clean HTML shows an image, video or sound.
pub(super) fn has_medium(html: &str) -> bool {
    ["<img", "<video", "<audio"].iter().any(|tag| html.contains(tag))
}

/// Returns whether clean HTML shows a link or a medium.
pub(super) fn has_link_or_medium(html: &str) -> bool {
    html.contains("<a ") || has_medium(html)
}

/// Counts the letters and digits outside Liquid, tags, scripts and styles.
fn text_length(source: &str) -> usize {
    let mut count = 0;
    let mut rest = source;
    // A part without its end is text. The search for a missing end is not repeated.
    let mut is_unclosed = [false; SKIPPED.len()];
    while !rest.is_empty() && count <= MOST_TEXT {
        let (text, tag) = rest.split_at(rest.find(['<', '{']).unwrap_or(rest.len()));
        count += text.chars().filter(|c| c.is_alphanumeric()).count();
        let part = SKIPPED.iter().position(|(start, _)| tag.starts_with(*start));
        let part = part.filter(|part| !is_unclosed[*part]);
        let after = part.and_then(|part| {
            let after = tag.split_once(SKIPPED[part].1).map(|(_, after)| after);
            is_unclosed[part] = after.is_none();
            after
        });
        rest = after.or_else(|| tag.get(1..)).unwrap_or_default();
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_only_list_posts_are_recognised() {
        let posts = "<h1>Posts</h1>{% for post in paginator.posts %}<a href=\"{{ post.url }}\">{{ post.title }}</a>{% endfor %}";
        let tags =
            "{% for tag in site.tags %}## {{ tag[0] }}\n{% for post in site.posts %}{% endfor %}{% endfor %}";
        let feed = "<?xml version=\"1.0\"?><rss>{% for post in site.posts %}<item/>{% endfor %}</rss>";
        let long = format!("{}{posts}", "A long introduction. ".repeat(20));
        let script = format!("<script>{}</script>{posts}", "let a = 1;".repeat(100));
        let table = [
            (posts, "/blog/", true, Some(PostList::Newest)),
            (posts, "/x/", true, Some(PostList::Newest)),
            (posts, "/archives/", true, Some(PostList::Years)),
            (posts, "/%E5%BD%92%E6%A1%A3.html", true, Some(PostList::Years)),
            (&*script, "/x/", true, Some(PostList::Newest)),
            (tags, "/topics/", true, Some(PostList::Tags)),
            (tags, "/categories/index.html", true, Some(PostList::Sources)),
            (feed, "/rss/all.xml", false, Some(PostList::Feed)),
            (
                "{\"version\": \"https://jsonfeed.org/version/1\", {% for p in site.posts %}",
                "/f.json",
                false,
                Some(PostList::JsonFeed),
            ),
            ("[{% for post in site.posts %}{}{% endfor %}]", "/search.json", false, None),
            (&*long, "/blog/", true, None),
            ("{% for doc in site.docs %}{% endfor %}", "/docs/", true, None),
        ];
        for (source, url, is_html, expected) in table {
            assert_eq!(of_source(source, url, is_html), expected.map(Replacement::from), "{url} {source}");
        }
    }

    #[test]
    fn liquid_that_names_one_group_selects_it() {
        use GroupKind::{Source, Tag};
        let table = [
            ("{% for tag in site.tags %}{% if tag[0] == \"甲\" %}", Some((Tag, "甲"))),
            ("{% for t in site.tags %}{%- if t.first=='a b' -%}", Some((Tag, "a b"))),
            ("{% for category in site.categories %}{% if category[0] == 'x' %}", Some((Source, "x"))),
            ("{% for c in site.categories %}<i class='tag'>{% if c[0] == 'x' %}", Some((Source, "x"))),
            ("{% for post in site.tags.x-1 %}{% endfor %}{{ site.tags.x-1.size }}", Some((Tag, "x-1"))),
            ("{% for post in site.tags[\"x\"] %}", Some((Tag, "x"))),
            ("{% for post in site.categories['x'] %}", Some((Source, "x"))),
            ("{% for post in site.categories.甲 limit: 5 %}", Some((Source, "甲"))),
            ("{% for post in site.posts %}{% if post.tags contains 'x' %}", Some((Tag, "x"))),
            ("{% for post in site.posts %}{% if post.category == 'x' %}", Some((Source, "x"))),
            ("{% for tag in site.tags %}{{ tag[0] }}{% endfor %}", None),
            ("{{ site.tags.size }}{{ site.categories[page.name] }}{% if tag[0] == name %}", None),
            ("{% if tag[0] == 'x' or tag[0] == 'y' %}", None),
            ("{% unless tag[0] == 'x' %}", None),
            ("{% if tag[0] == '' %}{% if tag[0] == 'x", None),
        ];
        for (source, expected) in table {
            assert_eq!(only_group(source), expected, "{source}");
        }
        let page = "{% for tag in site.tags %}{% if tag[0] == 'x' %}{% endif %}{% endfor %}";
        let replacement = of_source(page, "/blog/", true).expect("a list");
        assert_eq!(replacement, Replacement { list: PostList::Newest, group: Some((Tag, "x".into())) });
    }

    #[test]
    fn links_and_media_are_found_in_clean_html() {
        for (html, expected) in [
            ("", false),
            ("<div class=\"posts\">\n</div><hr>", false),
            ("<p>甲</p><abbr>乙</abbr>", false),
            ("<p><a href=\"/a\">甲</a></p>", true),
            ("<p><img src=\"/a.png\"></p>", true),
            ("<video src=\"/a.mp4\"></video>", true),
        ] {
            assert_eq!(has_link_or_medium(html), expected, "{html}");
        }
    }

    #[test]
    fn text_outside_of_liquid_and_tags_is_counted() {
        let table = [
            ("", 0),
            ("ab <b>c</b> {{ d }}{% e %}1", 4),
            ("{ a } < 2", 2),
            ("<!-- a --><style>b{}</style>中文", 2),
            ("{{ unclosed", 8),
        ];
        for (source, expected) in table {
            assert_eq!(text_length(source), expected, "{source}");
        }
    }
}
