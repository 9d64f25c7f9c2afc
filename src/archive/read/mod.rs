//! Reads one file into one [`Draft`]: the whole post, with its names still as text. `build.rs` makes
//! a post of it. The loader does both on all cores.

pub(super) mod build;
mod collection;
mod draft;
mod groups;
mod head;
pub(super) mod own_page;
mod post_list;
mod site_url;
mod static_links;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;

use crate::archive::address;
use crate::archive::body::{self, Body, LiquidValue, MarkupFormat, OriginalUrls, SiteContext};
use crate::archive::file_version::FileContent;
use crate::archive::jekyll::defaults::Defaults;
use crate::archive::jekyll::files::{self, FileStatus, PostFolders, PublishedFiles, SiteFile};
use crate::archive::jekyll::front_matter::{self, Field, FrontMatter, SplitFile, Value};
use crate::archive::jekyll::permalink::{self, FileName, Template, UrlParts};
use crate::archive::jekyll::{date, slug};
use crate::archive::post::{Timestamp, Visibility};
use crate::archive::problem::{Code, Defect};
use crate::archive::read::collection::Permalinks;
use crate::archive::read::groups::{categories, tags};
use crate::archive::read::head::{authors, head_fields};
use crate::archive::read::site_url::own_path;
use crate::archive::read::static_links::once_for_each;
use crate::config::{Config, ConfigError, NaiveDates, is_secret};

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
    /// The path that determines categories, defaults and the URL; for an archive, a path in a usual folder.
    usual_path: Cow<'f, str>,
    name: FileName,
}

