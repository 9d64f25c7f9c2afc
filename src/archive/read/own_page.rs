//! Reads the files around the posts: the site's own pages, the documents of collections, and plain files that may
//! have the URL of a page.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use crate::archive::address;
use crate::archive::body::{self, BodyHtml, Context, LiquidValue, MarkupFormat, UnresolvedLiquid};
use crate::archive::file_version;
use crate::archive::head_fields::HeadFields;
use crate::archive::jekyll::files::{self, FileStatus, LINKED_OUT, SiteFile};
use crate::archive::jekyll::front_matter::{self, FrontMatter, Value};
use crate::archive::jekyll::permalink::{self, FileName, Template, UrlParts};
use crate::archive::jekyll::{date, slug};
use crate::archive::page::{OwnPage, PageBody, PostList, Replacement};
use crate::archive::post::Timestamp;
use crate::archive::problem::{Code, Defect, FileProblems, problems_of_file};
use crate::archive::read::collection::CollectionPermalink;
use crate::archive::read::groups::categories;
use crate::archive::read::head::{authors, head_fields};
use crate::archive::read::{Links, Reader, base_name, post_list, variable};
use crate::archive::snapshot::ReservedPaths;

/// Extensions of files that Jekyll compiles and finews does not.
const COMPILED: [&str; 3] = [".scss", ".sass", ".coffee"];

/// The keys that the configuration can give to a page. `published` has its own rule.
const GIVEN: [&str; 10] = [
    "permalink",
    "title",
    "sitemap",
    "layout",
    "description",
    "summary",
    "image",
    "canonical_url",
    "author",
    "authors",
];

/// Extensions of URLs that tell a client that the content is not HTML, whatever the file is.
const TEXTS: [&str; 12] =
    ["atom", "css", "csv", "ics", "js", "json", "mjs", "rss", "svg", "txt", "webmanifest", "xml"];

/// The result of reading the site's own pages.
pub(in crate::archive) struct ReadPages {
    pub(in crate::archive) pages: Vec<OwnPage>,
    pub(in crate::archive) problems: Vec<FileProblems>,
    /// The date of the next future document.
    pub(in crate::archive) next_due: Option<Timestamp>,
}

/// Reads the site's own pages in parallel.
pub(in crate::archive) fn read_all(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    files: &[SiteFile],
    links: &Links<'_>,
) -> ReadPages {
    let read_file = |file: &SiteFile| {
        let mut due = None;
        let (page, defects) = read(reader, reserved_paths, file, links, &mut due);
        (page, problems_of_file(&file.path, defects), due)
    };
    let results: Vec<_> = files.par_iter().map(read_file).collect();
    let (mut pages, mut problems) = (Vec::new(), Vec::new());
    let mut next_due: Option<Timestamp> = None;
    for (page, found, due) in results {
        pages.extend(page);
        problems.push(found);
        next_due = next_due.into_iter().chain(due).min();
    }
    ReadPages { pages, problems, next_due }
}

/// Reads a page. Returns `None` if it is not served. `due` receives the date of a future document.
fn read(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    file: &SiteFile,
    links: &Links<'_>,
    due: &mut Option<Timestamp>,
) -> (Option<OwnPage>, Vec<Defect>) {
    let place = file.file(&reader.config.root);
    if matches!(reader.published.resolved(&file.path), Ok(None)) {
        return (None, vec![files::withheld(LINKED_OUT)]);
    }
    if !files::may_have_front_matter(&file.path) || matches!(files::begins_with_fence(&place), Ok(false)) {
        return plain_file(reader, file);
    }
    let content = match file_version::read(&place) {
        Ok(content) => content,
        Err(defect) => return (None, vec![defect]),
    };
    let (text, defect) = front_matter::decode(&content.bytes);
    let split = front_matter::split(&text);
    // A file with an unclosed fence is also a page.
    if split.yaml.is_none() && !split.unclosed {
        return plain_file(reader, file);
    }
    let (mut front, mut defects) = split.front_matter();
    defects.extend(defect);
    let extension = extension_of(&file.path);
    let format = reader.format(extension);
    let output = if format == MarkupFormat::Markdown { ".html" } else { extension };
    let head = match collection_of(reader, &file.path) {
        Some(permalink) => document_head(reader, file, permalink, &mut front, output, &mut defects),
        None => page_head(reader, file, &mut front, output, &mut defects),
    };
    let page = match head {
        None => None,
        Some(PageHead { due: Some(date), .. }) => {
            *due = Some(date);
            None
        }
        Some(_) if COMPILED.contains(&extension) => {
            let message = format!("finews does not compile `{extension}` files; the page is not served");
            defects.push(Defect::warning(Code::PageSkipped, message));
            None
        }
        Some(head) => {
            // The list of a source or tag takes the place of its page.
            let is_group = (reserved_paths.group_at)(&address::decoded(&head.url)).is_some();
            let source =
                PageSource { front: &front, text: split.body, line: split.body_line, format, is_group };
            page(reader, file, head, &source, links, &mut defects)
        }
    };
    (page, defects)
}

