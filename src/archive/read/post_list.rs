//! Recognises pages that only list posts, which Liquid or a layout fills in. A list of finews replaces them.

use crate::archive::address;
use crate::archive::page::PostList;

/// Maximum letters and digits of a page's own text beside its list.
const MOST_TEXT: usize = 200;

/// A part of the Liquid that a list of posts contains, and the list of finews.
const LOOPS: [(&str, PostList); 4] = [
    ("site.tags", PostList::Tags),
    ("site.categories", PostList::Sources),
    ("site.posts", PostList::Newest),
    ("paginator.", PostList::Newest),
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
pub(super) fn of_source(source: &str, url: &str, is_html: bool) -> Option<PostList> {
    let lists_posts = LOOPS.iter().any(|(name, _)| source.contains(name));
    if !lists_posts {
        return None;
    }
    if ["<rss", "<feed", "<rdf:RDF"].iter().any(|start| source.contains(start)) {
        return Some(PostList::Feed);
    }
    if source.contains("jsonfeed.org/version") {
        return Some(PostList::JsonFeed);
    }
    if !is_html || text_length(source) > MOST_TEXT {
        return None;
    }
    let first = |(name, list): &(&str, PostList)| Some((source.find(*name)?, *list));
    let of_loop = || LOOPS.iter().filter_map(first).min_by_key(|(place, _)| *place).map(|(_, list)| list);
    of_url(url).or_else(of_loop)
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

/// Counts the letters and digits outside Liquid, tags, scripts and styles.
fn text_length(source: &str) -> usize {
    let mut count = 0;
    let mut rest = source;
    while !rest.is_empty() {
        let (text, tag) = rest.split_at(rest.find(['<', '{']).unwrap_or(rest.len()));
        count += text.chars().filter(|c| c.is_alphanumeric()).count();
        let end = SKIPPED.iter().find(|(start, _)| tag.starts_with(*start));
        let after = end.and_then(|(_, end)| tag.split_once(*end)).map(|(_, after)| after);
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
            assert_eq!(of_source(source, url, is_html), expected, "{url} {source}");
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
