//! Rewrites the URLs of original articles, such as those of a former proxy of the operator.

use regex::Regex;

/// Patterns of URLs, each with the URL that replaces a match.
#[derive(Debug, Clone, Default)]
pub struct OriginalUrls(Vec<(Regex, String)>);

impl OriginalUrls {
    /// Compiles pairs of pattern and replacement, which the configuration has validated.
    pub fn from_pairs(pairs: &[(String, String)]) -> Self {
        let compiled = |(pattern, replacement): &(String, String)| {
            Regex::new(pattern).ok().map(|pattern| (pattern, replacement.clone()))
        };
        Self(pairs.iter().filter_map(compiled).collect())
    }

    /// The replacement of the first pattern that matches a URL, with its groups; else the URL itself.
    pub(super) fn rewritten(&self, url: String) -> String {
        let replacement = self.0.iter().find_map(|(pattern, replacement)| {
            let captures = pattern.captures(&url)?;
            let mut rewritten = String::new();
            captures.expand(replacement, &mut rewritten);
            Some(rewritten)
        });
        replacement.unwrap_or(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_matching_pattern_replaces_the_whole_url() {
        let pairs = [
            (r"old\.example/.*infoCode=NW(\d+)", "https://new.example/a/$1.html"),
            (r"^http://(?<host>[^/]+)/p/", "https://new.example/${host}"),
        ];
        let urls = OriginalUrls::from_pairs(&pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
        for (url, expected) in [
            ("http://old.example/share.html?infoCode=NW123", "https://new.example/a/123.html"),
            ("http://h.example/p/1", "https://new.example/h.example"),
            ("http://old.example/share.html?infoCode=AN123", "http://old.example/share.html?infoCode=AN123"),
        ] {
            assert_eq!(urls.rewritten(url.to_owned()), expected, "{url}");
        }
    }
}
