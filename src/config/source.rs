//! The settings that determine what files mean.

use chrono_tz::Tz;

use crate::config::authors::KnownAuthors;
use crate::config::error::ConfigError;
use crate::config::keys::{self, Collection, DefaultValues};
use crate::config::layers::Layers;
use crate::config::original_url;
use crate::config::timezone;
use crate::config::values::{ChartMode, NaiveDates, TocLevels};

/// Paths that Jekyll excludes by default (`lib/jekyll/configuration.rb`, `DEFAULT_EXCLUDES`).
const JEKYLL_EXCLUDES: [&str; 10] = [
    ".sass-cache",
    ".jekyll-cache",
    "gemfiles",
    "Gemfile",
    "Gemfile.lock",
    "node_modules",
    "vendor/bundle/",
    "vendor/cache/",
    "vendor/gems/",
    "vendor/ruby/",
];

/// The settings that determine what files mean. After a change to one of them, all files are read again. They
/// are part of every ETag and of the cache key of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceSettings {
    /// Whether the site has a `_config.yml`. Only such a site serves all files that Jekyll would copy.
    pub has_config_file: bool,
    /// The site's name; may be empty.
    pub title: String,
    /// Scheme and host of absolute URLs, without a trailing slash; may be empty.
    pub url: String,
    /// Prefix of every path: empty, or such as `/archive`.
    pub baseurl: String,
    /// Whether the interface texts are Chinese. Bodies contain a word in one of the two languages.
    pub is_chinese: bool,
    /// Time zone of local times and of the days in URLs.
    pub timezone: Tz,
    /// Name of a permalink style, or a template. The caller of [`Config::permalink_error`](crate::config::Config::permalink_error) validates it.
    pub permalink: String,
    /// `collections.posts.permalink`: a template for posts only; takes precedence over `permalink`.
    pub posts_permalink: Option<String>,
    /// Whether posts with a future date are shown.
    pub future: bool,
    /// Whether posts with `published: false` are served.
    pub unpublished: bool,
    /// Jekyll's `defaults`: front matter for the files in each scope.
    pub defaults: Vec<DefaultValues>,
    /// Jekyll's `exclude`, including its built-in entries.
    pub exclude: Vec<String>,
    /// Jekyll's `include`; by default `.htaccess`.
    pub include: Vec<String>,
    /// The only folder whose `_posts` folders are read; empty for the whole site.
    pub collections_dir: String,
    /// The collections with output, other than the posts.
    pub collections: Vec<Collection>,
    /// The output folder of Jekyll, which contains no sources.
    pub destination: String,
    /// Extensions of Markdown files; `None` for the usual ones.
    pub markdown_ext: Option<Vec<String>>,
    /// Folders of posts; empty for every `_posts` and `posts`.
    pub posts: Vec<String>,
    /// Former hosts of the site; links to them become local.
    pub legacy_hosts: Vec<String>,
    /// Regular expressions of URLs of original articles, each with the URL that replaces a match.
    pub original_urls: Vec<(String, String)>,
    /// How articles show the charts of quote sites.
    pub charts: ChartMode,
    /// The levels of the headings in a table of contents.
    pub toc_levels: TocLevels,
    /// Time zone of dates without one.
    pub naive_dates: NaiveDates,
    /// Display names of categories, which take precedence over names from tags.
    pub names: Vec<(String, String)>,
    /// The authors of the site's data file, by the keys that posts use.
    pub authors: KnownAuthors,
}

impl SourceSettings {
    pub(super) fn read(layers: &Layers<'_>, authors: KnownAuthors) -> Result<Self, ConfigError> {
        let file = layers.file;
        let mut exclude = file.strings(&["exclude"])?.unwrap_or_default();
        exclude.extend(JEKYLL_EXCLUDES.map(String::from));
        Ok(Self {
            has_config_file: file.exists(),
            title: file.loose_text(&["title"]).or(file.loose_text(&["name"])).unwrap_or_default(),
            url: layers.url()?,
            baseurl: keys::baseurl(file)?,
            is_chinese: keys::lang(file)
                .split('-')
                .next()
                .is_some_and(|primary| primary.eq_ignore_ascii_case("zh")),
            timezone: timezone::zone(file)?,
            permalink: file.name("permalink")?.unwrap_or_else(|| "date".into()),
            posts_permalink: keys::posts_permalink(file)?,
            future: file.bool(&["future"])?.unwrap_or(false),
            unpublished: file.bool(&["unpublished"])?.unwrap_or(false),
            defaults: keys::defaults(file)?,
            exclude,
            include: file.strings(&["include"])?.unwrap_or_else(|| vec![".htaccess".into()]),
            collections_dir: keys::folder(file, "collections_dir")?,
            collections: keys::collections(file)?,
            destination: file
                .name("destination")?
                .map_or_else(|| "_site".to_owned(), |folder| keys::trim_folder(&folder).to_owned()),
            markdown_ext: file
                .name("markdown_ext")?
                .map(|list| list.to_ascii_lowercase().split(',').map(Into::into).collect()),
            posts: layers.posts()?,
            legacy_hosts: keys::hosts(file)?,
            original_urls: original_url::read(file)?,
            charts: file.parsed(&["finews", "charts"])?.unwrap_or_default(),
            toc_levels: file.parsed_list(&["kramdown", "toc_levels"])?.unwrap_or_default(),
            naive_dates: file.parsed(&["finews", "naive_dates"])?.unwrap_or_default(),
            names: file.pairs(&["finews", "names"])?,
            authors,
        })
    }
}
