//! Permalinks that are written as complete URLs. Jekyll takes them for paths such as `/https:/news.example/x/`.

use crate::archive::body::{SiteContext, is_same_host};

/// Returns the path below `baseurl` that a permalink names; `None` for a URL of another host.
pub(super) fn own_path<'v>(permalink: &'v str, site: &SiteContext) -> Option<&'v str> {
    let permalink = permalink.trim();
    let with_scheme = permalink.split_once("://").filter(|(scheme, _)| is_scheme(scheme));
    let (rest, has_scheme) = match (with_scheme, permalink.strip_prefix("//")) {
        (Some((_, rest)), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Some(permalink),
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let own = site.host.as_deref().unwrap_or_default();
    // `url` may include a path.
    let (own_host, own_folder) = own.split_at(own.find('/').unwrap_or(own.len()));
    if !is_same_host(host, own_host) && !site.is_legacy_host(host) {
        // Jekyll reads two slashes as one, so without a scheme only a name with a dot is a host.
        return (!has_scheme && !is_host_name(host, path)).then_some(permalink);
    }
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let path = without_folder(without_folder(path, own_folder), &site.baseurl);
    Some(if path.is_empty() { "/" } else { path })
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Returns whether the text between two slashes and a path looks like the name of a host.
fn is_host_name(host: &str, path: &str) -> bool {
    let top = host.rsplit_once('.').map(|(_, top)| top);
    let is_top = |top: &str| top.len() > 1 && top.bytes().all(|b| b.is_ascii_alphabetic());
    path.starts_with('/')
        && top.is_some_and(is_top)
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
}

/// Removes a folder, such as `/archive`, from the beginning of a path.
fn without_folder<'p>(path: &'p str, folder: &str) -> &'p str {
    let below = path.strip_prefix(folder).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    below.unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(host: &str, baseurl: &str) -> SiteContext {
        SiteContext {
            host: Some(host.into()),
            baseurl: baseurl.into(),
            legacy_hosts: vec!["old.example".into()],
            ..SiteContext::default()
        }
    }

    #[test]
    fn url_of_the_site_is_its_path() {
        let table = [
            ("/2018/x/", Some("/2018/x/")),
            (" /2018/x/\n", Some("/2018/x/")),
            ("x/:title", Some("x/:title")),
            ("https://news.example/2018/x/", Some("/2018/x/")),
            ("HTTP://News.Example:80/2018/x.html\n", Some("/2018/x.html")),
            ("https://news.example/:year/:title/", Some("/:year/:title/")),
            ("https://news.example/base/x/?a=b#c", Some("/x/")),
            ("https://news.example/baseline/", Some("/baseline/")),
            ("https://news.example", Some("/")),
            ("https://news.example/base", Some("/")),
            ("//news.example/x/", Some("/x/")),
            ("//old.example/x/", Some("/x/")),
            ("http://old.example/base/x/", Some("/x/")),
            ("https://other.example/x/", None),
            ("ftp://other.example/x/", None),
            ("//other.example/x/", None),
            ("https://news.example.evil.example/x/", None),
            ("https://", None),
            // Two slashes are one.
            ("//2018/x/", Some("//2018/x/")),
            ("//x.html", Some("//x.html")),
            ("//:categories/:title", Some("//:categories/:title")),
            ("/a://b", Some("/a://b")),
        ];
        for (permalink, path) in table {
            assert_eq!(own_path(permalink, &site("news.example", "/base")), path, "{permalink}");
        }
    }

    #[test]
    fn folder_of_the_configured_url_is_no_part_of_the_path() {
        let site = site("news.example/p", "/base");
        let table = [
            ("https://news.example/p/base/x/", "/x/"),
            ("https://news.example/p/x/", "/x/"),
            ("//news.example/x/", "/x/"),
        ];
        for (permalink, path) in table {
            assert_eq!(own_path(permalink, &site), Some(path), "{permalink}");
        }
    }

    #[test]
    fn url_is_foreign_to_a_site_without_url() {
        let site = SiteContext::default();
        assert_eq!(own_path("https://news.example/x/", &site), None);
        assert_eq!(own_path("/x/", &site), Some("/x/"));
    }
}
