//! One file → one [`Draft`]: everything a post is, with its names still as text.
//! The loader makes drafts on every core and the snapshot interns them.

mod draft;
mod groups;

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::DateTime;
use chrono_tz::Tz;

use super::body::{self, Body, Format, SiteContext};
use super::date;
use super::defaults::Defaults;
use super::files::{self, PostFile};
use super::front_matter::{self, FrontMatter, Value};
use super::packed::Packer;
use super::permalink::{self, Template, UrlParts};
use super::post::Timestamp;
use super::problem::{Code, Defect, Problem};
use super::slug;
use crate::config::{Config, ConfigError, NaiveDates};
pub use draft::{Draft, Twin, Visibility};
use groups::{categories, tags};

/// A file larger than this is no post.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// A file without its closing fence may still be being written until it has rested this long.
pub const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// What reading a file gave.
pub struct Outcome {
    /// The post, unless the file holds none that can be placed.
    pub draft: Option<Draft>,
    /// What was wrong.
    pub problems: Vec<Problem>,
    /// The file has no closing fence and changed a moment ago: it should be read once more.
    pub unsettled: bool,
}

/// Resolves what `{% post_url %}` and `{% link %}` name; `None` while that is not known.
pub type Links<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// What all files of a site have in common.
pub struct Reader<'a> {
    config: &'a Config,
    defaults: Defaults,
    template: Template,
    site: SiteContext,
    now: DateTime<Tz>,
}

impl<'a> Reader<'a> {
    /// A reader for the site.
    ///
    /// # Errors
    /// When the configured permalink has an unknown placeholder.
    pub fn new(config: &'a Config, now: SystemTime) -> Result<Self, ConfigError> {
        let template = Template::of_site(&config.permalink, config.posts_permalink.as_deref())
            .map_err(|error| config.permalink_error(&error.to_string()))?;
        Ok(Self {
            config,
            defaults: Defaults::new(config),
            template,
            site: site_context(config),
            now: DateTime::<chrono::Utc>::from(now).with_timezone(&config.timezone),
        })
    }

    /// What bodies need to know of the site.
    pub fn site(&self) -> &SiteContext {
        &self.site
    }

    /// The front matter given for a file by the configuration.
    pub(super) fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// The site's permalink style.
    pub(super) fn template(&self) -> &Template {
        &self.template
    }

    /// Reads a post. Without `links` a body that names other posts is left for later.
    pub fn post(
        &self,
        file: &PostFile,
        packer: Option<&mut Packer<'_>>,
        links: Option<&Links<'_>>,
    ) -> Outcome {
        let mut outcome = Outcome { draft: None, problems: Vec::new(), unsettled: false };
        let (bytes, changed) = match read_file(&file.file) {
            Ok(read) => read,
            Err(defect) => {
                outcome.problems.push(defect.of(&file.path));
                return outcome;
            }
        };
        if bytes.is_empty() {
            let defect = Defect::warning(Code::HalfWritten, "the file is empty and is not served");
            outcome.problems.push(defect.of(&file.path));
            return outcome;
        }
        let mut defects = Vec::new();
        let (text, defect) = front_matter::decode(&bytes);
        defects.extend(defect);
        let split = front_matter::split(&text);
        outcome.unsettled = split.unclosed && !is_settled(changed);
        if split.unclosed {
            let message = "the front matter is never closed: all of it is shown as text";
            defects.push(Defect::warning(Code::FrontMatterInvalid, message).at(1));
        }
        let mut front = match split.yaml {
            Some(yaml) => {
                let (front, found) = front_matter::parse(yaml);
                defects.extend(found);
                front
            }
            None => FrontMatter::default(),
        };
        let given = self.defaults.for_post(&file.path);
        let categories = categories(self.defaults.document_path(&file.path), &given, &front);
        front.fill(given);
        match self.date(file, &front, &mut defects) {
            Some(dated) => {
                let mut draft = self.draft(file, &front, categories, dated, &mut defects);
                draft.is_waiting = links.is_none() && names_other_posts(split.body);
                if !draft.is_waiting {
                    let excerpt = front.text("excerpt").filter(|excerpt| !excerpt.trim().is_empty());
                    self.fill_body(&mut draft, file, (split.body, excerpt), packer, links, &mut defects);
                }
                outcome.draft = Some(draft);
            }
            None => {
                let message =
                    "no date in the front matter, the file name or the slug: the post is not served";
                defects.push(Defect::error(Code::DateMissing, message));
            }
        }
        outcome.problems.extend(defects.into_iter().map(|defect| defect.of(&file.path)));
        outcome
    }