/// Reads a file without front matter, which has an entry of its own only if its URL is not its path, or if the URL
/// may belong to a page.
fn plain_file(reader: &Reader<'_>, file: &SiteFile) -> (Option<OwnPage>, Vec<Defect>) {
    let url = match collection_of(reader, &file.path) {
        Some(permalink) => permalink.file_url(reader.defaults.document_path(&file.path)),
        None => match reader.published.status(&file.path) {
            FileStatus::Withheld(reason) => return (None, vec![files::withheld(reason)]),
            FileStatus::Ignored => return (None, Vec::new()),
            FileStatus::Served if files::may_share_url(&file.path, reader.config) => {
                permalink::file_url(&file.path)
            }
            FileStatus::Served => return (None, Vec::new()),
        },
    };
    match std::fs::metadata(file.file(&reader.config.root)) {
        // An empty file may be a page that is about to be written.
        Ok(meta) if meta.len() > 0 => {}
        _ => return (None, Vec::new()),
    }
    if matches!(reader.published.resolved(&file.path), Ok(None)) {
        return (None, vec![files::withheld(LINKED_OUT)]);
    }
    let in_sitemap = [".html", ".htm", ".xhtml"].contains(&extension_of(&file.path));
    let head = PageHead { url, in_sitemap, ..PageHead::default() };
    (Some(head.with_body(file, PageBody::File, String::new())), Vec::new())
}

/// The permalink of the collection that holds a file.
fn collection_of<'r>(reader: &'r Reader<'_>, path: &str) -> Option<&'r CollectionPermalink> {
    let (collection, _) = files::collection_of(reader.config, path)?;
    reader.permalinks.get(&collection.label)
}

/// The content of a page's file.
struct PageSource<'a> {
    front: &'a FrontMatter,
    /// The text after the front matter.
    text: &'a str,
    /// 1-based line of the file on which the text begins.
    line: u32,
    format: MarkupFormat,
    /// True if the URL is that of a source or tag.
    is_group: bool,
}

/// The properties of a page that its front matter and its path determine.
#[derive(Default)]
struct PageHead {
    url: String,
    title: String,
    fields: HeadFields,
    authors: String,
    in_sitemap: bool,
    redirect_from: Vec<String>,
    layout: Option<String>,
    /// The date of a document that is not published yet.
    due: Option<Timestamp>,
}

impl PageHead {
    fn new(
        reader: &Reader<'_>,
        url: String,
        title: String,
        front: &FrontMatter,
        defects: &mut Vec<Defect>,
    ) -> Self {
        Self {
            url,
            title,
            fields: *head_fields(front, &reader.site, defects).unwrap_or_default(),
            authors: authors(front, &reader.config.source.authors).unwrap_or_default(),
            in_sitemap: front.bool("sitemap") != Some(false),
            redirect_from: reader.former_paths(front),
            layout: front.text("layout").map(Into::into),
            due: None,
        }
    }

