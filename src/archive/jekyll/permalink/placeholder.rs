//! The placeholders of a permalink and their values (jekyll/drops/url_drop.rb).

use std::borrow::Cow;
use std::fmt::Write;

use chrono::DateTime;
use chrono_tz::Tz;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::archive::jekyll::slug::{SlugMode, downcase, slugify};

macro_rules! placeholders {
    ($($variant:ident $name:literal,)*) => {
        /// The methods of `Drops::UrlDrop`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Placeholder { $(#[doc = $name] $variant,)* }

        impl Placeholder {
            const NAMES: &[&str] = &[$($name,)*];

            pub(crate) fn named(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

placeholders! {
    Collection "collection",
    Path "path",
    Name "name",
    Title "title",
    Slug "slug",
    Categories "categories",
    SlugifiedCategories "slugified_categories",
    Year "year",
    Month "month",
    Day "day",
    Hour "hour",
    Minute "minute",
    Second "second",
    IDay "i_day",
    IMonth "i_month",
    ShortMonth "short_month",
    ShortYear "short_year",
    LongMonth "long_month",
    YDay "y_day",
    WYear "w_year",
    Week "week",
    WDay "w_day",
    ShortDay "short_day",
    LongDay "long_day",
    OutputExt "output_ext",
}

/// The values of all placeholders.
#[derive(Debug, Clone, Copy)]
pub struct UrlParts<'a> {
    /// The label of the collection; `posts` for posts.
    pub collection: &'a str,
    /// The file's path relative to `collections_dir`, with its extension; the source of `:path`.
    pub path: &'a str,
    /// The file name with its date but without its extension.
    pub basename: &'a str,
    /// The slug of the file name.
    pub slug: &'a str,
    /// `slug` of the front matter, which overrides the slug of the file name.
    pub fm_slug: Option<&'a str>,
    /// The categories in order, unchanged.
    pub categories: &'a [String],
    /// The publication date in the site's zone.
    pub date: &'a DateTime<Tz>,
    /// The extension of the output, with its dot.
    pub output_ext: &'a str,
}

/// Lists all placeholders, for the message about an unknown one.
pub(crate) fn allowed() -> String {
    Placeholder::NAMES.iter().map(|name| format!(":{name}")).collect::<Vec<_>>().join(" ")
}

impl Placeholder {
    /// Appends the value of the placeholder, percent-encoded.
    pub(crate) fn write(self, parts: &UrlParts, url: &mut String) {
        let slug = || parts.fm_slug.unwrap_or(parts.slug);
        let value: Cow<str> = match self {
            Self::Collection => parts.collection.into(),
            Self::Path => cleaned(parts.path, parts.collection).into(),
            Self::Name => slugify(parts.basename, SlugMode::Default, false).into(),
            Self::Title => slugify(slug(), SlugMode::Pretty, true).into(),
            Self::Slug => slugify(slug(), SlugMode::Default, false).into(),
            Self::Categories => joined(parts.categories, downcase).into(),
            Self::SlugifiedCategories => {
                joined(parts.categories, |name| slugify(name, SlugMode::Default, false)).into()
            }
            Self::OutputExt => parts.output_ext.into(),
            Self::Year => return date(parts, "%Y", url),
            Self::Month => return date(parts, "%m", url),
            Self::Day => return date(parts, "%d", url),
            Self::Hour => return date(parts, "%H", url),
            Self::Minute => return date(parts, "%M", url),
            Self::Second => return date(parts, "%S", url),
            Self::IDay => return date(parts, "%-d", url),
            Self::IMonth => return date(parts, "%-m", url),
            Self::ShortMonth => return date(parts, "%b", url),
            Self::ShortYear => return date(parts, "%y", url),
            Self::LongMonth => return date(parts, "%B", url),
            Self::YDay => return date(parts, "%j", url),
            Self::WYear => return date(parts, "%G", url),
            Self::Week => return date(parts, "%V", url),
            Self::WDay => return date(parts, "%u", url),
            Self::ShortDay => return date(parts, "%a", url),
            Self::LongDay => return date(parts, "%A", url),
        };
        url.push_str(&escape(&value));
    }
}

/// Appends a formatted date; digits and English names need no escapes.
fn date(parts: &UrlParts, format: &str, url: &mut String) {
    write!(url, "{}", parts.date.format(format)).expect("the formats are constants");
}

/// Joins the categories in their URL spelling, without duplicates.
fn joined(categories: &[String], spelling: impl Fn(&str) -> String) -> String {
    let mut names: Vec<String> = Vec::with_capacity(categories.len());
    for category in categories {
        let name = spelling(category);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join("/")
}

/// `Document#cleaned_relative_path`.
fn cleaned(path: &str, collection: &str) -> String {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = path[name..].rfind('.').map_or(path.len(), |dot| name + dot);
    path[..end].replacen(&format!("_{collection}"), "", 1).trim_end_matches('.').to_owned()
}

/// The characters that a path escapes: all but those of RFC 3986's `pchar` and `/`.
pub(crate) const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'/');

/// `URL.escape_path`: keeps the characters that RFC 3986 allows in a path. Jekyll also keeps `?`,
/// which would begin a query.
pub(crate) fn escape(value: &str) -> Cow<'_, str> {
    utf8_percent_encode(value, PATH).into()
}
