//! Reads the files around the posts: the site's own pages, the documents of collections, and plain files that may
//! have the URL of a page.

mod head;
mod media_type;

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::archive::address;
use crate::archive::body::{self, BodyHtml, Context, LiquidValue, MarkupFormat, UnresolvedLiquid};
use crate::archive::file_version::{self, FileVersion};
use crate::archive::jekyll::files::{self, FileStatus, LINKED_OUT, SiteFile};
use crate::archive::jekyll::front_matter::{self, FrontMatter};
use crate::archive::jekyll::permalink;
use crate::archive::page::{OwnPage, PageBody, PostList, Replacement};
use crate::archive::post::Timestamp;
use crate::archive::problem::{Code, Defect, FileProblems, problems_of_file};
use crate::archive::read::collection::CollectionPermalink;
use crate::archive::read::own_page::head::{PageHead, document_head, page_head};
use crate::archive::read::own_page::media_type::{extension_of, has_own_lines, is_html};
use crate::archive::read::static_links::once_for_each;
use crate::archive::read::{Links, Reader, post_list, variable};
use crate::archive::snapshot::ReservedPaths;

/// Extensions of files that Jekyll compiles and finews does not.
const COMPILED: [&str; 3] = [".scss", ".sass", ".coffee"];

/// Minimum text of its own for a page that is served without the Liquid that finews does not support, in the measure of
/// [`body::own_text_len`]: about 15 words or 30 Han characters. A page with less is mainly the list that Liquid or an
/// include would fill in.
const LEAST_OWN_TEXT: usize = 30;

/// The result of reading the file of a page.
pub(in crate::archive) struct ReadPage {
    /// The page, if it is served or a list replaces it.
    pub(in crate::archive) page: Option<OwnPage>,
    pub(in crate::archive) problems: FileProblems,
    pub(in crate::archive) state: PageState,
}

/// The circumstances that the result of reading a page's file depends on, besides the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::archive) struct PageState {
    /// The version of the file that was read. `None` if the result may change although the file does not.
    pub(in crate::archive) file_version: Option<FileVersion>,
    /// The date of a document that is not published yet.
    pub(in crate::archive) due: Option<Timestamp>,
    /// True if the file names posts or other files in `{% post_url %}` or `{% link %}`.
    pub(in crate::archive) has_links: bool,
}

impl PageState {
    /// The state of a file that was not read yet.
    pub(in crate::archive) fn unread() -> Self {
        Self { file_version: None, due: None, has_links: true }
    }
}

/// Reads the files of pages in parallel.
pub(in crate::archive) fn read_all(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    files: &[SiteFile],
    links: &Links<'_>,
) -> Vec<ReadPage> {
    files.par_iter().map(|file| read_file(reader, reserved_paths, file, links)).collect()
}

/// Reads the file of a page.
pub(in crate::archive) fn read_file(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    file: &SiteFile,
    links: &Links<'_>,
) -> ReadPage {
    let has_links = AtomicBool::new(false);
    let links = |name: &str| {
        has_links.store(true, Ordering::Relaxed);
        links(name)
    };
    // Any later write gives the file another version.
    let file_version = FileVersion::from_path(&file.file(&reader.config.root)).ok();
    let file_version = file_version.filter(FileVersion::is_rested);
    let PageReading { page, defects, due, may_change } = read(reader, reserved_paths, file, &links);
    ReadPage {
        page,
        problems: problems_of_file(&file.path, defects),
        state: PageState {
            file_version: file_version.filter(|_| !may_change),
            due,
            has_links: has_links.load(Ordering::Relaxed),
        },
    }
}

/// Returns whether a symbolic link leads to a file that is never served.
pub(in crate::archive) fn is_refused(reader: &Reader<'_>, file: &SiteFile) -> bool {
    matches!(reader.published.resolved(&file.path), Ok(None))
}

/// The content of a page's file, read once.
#[derive(Default)]
struct PageReading {
    /// The page; `None` if it is not served.
    page: Option<OwnPage>,
    defects: Vec<Defect>,
    /// The date of a document that is not published yet.
    due: Option<Timestamp>,
    /// True if the result may change although the file does not.
    may_change: bool,
}