    fn with_body(self, file: &SiteFile, body: PageBody, excerpt: String) -> OwnPage {
        let Self { url, title, fields: head, authors, in_sitemap, redirect_from, layout: _, due: _ } = self;
        let mut hasher = Xxh3::new();
        (&url, &title, &head, &authors, in_sitemap, &redirect_from, &body, &excerpt).hash(&mut hasher);
        OwnPage {
            path: file.path.clone(),
            title: title.into(),
            excerpt: excerpt.into(),
            url: url.into(),
            hash: hasher.finish(),
            body,
            head,
            authors: authors.into(),
            in_sitemap,
            redirect_from,
        }
    }
}

/// The head of a page outside collections; `None` if the page is not published.
fn page_head(
    reader: &Reader<'_>,
    file: &SiteFile,
    front: &mut FrontMatter,
    output: &str,
    defects: &mut Vec<Defect>,
) -> Option<PageHead> {
    for key in GIVEN {
        if let Some(given) = reader.defaults.for_page(&file.path, key) {
            front.add(key, given);
        }
    }
    if is_unpublished(reader, front) {
        return None;
    }
    let (folder, _) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let permalink = reader.own_permalink(front, defects);
    let url = permalink::page_url(folder, base_name(&file.path), output, &reader.template, permalink);
    let title = front.text("title").unwrap_or_default().to_owned();
    Some(PageHead::new(reader, url, title, front, defects))
}

/// The head of a document of a collection (jekyll/document.rb), or only the date of a future document; `None` if the
/// document is not published.
fn document_head(
    reader: &Reader<'_>,
    file: &SiteFile,
    permalink: &CollectionPermalink,
    front: &mut FrontMatter,
    output: &str,
    defects: &mut Vec<Defect>,
) -> Option<PageHead> {
    let (collection, _) = files::collection_of(reader.config, &file.path)?;
    let path = reader.defaults.document_path(&file.path);
    let given = reader.defaults.for_document(&file.path, &collection.label);
    let categories = categories(path, &given, front);
    front.fill(given);
    let basename = base_name(path);
    let name = file.name().filter(|name| name.date.is_some());
    let date = document_date(reader, front, name.as_ref(), defects);
    if is_unpublished(reader, front) {
        return None;
    }
    if !reader.config.source.future && date > Utc::now() {
        return Some(PageHead { due: Some(date.into()), ..PageHead::default() });
    }
    let slug = name.as_ref().map_or(basename.trim_end_matches('.'), |name| name.slug.as_str());
    let title = match front.get("title").map(|field| &field.value) {
        Some(Value::Text(title)) => title.clone(),
        _ => slug::titleize(slug),
    };
    let own = own_template(reader, front, defects);
    if own.is_none()
        && let Some(fault) = &permalink.fault
    {
        defects.push(Defect::warning(Code::PermalinkInvalid, fault.as_str()));
    }
    let url = own.as_ref().unwrap_or(&permalink.template).expand(&UrlParts {
        collection: &collection.label,
        path,
        basename,
        slug,
        fm_slug: front.setting("slug"),
        categories: &categories,
        date: &date,
        output_ext: output,
    });
    Some(PageHead::new(reader, url, title, front, defects))
}

/// The permalink of a document's front matter, if it is valid.
fn own_template(reader: &Reader<'_>, front: &FrontMatter, defects: &mut Vec<Defect>) -> Option<Template> {
    let given = reader.own_permalink(front, defects)?;
    match permalink::post_permalink(given) {
        Ok(template) => Some(template),
        Err(error) => {
            let message = format!("`permalink: {given}`: {error}; the permalink of the collection is used");
            let line = front.get("permalink").map_or(1, |field| field.line);
            defects.push(Defect::warning(Code::PermalinkInvalid, message).at_line(line));
            None
        }
    }
}