/// Reads files by the rules that all files of a site share.
pub struct Reader<'a> {
    config: &'a Config,
    /// The front matter that the configuration gives to files.
    defaults: Defaults,
    /// The rule for files without front matter.
    published: PublishedFiles,
    post_folders: PostFolders,
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
            post_folders: PostFolders::new(config),
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
            Some(name) => {
                let (path, usual_path) = (&*file.path, self.post_folders.usual_path(&file.path));
                self.named_post(&PostFile { path, usual_path, name }, content, links)
            }
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
        let (mut front, found) = split.front_matter();
        defects.extend(found);
        let given = self.given(file);
        let categories = categories(self.defaults.document_path(&file.usual_path), &given, &front);
        front.fill(given);
        if let Some(dated) = self.date(file, &front, defects) {
            let mut draft = self.draft(file, &front, categories, dated, defects);
            draft.linking = names_other_posts(split.body);
            self.fill_body(&mut draft, file, (&front, split), links, defects);
            result.draft = Some(draft);
        }
        result
    }

    /// The front matter that the configuration gives to a post. Keys that it gives to the folder of an archive
    /// count after those of a usual folder.
    fn given(&self, file: &PostFile<'_>) -> Vec<(String, Field)> {
        let mut given = self.defaults.for_post(&file.usual_path);
        if matches!(file.usual_path, Cow::Owned(_)) {
            for (key, field) in self.defaults.for_post(file.path) {
                if given.iter().all(|(known, _)| *known != key) {
                    given.push((key, field));
                }
            }
        }
        given
    }

    /// Returns the URL of a file that is served unchanged, by its path in `{% link %}`.
    fn static_url(&self, path: &str) -> Option<String> {
        let is_served = self.published.status(path) == FileStatus::Served
            && matches!(self.published.file(path), Ok(Some(_)));
        is_served.then(|| permalink::file_url(path))
    }

    /// Returns the markup format of files with this extension.
    fn format(&self, extension: &str) -> MarkupFormat {
        files::format(self.config, extension)
    }

    /// The date of the front matter, else of the file name, else of the slug's first eight digits. A post without
    /// any has a defect.
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
            let at = fallback();
            if at.is_none() {
                let message =
                    "no date in the front matter, file name or slug; add `date:` to publish the post";
                defects.push(Defect::error(Code::DateMissing, message));
            }
            return at.map(|at| DateReadings { at, other: None });
        };
        let text = front.text("date").unwrap_or_default();
        if let Some(parsed) = date::parse(text, field.quoted, zone, naive) {
            let other = (parsed.naive && naive == NaiveDates::Local)
                .then(|| date::parse(text, field.quoted, zone, NaiveDates::Utc))
                .flatten();
            return Some(DateReadings { at: parsed.at, other: other.map(|other| other.at) });
        }
        let at = fallback();
        let written = text.trim();
        let defect = match (at, file.name.date) {
            (None, _) => Defect::error(
                Code::DateInvalid,
                format!(
                    "`date: {written}` is invalid, and the file name has no valid date; correct `date:` to publish the post"
                ),
            ),
            (Some(_), Some(_)) => Defect::warning(
                Code::DateInvalid,
                format!("`date: {written}` is invalid; the date in the file name is used"),
            ),
            (Some(_), None) => Defect::warning(
                Code::DateInvalid,
                format!("`date: {written}` is invalid; the date in the first digits of the slug is used"),
            ),
        };
        defects.push(Defect { line: front.line("date"), ..defect });
        at.map(|at| DateReadings { at, other: None })
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
                path: self.defaults.document_path(&file.usual_path),
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
            modified: self.modified(front, defects),
            tags: tags(front),
            lang: language(front),
            authors: authors(front, &self.config.source.authors),
            head: head_fields(front, &self.site, defects),
            visibility: self.visibility(front),
            sitemap: front.bool("sitemap") != Some(false),
            redirect_from: self.former_paths(front),
            away: away(front, &url, &self.site, defects),
            path: file.path.to_owned(),
            body: Body::default(),
            linking: false,
            url,
            categories,
        }
    }

    /// Returns the post's own permalink, else the site's.
    fn post_template(&self, front: &FrontMatter, defects: &mut Vec<Defect>) -> Cow<'_, Template> {
        let Some(path) = self.own_permalink(front, defects) else {
            return Cow::Borrowed(&self.template);
        };
        match permalink::post_permalink(path) {
            Ok(template) => Cow::Owned(template),
            Err(error) => {
                defects.push(invalid_permalink(front, &error.to_string()));
                Cow::Borrowed(&self.template)
            }
        }
    }

    /// Returns the permalink of the front matter as a path. A URL of another host is a defect.
    fn own_permalink<'f>(&self, front: &'f FrontMatter, defects: &mut Vec<Defect>) -> Option<&'f str> {
        let path = own_path(front.setting("permalink")?, &self.site);
        if path.is_none() {
            let reason =
                "the URL is that of another host; `finews.legacy_hosts` names the former hosts of the site";
            defects.push(invalid_permalink(front, reason));
        }
        path
    }

    /// Returns the paths of `redirect_from`. Complete URLs of the site become paths.
    fn former_paths(&self, front: &FrontMatter) -> Vec<String> {
        let former = front.strings("redirect_from", false).into_iter();
        former.map(|path| own_path(&path, &self.site).map(ToOwned::to_owned).unwrap_or(path)).collect()
    }

    fn title(&self, file: &PostFile<'_>, front: &FrontMatter) -> String {
        match front.get("title").map(|field| &field.value) {
            Some(Value::Text(title)) => title.clone(),
            // The author of `title: [图]` most likely did not mean a list.
            Some(Value::List(_)) => format!("[{}]", front.strings("title", false).join(", ")),
            _ => slug::titleize(&file.name.slug),
        }
    }

    fn modified(&self, front: &FrontMatter, defects: &mut Vec<Defect>) -> Option<Timestamp> {
        let Field { value: Value::Text(text), quoted, .. } = front.get("last_modified_at")? else {
            return None;
        };
        let parsed = date::parse(text, *quoted, self.config.source.timezone, NaiveDates::Utc);
        if parsed.is_none() && !text.trim().is_empty() {
            let message = format!("`last_modified_at: {}` is invalid and ignored", text.trim());
            let line = front.line("last_modified_at");
            defects.push(Defect { line, ..Defect::warning(Code::DateInvalid, message) });
        }
        parsed.map(|parsed| parsed.at.into())
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
        (front, split): (&FrontMatter, SplitFile<'_>),
        links: &Links<'_>,
        defects: &mut Vec<Defect>,
    ) {
        if draft.visibility == Visibility::Withdrawn {
            return;
        }
        let page = |path: &[&str]| match path {
            ["date"] => Some(LiquidValue::Time(draft.date.in_zone(self.config.source.timezone))),
            ["id"] => Some(LiquidValue::Text(draft.id.clone())),
            ["path"] => Some(LiquidValue::Text(file.path.to_owned())),
            _ => variable(front, path),
        };
        let files = once_for_each(|path| self.static_url(path));
        let context = body::Context {
            site: &self.site,
            title: &draft.title,
            url: &draft.url,
            page: &page,
            posts: links,
            files: &files,
            line: split.body_line,
            is_listed: draft.visibility == Visibility::Listed,
            is_page: false,
        };
        let mut body = body::read(split.body, self.format(&file.name.ext), &context);
        defects.append(&mut body.defects);
        if let Some(excerpt) = front.text("excerpt").filter(|excerpt| !excerpt.trim().is_empty()) {
            body.excerpt = body::read(excerpt, MarkupFormat::Markdown, &context).excerpt;
        }
        draft.body = body;
    }
}