    /// How a file with this extension is read.
    pub(super) fn format(&self, extension: &str) -> Format {
        files::format(self.config, extension)
    }

    /// The front matter's date, else the file name's, else that of the slug's first eight digits.
    fn date(&self, file: &PostFile, front: &FrontMatter, defects: &mut Vec<Defect>) -> Option<Dated> {
        let zone = self.config.timezone;
        let fallback = || match file.name.date {
            Some(date) => date::from_file_name(date, zone),
            None => date::from_slug_digits(&file.name.slug, zone),
        };
        let naive = self.config.naive_dates;
        let Some(field) = front.get("date") else {
            return fallback().map(|at| Dated { at, other: None });
        };
        let text = front.text("date").unwrap_or_default();
        match date::parse(text, field.quoted, zone, naive) {
            Some(parsed) => {
                let other = (parsed.naive && naive == NaiveDates::Local)
                    .then(|| date::parse(text, field.quoted, zone, NaiveDates::Utc))
                    .flatten();
                Some(Dated { at: parsed.at, other: other.map(|other| other.at) })
            }
            None => {
                let at = fallback()?;
                let used = if file.name.date.is_some() {
                    "the file name's"
                } else {
                    "that of the slug's first digits"
                };
                let message = format!("`date: {}` cannot be read; the date is {used}", text.trim());
                defects.push(Defect::warning(Code::DateInvalid, message).at(field.line));
                Some(Dated { at, other: None })
            }
        }
    }