/// The date of the front matter, else of the file name, else now.
fn document_date(
    reader: &Reader<'_>,
    front: &FrontMatter,
    name: Option<&FileName>,
    defects: &mut Vec<Defect>,
) -> DateTime<Tz> {
    let source = &reader.config.source;
    let given = front.get("date").zip(front.text("date"));
    let parsed =
        given.and_then(|(field, text)| date::parse(text, field.quoted, source.timezone, source.naive_dates));
    if let (None, Some((field, text))) = (parsed, given) {
        let message = format!("`date: {}` is invalid and not used", text.trim());
        defects.push(Defect::warning(Code::DateInvalid, message).at_line(field.line));
    }
    let of_name = || date::from_file_name(name?.date?, source.timezone);
    let now = || Utc::now().with_timezone(&source.timezone);
    parsed.map(|date| date.at).or_else(of_name).unwrap_or_else(now)
}

fn is_unpublished(reader: &Reader<'_>, front: &FrontMatter) -> bool {
    front.is_false_or_null("published") && !reader.config.source.unpublished
}

/// Reads the text of a page. Returns `None` if finews can neither serve nor replace the page.
fn page(
    reader: &Reader<'_>,
    file: &SiteFile,
    mut head: PageHead,
    source: &PageSource<'_>,
    links: &Links<'_>,
    defects: &mut Vec<Defect>,
) -> Option<OwnPage> {
    let is_html = is_html(&head.url, extension_of(&file.path), source.format);
    head.in_sitemap &= is_html;
    let collection = files::collection_of(reader.config, &file.path).map(|(collection, _)| collection);
    let own = |name: &[&str]| match (name, collection) {
        (["path"], _) => Some(LiquidValue::Text(file.path.to_string())),
        (["collection"], Some(collection)) => Some(LiquidValue::Text(collection.label.to_string())),
        _ => variable(source.front, name),
    };
    let posts = |name: &str| links(name).or_else(|| reader.static_url(name));
    let context = Context {
        site: &reader.site,
        title: &head.title,
        url: &head.url,
        page: &own,
        posts: &posts,
        line: source.line,
        is_listed: false,
    };
    if let Some(UnresolvedLiquid { tag, line }) = body::unresolved_liquid(source.text, &context) {
        let reason = format!("the page uses Liquid that finews does not support: `{tag}`");
        let list = post_list::of_source(source.text, &head.url, is_html);
        return skipped(file, head, source, (reason, line, list), defects);
    }
    let mut found = Vec::new();
    let (body, excerpt) = if is_html {
        let mut body = body::read(source.text, source.format, &context);
        found.append(&mut body.defects);
        (PageBody::Html(body.html), body.excerpt)
    } else {
        let text = body::resolve_liquid(source.text, &context, &mut found);
        (PageBody::Text(text.into()), String::new())
    };
    // XML or JSON without a part is broken.
    let is_broken =
        |defect: &&Defect| matches!(defect.code, Code::IncludeDropped | Code::LiquidUnresolved) && !is_html;
    if let Some(defect) = found.iter().find(is_broken) {
        let cause = (defect.message.clone(), defect.line.unwrap_or(source.line), None);
        return skipped(file, head, source, cause, defects);
    }
    if let Some(list) = list_of_layout(&head, &body).filter(|_| !source.is_group) {
        let reason = "the page has no text of its own beside its layout".to_owned();
        return skipped(file, head, source, (reason, source.line, Some(list.into())), defects);
    }
    let include = found.iter().find(|defect| defect.code == Code::IncludeDropped);
    if let (Some(include), PageBody::Html(html)) = (include, &body)
        && !post_list::has_content(html.as_str())
        && let Some(list) = post_list::of_url(&head.url).filter(|_| !source.is_group)
    {
        let reason = "the page has no text of its own beside its includes".to_owned();
        let line = include.line.unwrap_or(source.line);
        return skipped(file, head, source, (reason, line, Some(list.into())), defects);
    }
    defects.append(&mut found);
    Some(head.with_body(file, body, excerpt))
}

/// Reports a page that is not served: the reason, its line, and the list that replaces the page.
fn skipped(
    file: &SiteFile,
    head: PageHead,
    source: &PageSource<'_>,
    (reason, line, list): (String, u32, Option<Replacement>),
    defects: &mut Vec<Defect>,
) -> Option<OwnPage> {
    let list = list.filter(|_| !source.is_group);
    let outcome =
        if list.is_some() { "; its URL leads to a list of finews" } else { "; the page is not served" };
    defects.push(Defect::warning(Code::PageSkipped, reason + outcome).at_line(line));
    if source.is_group {
        // The title of the page still counts.
        return Some(head.with_body(file, PageBody::Html(BodyHtml::default()), String::new()));
    }
    list.map(|list| head.with_body(file, PageBody::ReplacedBy(list), String::new()))
}

