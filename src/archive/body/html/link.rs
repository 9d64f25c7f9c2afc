//! Rewrites the targets of links and images: legacy hosts of the site become local paths, images are
//! fetched over https, everything else stays.

use ammonia::Url;

use crate::archive::body::context::{SiteContext, is_same_host};

/// A link's target as it is printed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LinkTarget {
    pub(crate) url: String,
    /// True if the target is on another host.
    pub(crate) is_external: bool,
}

enum ParsedUrl<'a> {
    /// `http:`, `https:` or no scheme (`//host`): the host, and the rest from `/`, `?` or `#` on.
    Hosted {
        has_scheme: bool,
        host: &'a str,
        rest: &'a str,
    },
    Mail,
    /// Any other scheme.
    Other,
    Relative,
}

/// The target of a link; `None` if ammonia would drop it.
pub(crate) fn target(href: &str, site: &SiteContext) -> Option<LinkTarget> {
    let href = trimmed(href);
    let (url, is_external) = match parse(&href) {
        ParsedUrl::Hosted { has_scheme, host, rest } => {
            let is_own = is_own(host, site);
            if site.is_legacy_host(host) || (is_own && !has_scheme) {
                (local(rest, site), false)
            } else if has_scheme && !is_host(host) && Url::parse(&href).is_err() {
                return None;
            } else {
                (href, !is_own)
            }
        }
        ParsedUrl::Mail => (href, false),
        ParsedUrl::Other => return None,
        ParsedUrl::Relative => (href.replace(' ', "%20"), false),
    };
    Some(LinkTarget { url, is_external })
}

/// The source of an image; `None` if it cannot be fetched over https.
pub(crate) fn image(src: &str, site: &SiteContext) -> Option<String> {
    let src = trimmed(src);
    match parse(&src) {
        ParsedUrl::Hosted { host: "", .. } | ParsedUrl::Mail | ParsedUrl::Other => None,
        ParsedUrl::Hosted { host, rest, .. } if site.is_legacy_host(host) || is_own(host, site) => {
            Some(local(rest, site))
        }
        ParsedUrl::Hosted { host, .. } if !is_host(host) => None,
        ParsedUrl::Hosted { host, rest, .. } => Some(format!("https://{host}{}", rest.replace(' ', "%20"))),
        ParsedUrl::Relative if src.is_empty() => None,
        ParsedUrl::Relative => Some(src.replace(' ', "%20")),
    }
}

/// The host of a printed target; the whole target if it names none.
pub(crate) fn host(url: &str) -> &str {
    match parse(url) {
        ParsedUrl::Hosted { host, .. } if !host.is_empty() => host,
        _ => url,
    }
}

/// The URL as browsers read it: without surrounding control characters and inner line breaks.
fn trimmed(url: &str) -> String {
    url.trim_matches(|c: char| c <= ' ').replace(['\t', '\n', '\r'], "")
}

fn parse(url: &str) -> ParsedUrl<'_> {
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let scheme = url.split_once(':').filter(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-'))
    });
    let (has_scheme, after) = match scheme {
        Some((scheme, after)) if ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) => {
            (true, after.trim_start_matches(is_slash))
        }
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("mailto") => return ParsedUrl::Mail,
        Some(_) => return ParsedUrl::Other,
        None => match url.strip_prefix(is_slash).and_then(|rest| rest.strip_prefix(is_slash)) {
            Some(after) => (false, after.trim_start_matches(is_slash)),
            None => return ParsedUrl::Relative,
        },
    };
    let end = after.find(['/', '\\', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    ParsedUrl::Hosted { has_scheme, host, rest }
}

/// Returns whether every URL parser reads the host alike; ammonia's parser checks the others.
fn is_host(host: &str) -> bool {
    host.starts_with(|c: char| c.is_ascii_alphabetic())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

fn is_own(host: &str, site: &SiteContext) -> bool {
    site.host.as_deref().is_some_and(|own| is_same_host(host, own))
}

/// Turns a path of another host into a path of this site. It begins with exactly one slash: two would name
/// a host.
fn local(rest: &str, site: &SiteContext) -> String {
    let rest = rest.trim_start_matches(['/', '\\']);
    let base = site.baseurl.trim_matches('/');
    let is_based =
        rest.strip_prefix(base).is_some_and(|tail| tail.is_empty() || tail.starts_with(['/', '?', '#']));
    let path = if base.is_empty() || is_based { format!("/{rest}") } else { format!("/{base}/{rest}") };
    path.replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::body::tests::site;

    #[test]
    fn legacy_host_links_become_local() {
        let site = site();
        for (href, url, is_external) in [
            ("//old.example/category/Career In x.html", "/base/category/Career%20In%20x.html", false),
            ("http://OLD.example:80/a?b=c#d", "/base/a?b=c#d", false),
            ("https://old.example", "/base/", false),
            ("https://old.example//evil.example/x", "/base/evil.example/x", false),
            ("//old.example/base/a", "/base/a", false),
            ("//news.example/a", "/base/a", false),
            ("https://news.example/base/a", "https://news.example/base/a", false),
            ("https://old.example@evil.example/", "https://old.example@evil.example/", true),
            ("//evil.example/a", "//evil.example/a", true),
            ("/\\evil.example", "/\\evil.example", true),
            (" ht\ntps:\\\\evil.example", "https:\\\\evil.example", true),
            ("http://中文.example/x", "http://中文.example/x", true),
            ("../emnews/", "../emnews/", false),
            ("#fn:1", "#fn:1", false),
            ("mailto:a@b.example", "mailto:a@b.example", false),
        ] {
            assert_eq!(target(href, &site), Some(LinkTarget { url: url.to_owned(), is_external }), "{href}");
        }
    }

    #[test]
    fn unsupported_schemes_and_invalid_hosts_yield_no_link() {
        for href in
            ["javascript:x", " JAVA\tscript:x", "data:,x", "http://a b/", "https://", "http://x:99999/"]
        {
            assert_eq!(target(href, &site()), None, "{href}");
        }
    }

    #[test]
    fn images_are_https_or_local() {
        let site = site();
        for (src, expected) in [
            ("http://w.example/a.png?b=c", Some("https://w.example/a.png?b=c")),
            ("//w.example/a.png", Some("https://w.example/a.png")),
            ("http://old.example/a.png", Some("/base/a.png")),
            ("/a b.png", Some("/a%20b.png")),
            ("data:image/png;base64,AA", None),
            ("javascript:x", None),
            ("http:///", None),
            ("", None),
        ] {
            assert_eq!(image(src, &site).as_deref(), expected, "{src}");
        }
    }
}