    fn draft(
        &self,
        file: &PostFile,
        front: &FrontMatter,
        categories: Vec<String>,
        dated: Dated,
        defects: &mut Vec<Defect>,
    ) -> Draft {
        let template = self.post_template(front, defects);
        let slug = front.setting("slug");
        let format = self.format(&file.name.ext);
        let url_on = |date: &DateTime<Tz>| {
            template.expand(&UrlParts {
                collection: "posts",
                path: self.defaults.document_path(&file.path),
                basename: base_name(&file.path),
                slug: &file.name.slug,
                fm_slug: slug,
                categories: &categories,
                date,
                output_ext: if format == Format::Markdown { ".html" } else { &file.name.ext },
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
            visibility: self.visibility(front, &dated.at),
            sitemap: front.bool("sitemap") != Some(false),
            redirect_from: front.strings("redirect_from", false),
            redirect_to: front.strings("redirect_to", false).into_iter().next(),
            twin: match file.name.date {
                Some(_) => Twin::Dated,
                None => Twin::Undated(file.name.slug.clone()),
            },
            path: file.path.clone(),
            body: Body::default(),
            packed: None,
            is_waiting: false,
            url,
            categories,
            hash: 0,
        }
    }

    /// The post's own permalink, else the site's.
    fn post_template(&self, front: &FrontMatter, defects: &mut Vec<Defect>) -> Cow<'_, Template> {
        let Some(value) = front.setting("permalink") else {
            return Cow::Borrowed(&self.template);
        };
        match permalink::post_permalink(value) {
            Ok(template) => Cow::Owned(template),
            Err(error) => {
                let line = front.get("permalink").map_or(1, |field| field.line);
                let message = format!("`permalink: {value}`: {error}; the site's style is used");
                defects.push(Defect::warning(Code::PermalinkInvalid, message).at(line));
                Cow::Borrowed(&self.template)
            }
        }
    }

    fn title(&self, file: &PostFile, front: &FrontMatter) -> String {
        match front.get("title").map(|field| &field.value) {
            Some(Value::Text(title)) => title.clone(),
            // `title: [图]` was hardly meant as a list.
            Some(Value::List(_)) => format!("[{}]", front.strings("title", false).join(", ")),
            _ => slug::titleize(&file.name.slug),
        }
    }

    fn modified(&self, front: &FrontMatter) -> Option<Timestamp> {
        let field = front.get("last_modified_at")?;
        let text = front.text("last_modified_at")?;
        let parsed = date::parse(text, field.quoted, self.config.timezone, NaiveDates::Utc)?;
        Some(parsed.at.into())
    }

    fn visibility(&self, front: &FrontMatter, at: &DateTime<Tz>) -> Visibility {
        if front.is_false_or_null("published") && !self.config.unpublished {
            Visibility::Withdrawn
        } else if !self.config.future && *at > self.now {
            Visibility::Future
        } else if front.bool("hidden") == Some(true) {
            Visibility::Unlisted
        } else {
            Visibility::Listed
        }
    }

    fn fill_body(
        &self,
        draft: &mut Draft,
        file: &PostFile,
        (source, excerpt): (&str, Option<&str>),
        packer: Option<&mut Packer<'_>>,
        links: Option<&Links<'_>>,
        defects: &mut Vec<Defect>,
    ) {
        if draft.visibility == Visibility::Withdrawn {
            return;
        }
        let none = |_: &str| None;
        let context = body::Context {
            site: &self.site,
            title: &draft.title,
            url: &draft.url,
            posts: match links {
                Some(links) => links,
                None => &none,
            },
        };
        let mut body = body::read(source, self.format(&file.name.ext), &context);
        defects.append(&mut body.defects);
        draft.hash = xxhash_rust::xxh3::xxh3_64(body.html.as_str().as_bytes());
        if let Some(excerpt) = excerpt {
            body.excerpt = body::read(excerpt, Format::Markdown, &context).excerpt;
        }
        if let Some(packer) = packer {
            match packer.pack(&body.html) {
                Ok(packed) => draft.packed = Some(packed),
                Err(error) => defects.push(Defect::error(Code::TooLarge, error.to_string())),
            }
            body.html = Default::default();
        }
        draft.body = body;
    }
}

/// The file's name without its extension.
fn base_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// A post's date, and what the other reading of a date without a zone would make of it.
struct Dated {
    at: DateTime<Tz>,
    other: Option<DateTime<Tz>>,
}

/// What bodies need to know of a configured site.
pub fn site_context(config: &Config) -> SiteContext {
    let host = config.url.split_once("://").map(|(_, host)| host.to_ascii_lowercase());
    SiteContext {
        url: config.url.clone(),
        baseurl: config.baseurl.clone(),
        title: config.title.clone(),
        host,
        legacy_hosts: config.legacy_hosts.clone(),
    }
}

/// A file's bytes and when it last changed.
pub(super) fn read_file(path: &Path) -> Result<(Vec<u8>, SystemTime), Defect> {
    let unreadable = |error: std::io::Error| Defect::error(Code::Unreadable, error.to_string());
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if meta.len() > LARGEST_FILE {
        let message = format!("{} bytes; a post has at most {LARGEST_FILE}", meta.len());
        return Err(Defect::error(Code::TooLarge, message));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    // The file may grow while it is read.
    std::io::Read::read_to_end(&mut std::io::Read::take(file, LARGEST_FILE), &mut bytes)
        .map_err(unreadable)?;
    Ok((bytes, meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
}

fn is_settled(changed: SystemTime) -> bool {
    // A time in the future says nothing about the last seconds.
    SystemTime::now().duration_since(changed).is_ok_and(|age| age >= SETTLED_AFTER)
        || changed.duration_since(SystemTime::now()).is_ok_and(|ahead| ahead > SETTLED_AFTER)
}

fn names_other_posts(body: &str) -> bool {
    body.contains("post_url") || (body.contains("{%") && body.contains("link "))
}

/// The shape of a BCP 47 tag: letters and digits in parts.
fn is_language(tag: &str) -> bool {
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    tag.split('-').all(is_part)
}