/// The keys of `page` whose value Jekyll computes, whatever the front matter has.
const COMPUTED: [&str; 15] = [
    "categories",
    "collection",
    "content",
    "dir",
    "draft",
    "excerpt",
    "ext",
    "id",
    "name",
    "next",
    "output",
    "path",
    "previous",
    "relative_path",
    "tags",
];

/// Returns the value of `{{ page.<path> }}` from the front matter.
fn variable(front: &FrontMatter, path: &[&str]) -> Option<LiquidValue> {
    // The defaults of the configuration may hold secrets.
    if path.iter().any(|name| is_secret(name)) {
        return None;
    }
    let (key, path) = path.split_first()?;
    if COMPUTED.contains(key) {
        return None;
    }
    let Some(field) = front.get(key) else { return Some(LiquidValue::Absent) };
    let mut value = &field.value;
    for name in path {
        let Value::Map(pairs) = value else { return None };
        match pairs.iter().find(|(key, _)| key == name) {
            Some((_, found)) => value = found,
            // Liquid computes these names of a mapping.
            None if matches!(*name, "size" | "first" | "last") => return None,
            None => return Some(LiquidValue::Absent),
        }
    }
    match value {
        Value::Null => Some(LiquidValue::Nil),
        Value::Text(text) if field.quoted => Some(LiquidValue::Text(text.clone())),
        Value::Text(text) => Some(LiquidValue::Plain(text.clone())),
        Value::List(_) | Value::Map(_) => None,
    }
}

/// Returns the target of `redirect_to`, if it is valid.
fn away(front: &FrontMatter, url: &str, site: &SiteContext, defects: &mut Vec<Defect>) -> Option<Box<str>> {
    let to = front.strings("redirect_to", false).into_iter().next()?;
    // A redirect of a page to its own URL would be a loop.
    let is_other = |to: &str| {
        let path = &to[..to.find(['?', '#']).unwrap_or(to.len())];
        let path = own_path(path, site).unwrap_or(path);
        !address::is_same_page(&address::decoded(path), &address::decoded(url))
    };
    let address = address::redirect_target(to.trim()).filter(|to| is_other(to));
    if address.is_none() {
        let message = "`redirect_to` is not a valid URL of another page; it is ignored";
        let line = front.line("redirect_to");
        defects.push(Defect { line, ..Defect::warning(Code::PermalinkInvalid, message) });
    }
    address
}

/// Creates the defect of a `permalink` that is not used.
fn invalid_permalink(front: &FrontMatter, reason: &str) -> Defect {
    let value = front.text("permalink").unwrap_or_default().trim();
    let message = format!("`permalink: {value}`: {reason}; the site's permalink is used");
    Defect { line: front.line("permalink"), ..Defect::warning(Code::PermalinkInvalid, message) }
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
        original_urls: OriginalUrls::from_pairs(&source.original_urls),
        charts: source.charts,
        toc_levels: source.toc_levels,
        task_states: if source.is_chinese { ["未完成", "已完成"] } else { ["To do", "Done"] },
        variables: Arc::clone(&config.variables),
        timezone: source.timezone,
        naive_dates: source.naive_dates,
    }
}

fn names_other_posts(body: &str) -> bool {
    body.contains("post_url") || (body.contains("{%") && body.contains("link "))
}

/// Returns the language tag of `lang`, if it has the shape of BCP 47.
fn language(front: &FrontMatter) -> Option<String> {
    let tag = front.text("lang")?.trim().replace('_', "-");
    is_language(&tag).then_some(tag)
}

/// Returns whether a tag has the shape of BCP 47: a language of two to eight letters, or `i` or `x`, and parts of one to
/// eight letters and digits.
fn is_language(tag: &str) -> bool {
    let is_part =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let (language, rest) = tag.split_once('-').unwrap_or((tag, ""));
    let is_prefix = matches!(language, "i" | "I" | "x" | "X") && !rest.is_empty();
    (language.len() > 1 || is_prefix)
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && tag.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_the_shape_of_bcp_47() {
        for tag in ["en", "zh-Hans-CN", "de-1996", "es-419", "x-own", "i-klingon", "sgn-BE-FR"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in
            ["", "e", "x", "1", "en-", "-en", "en--GB", "en GB", "english language", "en-abcdefghi", "中文"]
        {
            assert!(!is_language(tag), "{tag}");
        }
    }
}