/// The list that the layout of a page without text would show, by the URL or the name of the layout.
fn list_of_layout(head: &PageHead, body: &PageBody) -> Option<PostList> {
    let PageBody::Html(html) = body else { return None };
    let layout = head.layout.as_deref()?;
    if !html.as_str().trim().is_empty() {
        return None;
    }
    post_list::of_url(&head.url).or_else(|| post_list::of_url(layout))
}

/// Returns whether a page is shown in the layout of finews. A page whose URL has the extension of another type is
/// sent as that type.
fn is_html(url: &str, extension: &str, format: MarkupFormat) -> bool {
    let of_url = extension_of(url).trim_start_matches('.').to_ascii_lowercase();
    if TEXTS.contains(&&*of_url) {
        return false;
    }
    let is_html = |extension: &str| matches!(extension, "html" | "htm" | "xhtml");
    is_html(&of_url) || format == MarkupFormat::Markdown || is_html(extension.trim_start_matches('.'))
}

/// The extension of a file or URL, with its dot; empty if it has none.
fn extension_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |dot| &name[dot..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};

    /// Reads a file of a site with a configuration. Returns the page, and the codes of its defects.
    fn read_file(config: &str, path: &str, text: &str) -> (Option<OwnPage>, Vec<Code>) {
        let site = tempfile::tempdir().expect("a folder");
        let file = site.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
        std::fs::write(&file, text).expect("a file");
        std::fs::write(site.path().join("_config.yml"), config).expect("a file");
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("valid");
        let reader = Reader::new(&config).expect("a reader");
        let nothing = ReservedPaths {
            always: |_| false,
            list_like: |_| false,
            in_archive: |_, _| false,
            group_at: |_| None,
        };
        let (page, defects) = read(&reader, nothing, &SiteFile::from_path(path), &|_| None, &mut None);
        (page, defects.into_iter().map(|defect| defect.code).collect())
    }

    #[test]
    fn pages_of_each_type_have_their_url_and_body() {
        const CONFIG: &str = "permalink: pretty\nurl: https://news.example\ncollections: {docs: {output: true}}\n\
                              defaults: [{scope: {type: docs}, values: {sitemap: false}}]\n";
        let table = [
            ("about.md", "---\n---\n*A*", "/about/", "html"),
            ("a/index.html", "---\n---\nA", "/a/", "html"),
            ("search.json", "---\n---\n[]", "/search.json", "text"),
            ("llms.txt", "---\n---\n{{ site.url }}", "/llms.txt", "text"),
            ("CNAME", "---\n---\nx", "/CNAME", "text"),
            ("robots.md", "---\npermalink: /robots.txt\n---\nx", "/robots.txt", "text"),
            ("api.json", "---\npermalink: /api/\n---\n{}", "/api/", "text"),
            ("release-1.2.md", "---\npermalink: /release-1.2\n---\nx", "/release-1.2", "html"),
            ("plain.html", "<p>x</p>", "/plain.html", "file"),
            ("docs/index.html", "<p>x</p>", "/docs/", "file"),
            ("_docs/start.md", "---\n---\nx", "/docs/start/", "html"),
            ("_docs/data.csv", "---\n---\nx", "/docs/data/", "text"),
            ("_docs/img/a.png", "x", "/docs/img/a.png", "file"),
        ];
        for (path, text, url, kind) in table {
            let (page, codes) = read_file(CONFIG, path, text);
            let page = page.expect(path);
            let found = match page.body {
                PageBody::Html(_) => "html",
                PageBody::Text(_) => "text",
                PageBody::File => "file",
                PageBody::ReplacedBy(_) => "list",
            };
            assert_eq!((&*page.url, found, codes.len()), (url, kind, 0), "{path}");
        }
        let (page, _) = read_file(CONFIG, "_docs/get-it.md", "---\n---\nx");
        let page = page.expect("a page");
        assert_eq!((&*page.title, page.in_sitemap), ("Get It", false));
    }

    #[test]
    fn pages_know_their_path_and_collection() {
        const CONFIG: &str = "collections: {docs: {output: true}}\n";
        let table = [
            ("a/b.txt", "---\npath: x\n---\n{{ page.path }}", "a/b.txt"),
            ("_docs/c.txt", "---\n---\n{{ page.path }} {{ page.collection }}", "_docs/c.txt docs"),
        ];
        for (path, text, expected) in table {
            let (page, codes) = read_file(CONFIG, path, text);
            assert_eq!(page.map(|page| page.body), Some(PageBody::Text(expected.into())), "{path}");
            assert_eq!(codes, [], "{path}");
        }
    }

    #[test]
    fn files_that_are_not_pages_are_left_out_or_reported() {
        const CONFIG: &str = "collections: {docs: {output: true, permalink: '/:nothing/'}}\n";
        let table: [(&str, &str, &[Code]); 7] = [
            ("hidden.md", "---\npublished: false\n---\nx", &[]),
            ("css/main.scss", "---\n---\nb {}", &[Code::PageSkipped]),
            ("feed.xml", "---\n---\n{% include x.xml %}", &[Code::PageSkipped]),
            ("empty.html", "", &[]),
            ("notes.txt", "no front matter", &[]),
            ("_docs/later.md", "---\ndate: 2999-01-01\n---\nx", &[]),
            ("_docs/hidden.md", "---\npublished: false\n---\nx", &[]),
        ];
        for (path, text, expected) in table {
            let (page, codes) = read_file(CONFIG, path, text);
            assert!(page.is_none(), "{path}");
            assert_eq!(codes, expected, "{path}");
        }
        let (page, codes) = read_file(CONFIG, "_docs/a.md", "---\ndate: never\n---\nx");
        assert_eq!(page.map(|page| page.url).as_deref(), Some("/docs/a.html"));
        assert_eq!(codes, [Code::DateInvalid, Code::PermalinkInvalid]);
    }

    #[test]
    fn pages_that_only_list_posts_are_replaced_by_a_list() {
        const POSTS: &str = "{% for post in site.posts %}{{ post.title }}{% endfor %}";
        const INCLUDE: &str = "{% include list.html %}";
        let table = [
            ("blog/index.html", format!("---\n---\n{POSTS}"), PostList::Newest),
            ("archives.md", "---\nlayout: archives\n---\n".to_owned(), PostList::Years),
            ("x.md", "---\nlayout: tags\n---\n\n".to_owned(), PostList::Tags),
            ("rss/all.xml", format!("---\n---\n<rss>{POSTS}</rss>"), PostList::Feed),
            ("blog/index.html", format!("---\n---\n{INCLUDE}\n"), PostList::Newest),
            ("tags.md", format!("---\ntitle: Tags\n---\n\n{INCLUDE}\n"), PostList::Tags),
            ("archives.html", format!("---\n---\n<div class=\"a\">\n{INCLUDE}\n</div>"), PostList::Years),
        ];
        for (path, text, list) in table {
            let (page, codes) = read_file("", path, &text);
            assert_eq!(page.map(|page| page.body), Some(PageBody::ReplacedBy(list.into())), "{path}");
            assert_eq!(codes, [Code::PageSkipped], "{path}");
        }
        let of_itself = [
            ("gallery.md", "---\nlayout: gallery\n---\n"),
            ("team.html", "---\n---\n{% include list.html %}"),
            ("blog.html", "---\n---\n<p>Text.</p>{% include list.html %}"),
            ("news.html", "---\n---\n<img src=\"/a.png\">{% include list.html %}"),
            ("tags.html", "---\n---\n"),
        ];
        for (path, text) in of_itself {
            let (page, _) = read_file("", path, text);
            assert!(page.expect(path).html().is_some(), "{path}");
        }
    }
}
