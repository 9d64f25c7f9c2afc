//! Reads from a page's path and front matter whether it is published, its URL, its title and the fields of its head.

use std::hash::{Hash, Hasher};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use xxhash_rust::xxh3::Xxh3;

use crate::archive::head_fields::HeadFields;
use crate::archive::jekyll::files::{self, SiteFile};
use crate::archive::jekyll::front_matter::{FrontMatter, Value};
use crate::archive::jekyll::permalink::{self, FileName, Template, UrlParts};
use crate::archive::jekyll::{date, slug};
use crate::archive::page::{OwnPage, PageBody};
use crate::archive::post::Timestamp;
use crate::archive::problem::{Code, Defect};
use crate::archive::read::collection::CollectionPermalink;
use crate::archive::read::groups::categories;
use crate::archive::read::head::{authors, head_fields};
use crate::archive::read::{Reader, away, base_name, language};

/// The keys that the configuration can give to a page. `published` has its own rule.
const GIVEN: [&str; 11] = [
    "permalink",
    "title",
    "sitemap",
    "layout",
    "lang",
    "description",
    "summary",
    "image",
    "canonical_url",
    "author",
    "authors",
];

/// The properties of a page that its front matter and its path determine.
#[derive(Default)]
pub(super) struct PageHead {
    pub(super) url: String,
    pub(super) title: String,
    fields: HeadFields,
    authors: String,
    pub(super) in_sitemap: bool,
    redirect_from: Vec<String>,
    pub(super) layout: Option<String>,
    lang: Option<String>,
    /// The target of `redirect_to`.
    pub(super) away: Option<Box<str>>,
    /// The date of a document that is not published yet.
    pub(super) due: Option<Timestamp>,
}

impl PageHead {
    /// The head of a file without front matter.
    pub(super) fn from_url(url: String, in_sitemap: bool) -> Self {
        Self { url, in_sitemap, ..Self::default() }
    }

    fn new(
        reader: &Reader<'_>,
        url: String,
        title: String,
        front: &FrontMatter,
        defects: &mut Vec<Defect>,
    ) -> Self {
        Self {
            away: away(front, &url, &reader.site, defects),
            url,
            title,
            fields: *head_fields(front, &reader.site, defects).unwrap_or_default(),
            authors: authors(front, &reader.config.source.authors).unwrap_or_default(),
            in_sitemap: front.bool("sitemap") != Some(false),
            redirect_from: reader.former_paths(front),
            layout: front.text("layout").filter(|layout| *layout != "none").map(Into::into),
            lang: language(front),
            due: None,
        }
    }

    pub(super) fn with_body(self, file: &SiteFile, body: PageBody, excerpt: String) -> OwnPage {
        let Self {
            url,
            title,
            fields: head,
            authors,
            in_sitemap,
            redirect_from,
            lang,
            layout: _,
            away: _,
            due: _,
        } = self;
        let mut hasher = Xxh3::new();
        (&url, &title, &head, &authors, in_sitemap, &redirect_from, &lang, &body, &excerpt).hash(&mut hasher);
        OwnPage {
            path: file.path.clone(),
            title: title.into(),
            excerpt: excerpt.into(),
            url: url.into(),
            hash: hasher.finish(),
            lang: lang.map(Into::into),
            body,
            head,
            authors: authors.into(),
            in_sitemap,
            redirect_from,
        }
    }
}

/// The head of a page outside collections; `None` if the page is not published.
pub(super) fn page_head(
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
pub(super) fn document_head(
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
