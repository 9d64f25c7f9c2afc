//! Reads one file into one [`Draft`]: the whole post, with its names still as text. `build.rs` makes
//! a post of it. The loader does both on all cores.

pub(super) mod build;
mod collection;
mod draft;
mod groups;
pub(super) mod own_page;
mod post_list;

use std::borrow::Cow;

use chrono::DateTime;
use chrono_tz::Tz;

use crate::archive::address;
use crate::archive::body::{self, Body, MarkupFormat, SiteContext};
use crate::archive::file_version::FileContent;
use crate::archive::jekyll::defaults::Defaults;
use crate::archive::jekyll::files::{self, PublishedFiles, SiteFile};
use crate::archive::jekyll::front_matter::{self, FrontMatter, Value};
use crate::archive::jekyll::permalink::{self, FileName, Template, UrlParts};
use crate::archive::jekyll::{date, slug};
use crate::archive::post::{Timestamp, Visibility};
use crate::archive::problem::{Code, Defect};
use crate::archive::read::collection::Permalinks;
use crate::archive::read::groups::{categories, tags};
use crate::config::{Config, ConfigError, NaiveDates};

pub use draft::Draft;

/// The result of reading a file.
#[derive(Default)]
pub struct ParseResult {
    /// The post, unless the file is empty or has no date.
    pub draft: Option<Draft>,
    /// The problems of the file.
    pub defects: Vec<Defect>,
    /// The front matter has no closing fence.
    pub unclosed: bool,
}

/// Resolves the names in `{% post_url %}` and `{% link %}` to URLs; `None` while a URL is unknown.
pub type Links<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// A file with the name of a post.
struct PostFile<'f> {
    path: &'f str,
    name: FileName,
}

/// Reads files by the rules that all files of a site share.
pub struct Reader<'a> {
    config: &'a Config,
    /// The front matter that the configuration gives to files.
    defaults: Defaults,
    /// The rule for files without front matter.
    published: PublishedFiles,
    /// The site's permalink, for files without their own.
    template: Template,
    /// The permalinks of collections.
    permalinks: Permalinks,
    site: SiteContext,
}

impl<'a> Reader<'a> {
    /// Creates the reader of a site.
    ///
    /// # Errors
    /// Returns an error if the configured permalink has an unknown placeholder.
    pub fn new(config: &'a Config) -> Result<Self, ConfigError> {
        let source = &config.source;
        let template = Template::from_settings(&source.permalink, source.posts_permalink.as_deref())
            .map_err(|error| config.permalink_error(&error.to_string()))?;
        Ok(Self {
            config,
            defaults: Defaults::new(config),
            published: PublishedFiles::new(config),
            permalinks: Permalinks::new(config, &template),
            template,
            site: site_context(config),
        })
    }

    /// The properties of the site that bodies depend on.
    pub fn site(&self) -> &SiteContext {
        &self.site
    }

    /// Reads a post. `links` resolves the names of other posts in its body.
    pub fn post(&self, file: &SiteFile, content: &FileContent, links: &Links<'_>) -> ParseResult {
        match file.name() {
            Some(name) => self.named_post(&PostFile { path: &file.path, name }, content, links),
            None => ParseResult::default(),
        }
    }

