//! The settings, the post and the size limit that the parsing of a body uses.

use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;

use crate::archive::body::original_url::OriginalUrls;
use crate::config::{ChartMode, NaiveDates, SiteVariables, TocLevels};

/// Size limit of a source, in bytes; a larger one loses its markup.
pub(crate) const MAX_LEN: usize = 4 << 20;

/// The settings that bodies depend on.
#[derive(Debug, Clone, Default)]
pub struct SiteContext {
    /// `url`, for `{{ site.url }}`.
    pub url: String,
    /// `baseurl`: empty, or a path with a leading slash.
    pub baseurl: String,
    /// `title`, for `{{ site.title }}`.
    pub title: String,
    /// The host of `url`.
    pub host: Option<String>,
    /// `finews.legacy_hosts`: links to these hosts become local paths.
    pub legacy_hosts: Vec<String>,
    /// `finews.original_url`: rewrites the URLs of original articles.
    pub original_urls: OriginalUrls,
    /// `finews.charts`: how articles show the charts of quote sites.
    pub charts: ChartMode,
    /// `kramdown.toc_levels`: the levels of the headings in a table of contents.
    pub toc_levels: TocLevels,
    /// The titles of the boxes of open and of done tasks, in the site's language.
    pub task_states: [&'static str; 2],
    /// The other scalars of the configuration, and those of the data files, for `{{ site.… }}`.
    pub variables: Arc<SiteVariables>,
    /// The zone of the times that Liquid formats.
    pub timezone: Tz,
    /// The zone of the dates without one that Liquid formats.
    pub naive_dates: NaiveDates,
}

impl SiteContext {
    /// Returns whether a host is one of `finews.legacy_hosts`.
    pub(crate) fn is_legacy_host(&self, host: &str) -> bool {
        self.legacy_hosts.iter().any(|old| is_same_host(host, old))
    }
}

/// Compares a host, with and without its port, with a known one. An empty known host equals none.
pub(crate) fn is_same_host(host: &str, known: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    !known.is_empty() && (host.eq_ignore_ascii_case(known) || name.eq_ignore_ascii_case(known))
}

/// The post and the site that a body belongs to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The settings of the site.
    pub site: &'a SiteContext,
    /// The post's title, for `{{ page.title }}`.
    pub title: &'a str,
    /// The post's URL without `baseurl`, for `{{ page.url }}`.
    pub url: &'a str,
    /// Returns the value of any other `{{ page.… }}`, whose path it takes; `None` if the value is no scalar or only
    /// Jekyll knows it.
    pub page: &'a dyn Fn(&[&str]) -> Option<LiquidValue>,
    /// Returns the URL, without `baseurl`, of the post that `{% post_url %}` names, or of the post or page whose path
    /// `{% link %}` gives. `None` if the site has no such post or page.
    pub posts: &'a dyn Fn(&str) -> Option<String>,
    /// Returns the URL, without `baseurl`, of the file whose path `{% link %}` gives and which is served unchanged.
    pub files: &'a dyn Fn(&str) -> Option<String>,
    /// 1-based line of the file on which the body begins.
    pub line: u32,
    /// True if lists show the post: only then does each security that it names have a page.
    pub is_listed: bool,
    /// True for a page of the site: its conditions are decided, other unresolved Liquid is left out, and no part such as
    /// a digest or a source link is lifted out of its body. A post keeps Liquid as written.
    pub is_page: bool,
}

/// A value in Liquid.
#[derive(Debug, Clone, PartialEq)]
pub enum LiquidValue {
    /// The variable has no value and renders as nothing.
    Nil,
    /// There is no such variable. Jekyll renders nothing; here only the filter `default` accepts it.
    Absent,
    /// A scalar without quotes: a number, a date, `false` or text.
    Plain(String),
    /// A text in quotes, or the result of a filter.
    Text(String),
    /// A point in time, in the site's zone.
    Time(DateTime<Tz>),
}