fn read(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    file: &SiteFile,
    links: &Links<'_>,
) -> PageReading {
    let without_page =
        |defect: Defect| PageReading { defects: vec![defect], may_change: true, ..PageReading::default() };
    let place = file.file(&reader.config.root);
    if is_refused(reader, file) {
        return without_page(files::withheld(LINKED_OUT));
    }
    if !files::may_have_front_matter(&file.path) || matches!(files::begins_with_fence(&place), Ok(false)) {
        return plain_file(reader, file);
    }
    let content = match file_version::read(&place) {
        Ok(content) => content,
        Err(defect) => return without_page(defect),
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
    let due = head.as_ref().and_then(|head| head.due);
    let page = match head {
        None | Some(PageHead { due: Some(_), .. }) => None,
        Some(_) if COMPILED.contains(&extension) => {
            let message = format!("finews does not compile `{extension}` files; the page is not served");
            defects.push(Defect::warning(Code::PageSkipped, message));
            None
        }
        Some(mut head) => match head.away.take() {
            Some(to) => {
                head.in_sitemap = false;
                Some(head.with_body(file, PageBody::RedirectTo(to), String::new()))
            }
            None => {
                let path = address::decoded(&head.url).into_owned();
                // The list of a source or tag takes the place of its page.
                let is_group = (reserved_paths.group_at)(&path).is_some();
                let is_ours = is_group || (reserved_paths.always)(&path);
                let (text, line) = (split.body, split.body_line);
                let source = PageSource { front: &front, text, line, format, is_group, is_ours };
                page(reader, file, head, &source, links, &mut defects)
            }
        },
    };
    PageReading { page, defects, due, may_change: content.torn }
}

/// Reads a file without front matter, which has an entry of its own only if its URL is not its path, or if the URL
/// may belong to a page.
fn plain_file(reader: &Reader<'_>, file: &SiteFile) -> PageReading {
    // The other files in `posts/` decide whether one of them is served.
    let reading = PageReading { may_change: file.path.starts_with("posts/"), ..PageReading::default() };
    let url = match collection_of(reader, &file.path) {
        Some(permalink) => permalink.file_url(reader.defaults.document_path(&file.path)),
        None => match reader.published.status(&file.path) {
            FileStatus::Withheld(reason) => {
                return PageReading { defects: vec![files::withheld(reason)], ..reading };
            }
            FileStatus::Ignored => return reading,
            FileStatus::Served if files::may_share_url(&file.path, reader.config) => {
                permalink::file_url(&file.path)
            }
            FileStatus::Served => return reading,
        },
    };
    match std::fs::metadata(file.file(&reader.config.root)) {
        // An empty file may be a page that is about to be written.
        Ok(meta) if meta.len() > 0 => {}
        _ => return reading,
    }
    let in_sitemap = [".html", ".htm", ".xhtml"].contains(&extension_of(&file.path));
    let head = PageHead::from_url(url, in_sitemap);
    PageReading { page: Some(head.with_body(file, PageBody::File, String::new())), ..reading }
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
    /// True if finews has a page of its own at the URL.
    is_ours: bool,
}

/// Why a page is not served: the reason, its line, and the list that replaces the page.
type SkipReason = (String, u32, Option<Replacement>);

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
    // Jekyll knows the value of these keys without front matter.
    let is_given = |key: &str| match collection {
        Some(_) => matches!(key, "date" | "slug"),
        None => reader.defaults.for_page(&file.path, key).is_some(),
    };
    let own = |name: &[&str]| match (name, collection) {
        (["path"], _) => Some(LiquidValue::Text(file.path.to_string())),
        (["collection"], Some(collection)) => Some(LiquidValue::Text(collection.label.to_string())),
        ([key, ..], _) if source.front.get(key).is_none() && is_given(key) => None,
        _ => variable(source.front, name),
    };
    let files = once_for_each(|path| reader.static_url(path));
    let context = Context {
        site: &reader.site,
        title: &head.title,
        url: &head.url,
        page: &own,
        posts: links,
        files: &files,
        line: source.line,
        is_listed: false,
        is_page: true,
    };
    let unresolved = body::unresolved_liquid(source.text, &context).map(|UnresolvedLiquid { tag, line }| {
        (format!("the page uses Liquid that finews does not support: `{tag}`"), line)
    });
    if let Some((reason, line)) = &unresolved {
        let list = post_list::of_source(source.text, &head.url, is_html);
        let is_replaced = list.as_ref().is_some_and(|list| !is_html || is_list(list, source, &context));
        if is_replaced || !is_html && !has_own_lines(&head.url) {
            return skipped(file, head, source, (reason.clone(), *line, list), defects);
        }
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
    if let Some(reason) = reason_to_skip(&head, source, &body, &found, unresolved) {
        return skipped(file, head, source, reason, defects);
    }
    if let PageBody::Html(html) = &body
        && !source.is_ours
    {
        defects.extend(without_content(&head, html, &found).map(|defect| defect.at_line(source.line)));
    }
    defects.append(&mut found);
    Some(head.with_body(file, body, excerpt))
}

/// Returns whether a list can replace a page that lists posts. A page with enough text of its own is served without the
/// loop over posts, unless its URL or its Liquid shows that it is a list.
fn is_list(list: &Replacement, source: &PageSource<'_>, context: &Context<'_>) -> bool {
    source.is_group
        || source.is_ours
        || list.group.is_some()
        || matches!(list.list, PostList::Feed | PostList::JsonFeed)
        || post_list::of_url(context.url).is_some()
        || source.text.contains("paginator.")
        || body::own_text_len(&body::read(source.text, source.format, context).html) < LEAST_OWN_TEXT
}

/// Returns whether a defect is that a part of the page is missing.
fn lacks_part(defect: &&Defect) -> bool {
    matches!(defect.code, Code::IncludeDropped | Code::LiquidUnresolved)
}

/// Returns whether a page shows a text, link or medium of its own. Its headings do not count.
fn has_content(html: &BodyHtml) -> bool {
    body::own_text_len(html) > 0 || post_list::has_link_or_medium(html.as_str())
}

/// The warning of a served page without content of its own, which its layout or an include would fill in.
fn without_content(head: &PageHead, html: &BodyHtml, found: &[Defect]) -> Option<Defect> {
    if has_content(html) {
        return None;
    }
    let reason = match found.iter().find(lacks_part) {
        Some(_) => "the page has no text of its own beside the Liquid that was left out",
        None if head.layout.is_some() => {
            "the page has no text of its own, and finews does not have the layout that fills it in"
        }
        // The page is empty in Jekyll too.
        None => return None,
    };
    let message = format!("{reason}; only its title and headings are served");
    Some(Defect::warning(Code::PageSkipped, message))
}

/// Returns why a page that was read is not served: a part is missing, or the page has no text of its own.
fn reason_to_skip(
    head: &PageHead,
    source: &PageSource<'_>,
    body: &PageBody,
    found: &[Defect],
    unresolved: Option<(String, u32)>,
) -> Option<SkipReason> {
    // A page at the usual URL of a list that has less text is the list.
    let has_little_text = |html: &BodyHtml| body::own_text_len(html) < LEAST_OWN_TEXT;
    if let Some(defect) = found.iter().find(lacks_part) {
        let is_kept = match body {
            PageBody::Html(html) => {
                let lacks_liquid = found.iter().any(|defect| defect.code == Code::LiquidUnresolved);
                unresolved.is_none() || !lacks_liquid || !has_little_text(html)
            }
            PageBody::Text(text) => has_own_lines(&head.url) && !text.trim().is_empty(),
            // XML or JSON without a part is broken.
            PageBody::File | PageBody::ReplacedBy(_) | PageBody::RedirectTo(_) => false,
        };
        if !is_kept {
            let of_defect = || (defect.message.clone(), defect.line.unwrap_or(source.line));
            let (reason, line) = unresolved.unwrap_or_else(of_defect);
            let list = matches!(body, PageBody::Html(_)).then(|| post_list::of_url(&head.url)).flatten();
            return Some((reason, line, list.map(Replacement::from)));
        }
    }
    if let Some(list) = list_of_layout(head, body).filter(|_| !source.is_group) {
        let reason = "the page has no text of its own beside its layout".to_owned();
        return Some((reason, source.line, Some(list.into())));
    }
    if let (Some(part), PageBody::Html(html)) = (found.iter().find(lacks_part), body)
        && has_little_text(html)
        && !post_list::has_medium(html.as_str())
        && let Some(list) = post_list::of_url(&head.url).filter(|_| !source.is_group)
    {
        let reason = "the page has little text of its own beside the Liquid that was left out".to_owned();
        return Some((reason, part.line.unwrap_or(source.line), Some(list.into())));
    }
    None
}

/// Reports a page that is not served. Returns the page whose URL leads to a list instead, if there is one.
fn skipped(
    file: &SiteFile,
    head: PageHead,
    source: &PageSource<'_>,
    (reason, line, list): SkipReason,
    defects: &mut Vec<Defect>,
) -> Option<OwnPage> {
    let list = list.filter(|_| !source.is_group);
    let outcome = match &list {
        _ if source.is_ours => "; finews serves a page of its own at the URL",
        Some(_) => "; its URL leads to a list of finews",
        None => "; the page is not served",
    };
    defects.push(Defect::warning(Code::PageSkipped, reason + outcome).at_line(line));
    if source.is_group {
        // The title of the page still counts.
        return Some(head.with_body(file, PageBody::Html(BodyHtml::default()), String::new()));
    }
    list.map(|list| head.with_body(file, PageBody::ReplacedBy(list), String::new()))
}

/// The list that the layout of a page without content would show, by the URL or the name of the layout.
fn list_of_layout(head: &PageHead, body: &PageBody) -> Option<PostList> {
    let PageBody::Html(html) = body else { return None };
    let layout = head.layout.as_deref()?;
    if has_content(html) {
        return None;
    }
    post_list::of_url(&head.url).or_else(|| post_list::of_url(layout))
}

#[cfg(test)]
mod tests;