    fn named_post(&self, file: &PostFile<'_>, content: &FileContent, links: &Links<'_>) -> ParseResult {
        if content.bytes.is_empty() {
            let defect = Defect::warning(Code::HalfWritten, "the file is empty");
            return ParseResult { defects: vec![defect], ..ParseResult::default() };
        }
        let mut result = ParseResult::default();
        let defects = &mut result.defects;
        let (text, defect) = front_matter::decode(&content.bytes);
        defects.extend(defect);
        let split = front_matter::split(&text);
        result.unclosed = split.unclosed;
        if split.unclosed {
            let message = "the front matter has no closing `---`; the whole file is shown as text";
            defects.push(Defect::warning(Code::FrontMatterInvalid, message).at_line(1));
        }
        let mut front = match split.yaml {
            Some(yaml) => {
                let (front, found) = front_matter::parse(yaml);
                defects.extend(found);
                front
            }
            None => FrontMatter::default(),
        };
        let given = self.defaults.for_post(file.path);
        let categories = categories(self.defaults.document_path(file.path), &given, &front);
        front.fill(given);
        match self.date(file, &front, defects) {
            Some(dated) => {
                let mut draft = self.draft(file, &front, categories, dated, defects);
                draft.linking = names_other_posts(split.body);
                let excerpt = front.text("excerpt").filter(|excerpt| !excerpt.trim().is_empty());
                self.fill_body(&mut draft, file, (split.body, excerpt), links, defects);
                result.draft = Some(draft);
            }
            None => {
                let message =
                    "no date in the front matter, file name or slug; add `date:` to publish the post";
                defects.push(Defect::error(Code::DateMissing, message));
            }
        }
        result
    }

    /// Returns the markup format of files with this extension.
    fn format(&self, extension: &str) -> MarkupFormat {
        files::format(self.config, extension)
    }

    /// The date of the front matter, else of the file name, else of the slug's first eight digits.
    fn date(
        &self,
        file: &PostFile<'_>,
        front: &FrontMatter,
        defects: &mut Vec<Defect>,
    ) -> Option<DateReadings> {
        let zone = self.config.source.timezone;
        let fallback = || match file.name.date {
            Some(date) => date::from_file_name(date, zone),
            None => date::from_slug_digits(&file.name.slug, zone),
        };
        let naive = self.config.source.naive_dates;
        let Some(field) = front.get("date") else {
            return fallback().map(|at| DateReadings { at, other: None });
        };
        let text = front.text("date").unwrap_or_default();
        match date::parse(text, field.quoted, zone, naive) {
            Some(parsed) => {
                let other = (parsed.naive && naive == NaiveDates::Local)
                    .then(|| date::parse(text, field.quoted, zone, NaiveDates::Utc))
                    .flatten();
                Some(DateReadings { at: parsed.at, other: other.map(|other| other.at) })
            }
            None => {
                let at = fallback()?;
                let used = if file.name.date.is_some() {
                    "the date in the file name"
                } else {
                    "the date in the first digits of the slug"
                };
                let message = format!("`date: {}` is invalid; {used} is used", text.trim());
                defects.push(Defect::warning(Code::DateInvalid, message).at_line(field.line));
                Some(DateReadings { at, other: None })
            }
        }
    }

    fn draft(
        &self,
        file: &PostFile<'_>,
        front: &FrontMatter,
        categories: Vec<String>,
        dated: DateReadings,
        defects: &mut Vec<Defect>,
    ) -> Draft {
        let template = self.post_template(front, defects);
        let slug = front.setting("slug");
        let format = self.format(&file.name.ext);
        let url_on = |date: &DateTime<Tz>| {
            template.expand(&UrlParts {
                collection: "posts",
                path: self.defaults.document_path(file.path),
                basename: base_name(file.path),
                slug: &file.name.slug,
                fm_slug: slug,
                categories: &categories,
                date,
                output_ext: if format == MarkupFormat::Markdown { ".html" } else { &file.name.ext },
            })
        };
        let url = url_on(&dated.at);
        Draft {
            id: permalink::jekyll_id(&url, slug.unwrap_or(&file.name.slug)),
            other_day_url: dated.other.map(|other| url_on(&other)).filter(|other| *other != url),
            title: self.title(file, front),
            date: dated.at.into(),
            modified: self.modified(front),
            tags: tags(front),
            lang: front.text("lang").map(|lang| lang.replace('_', "-")).filter(|lang| is_language(lang)),
            author: front.text("author").filter(|author| !author.is_empty()).map(Into::into),
            visibility: self.visibility(front),
            sitemap: front.bool("sitemap") != Some(false),
            redirect_from: front.strings("redirect_from", false),
            away: away(front, &url, defects),
            path: file.path.to_owned(),
            body: Body::default(),
            linking: false,
            url,
            categories,
        }
    }

