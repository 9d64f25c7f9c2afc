//! Reads the site's own pages.

use std::hash::{Hash, Hasher};

use rayon::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use crate::archive::address;
use crate::archive::body::{self, Context, MarkupFormat, UnresolvedLiquid};
use crate::archive::file_version;
use crate::archive::jekyll::files::SiteFile;
use crate::archive::jekyll::front_matter::{self, FrontMatter, SplitFile};
use crate::archive::jekyll::permalink;
use crate::archive::page::OwnPage;
use crate::archive::problem::{Code, Defect, FileProblems, problems_of_file};
use crate::archive::read::head::{authors, head_fields};
use crate::archive::read::{Links, Reader, variable};
use crate::archive::snapshot::ReservedPaths;

/// Reads the site's own pages in parallel.
pub(in crate::archive) fn read_all(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    files: &[SiteFile],
    links: &Links<'_>,
) -> (Vec<OwnPage>, Vec<FileProblems>) {
    let read: Vec<_> =
        files.par_iter().map(|file| (file, read(reader, reserved_paths, file, links))).collect();
    let (mut pages, mut problems) = (Vec::new(), Vec::new());
    for (file, (page, defects)) in read {
        pages.extend(page);
        problems.push(problems_of_file(&file.path, defects));
    }
    (pages, problems)
}

/// Reads a page. Returns `None` if it is not served; a file without front matter is not a page.
fn read(
    reader: &Reader<'_>,
    reserved_paths: ReservedPaths,
    file: &SiteFile,
    links: &Links<'_>,
) -> (Option<OwnPage>, Vec<Defect>) {
    let content = match file_version::read(&file.file(&reader.config.root)) {
        Ok(content) => content,
        Err(defect) => return (None, vec![defect]),
    };
    let (text, defect) = front_matter::decode(&content.bytes);
    let split = front_matter::split(&text);
    // A file with an unclosed fence is also a page.
    if split.yaml.is_none() && !split.unclosed {
        return (None, Vec::new());
    }
    let (mut front, mut defects) = split.front_matter();
    defects.extend(defect);
    // The list omits `published`, which the configuration cannot set for pages.
    for key in [
        "permalink",
        "title",
        "sitemap",
        "description",
        "summary",
        "image",
        "canonical_url",
        "author",
        "authors",
    ] {
        if let Some(given) = reader.defaults.for_page(&file.path, key) {
            front.add(key, given);
        }
    }
    let page = if front.is_false_or_null("published") {
        None
    } else if let Some(UnresolvedLiquid { tag, line }) = unresolved_liquid(reader, &front, split, links) {
        let message = format!("the page uses Liquid that finews does not support and is not served: `{tag}`");
        defects.push(Defect::warning(Code::PageSkipped, message).at_line(line));
        // The list of a source or tag takes the place of its page, whose title still counts.
        Some(page(reader, file, &front, SplitFile { body: "", ..split }, links, &mut defects))
            .filter(|page| (reserved_paths.group_at)(&address::decoded(&page.url)).is_some())
    } else {
        Some(page(reader, file, &front, split, links, &mut defects))
    };
    (page, defects)
}

fn page(
    reader: &Reader<'_>,
    file: &SiteFile,
    front: &FrontMatter,
    split: SplitFile<'_>,
    links: &Links<'_>,
    defects: &mut Vec<Defect>,
) -> OwnPage {
    let (dir, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let (basename, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let extension = format!(".{extension}");
    let format = reader.format(&extension);
    let output = if format == MarkupFormat::Markdown { ".html" } else { &extension };
    let own = reader.own_permalink(front, defects);
    let url = permalink::page_url(dir, basename, output, &reader.template, own);
    let title = front.text("title").unwrap_or_default();
    let context = Context {
        site: &reader.site,
        title,
        url: &url,
        page: &|path| variable(front, path),
        posts: links,
        line: split.body_line,
        is_listed: false,
    };
    let mut body = body::read(split.body, format, &context);
    defects.append(&mut body.defects);
    let head = *head_fields(front, &reader.site, defects).unwrap_or_default();
    let authors = authors(front, &reader.config.source.authors).unwrap_or_default();
    let mut hasher = Xxh3::new();
    (title, &url, &body.html, &body.excerpt, &head, &authors).hash(&mut hasher);
    OwnPage {
        path: file.path.clone(),
        title: title.into(),
        redirect_from: reader.former_paths(front),
        in_sitemap: front.bool("sitemap") != Some(false),
        hash: hasher.finish(),
        url: url.into(),
        body: body.html,
        excerpt: body.excerpt.into(),
        head,
        authors: authors.into(),
    }
}

/// Returns the first Liquid tag or output of a page that only Jekyll can resolve.
fn unresolved_liquid(
    reader: &Reader<'_>,
    front: &FrontMatter,
    split: SplitFile<'_>,
    links: &Links<'_>,
) -> Option<UnresolvedLiquid> {
    // The title and the URL are always known.
    let context = Context {
        site: &reader.site,
        title: "",
        url: "",
        page: &|path| variable(front, path),
        posts: links,
        line: split.body_line,
        is_listed: false,
    };
    body::unresolved_liquid(split.body, &context)
}
