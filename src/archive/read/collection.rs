//! The URLs of the documents and files of collections with output (jekyll/collection.rb, static_file.rb).

use chrono::{DateTime, Utc};
use chrono_tz::UTC;
use percent_encoding::utf8_percent_encode;

use crate::archive::jekyll::permalink::{PATH, Template, UrlParts};
use crate::config::Config;

/// The permalinks of a site's collections, in the order of the configuration.
pub(super) struct Permalinks(Vec<CollectionPermalink>);

/// The permalink of a collection.
pub(super) struct CollectionPermalink {
    label: String,
    pub(super) template: Template,
    /// The reason why `template` is not the configured permalink.
    pub(super) fault: Option<String>,
}

impl Permalinks {
    /// Parses the permalinks of a site whose own template is `site`. An invalid one is replaced by the default.
    pub(super) fn new(config: &Config, site: &Template) -> Self {
        let permalink = |given: Option<&str>| match site.for_collection(given) {
            Ok(template) => (template, None),
            Err(error) => {
                let default = site.for_collection(None).unwrap_or_else(|_| site.clone());
                let given = given.unwrap_or_default();
                (
                    default,
                    Some(format!("`permalink: {given}` of the collection: {error}; the default is used")),
                )
            }
        };
        let collections = config.source.collections.iter().map(|collection| {
            let (template, fault) = permalink(collection.permalink.as_deref());
            CollectionPermalink { label: collection.label.clone(), template, fault }
        });
        Self(collections.collect())
    }

    /// Returns the permalink of a collection.
    pub(super) fn get(&self, label: &str) -> Option<&CollectionPermalink> {
        self.0.iter().find(|permalink| permalink.label == label)
    }
}

impl CollectionPermalink {
    /// Returns the URL of a file without front matter, by its path relative to `collections_dir`
    /// (`StaticFile#url`).
    pub(super) fn file_url(&self, path: &str) -> String {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (basename, extension) = match name.rfind('.') {
            Some(dot) => name.split_at(dot),
            None => (name, ""),
        };
        let url = self.template.expand(&UrlParts {
            collection: &self.label,
            path,
            basename,
            slug: "",
            fm_slug: None,
            categories: &[],
            date: &DateTime::<Utc>::UNIX_EPOCH.with_timezone(&UTC),
            output_ext: "",
        });
        format!("{}{}", url.trim_end_matches('/'), utf8_percent_encode(extension, PATH))
    }
}