    /// Returns the post's own permalink, else the site's.
    fn post_template(&self, front: &FrontMatter, defects: &mut Vec<Defect>) -> Cow<'_, Template> {
        let Some(value) = front.setting("permalink") else {
            return Cow::Borrowed(&self.template);
        };
        match permalink::post_permalink(value) {
            Ok(template) => Cow::Owned(template),
            Err(error) => {
                let line = front.get("permalink").map_or(1, |field| field.line);
                let message = format!("`permalink: {value}`: {error}; the site's permalink is used");
                defects.push(Defect::warning(Code::PermalinkInvalid, message).at_line(line));
                Cow::Borrowed(&self.template)
            }
        }
    }

    fn title(&self, file: &PostFile<'_>, front: &FrontMatter) -> String {
        match front.get("title").map(|field| &field.value) {
            Some(Value::Text(title)) => title.clone(),
            // The author of `title: [图]` most likely did not mean a list.
            Some(Value::List(_)) => format!("[{}]", front.strings("title", false).join(", ")),
            _ => slug::titleize(&file.name.slug),
        }
    }

    fn modified(&self, front: &FrontMatter) -> Option<Timestamp> {
        let field = front.get("last_modified_at")?;
        let text = front.text("last_modified_at")?;
        let parsed = date::parse(text, field.quoted, self.config.source.timezone, NaiveDates::Utc)?;
        Some(parsed.at.into())
    }

    fn visibility(&self, front: &FrontMatter) -> Visibility {
        if front.is_false_or_null("published") && !self.config.source.unpublished {
            Visibility::Withdrawn
        } else if front.bool("hidden") == Some(true) {
            Visibility::Unlisted
        } else {
            Visibility::Listed
        }
    }

    fn fill_body(
        &self,
        draft: &mut Draft,
        file: &PostFile<'_>,
        (source, excerpt): (&str, Option<&str>),
        links: &Links<'_>,
        defects: &mut Vec<Defect>,
    ) {
        if draft.visibility == Visibility::Withdrawn {
            return;
        }
        let context = body::Context {
            site: &self.site,
            title: &draft.title,
            url: &draft.url,
            posts: links,
            is_listed: draft.visibility == Visibility::Listed,
        };
        let mut body = body::read(source, self.format(&file.name.ext), &context);
        defects.append(&mut body.defects);
        if let Some(excerpt) = excerpt {
            body.excerpt = body::read(excerpt, MarkupFormat::Markdown, &context).excerpt;
        }
        draft.body = body;
    }
}

/// Returns the target of `redirect_to`, if it is valid.
fn away(front: &FrontMatter, url: &str, defects: &mut Vec<Defect>) -> Option<Box<str>> {
    let to = front.strings("redirect_to", false).into_iter().next()?;
    // A redirect to the post's own URL would be a loop.
    let is_other = |to: &str| address::decoded(to) != address::decoded(url);
    let address = address::redirect_target(&to).filter(|to| is_other(to));
    if address.is_none() {
        let message = "`redirect_to` is not a valid URL of another page; the post itself is served";
        defects.push(Defect::warning(Code::PermalinkInvalid, message));
    }
    address
}

/// Returns the file name without its extension.
fn base_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A post's date; `other` is the other reading of a date without a zone.
struct DateReadings {
    at: DateTime<Tz>,
    other: Option<DateTime<Tz>>,
}

/// Returns the properties of a configured site that bodies depend on.
pub fn site_context(config: &Config) -> SiteContext {
    let source = &config.source;
    let host = source.url.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    SiteContext {
        url: source.url.clone(),
        baseurl: source.baseurl.clone(),
        title: source.title.clone(),
        host,
        legacy_hosts: source.legacy_hosts.clone(),
        quote: if source.is_chinese { "行情" } else { "Quote" },
    }
}

fn names_other_posts(body: &str) -> bool {
    body.contains("post_url") || (body.contains("{%") && body.contains("link "))
}

/// Returns whether a tag has the shape of BCP 47: parts of one to eight letters and digits.
fn is_language(tag: &str) -> bool {
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.split('-').all(is_part)
}
