//! HTTP and HTTPS URLs, as settings, front matter and bodies name them.

use url::Url;

/// Returns whether a text begins like an HTTP or HTTPS URL.
pub(crate) fn is_http_url(text: &str) -> bool {
    has_start(text, ["https://", "http://"])
}

/// Returns whether a URL names a host. Browsers read `https:host` like `https://host`, and `//host` with the scheme
/// of the page.
pub(crate) fn names_host(url: &str) -> bool {
    url.starts_with("//") || has_start(url, ["https:", "http:"])
}

/// An HTTP or HTTPS URL in the form for requests and links: escaped, and with the host in ASCII. `None` for other
/// URLs, and for text that is no URL.
pub(crate) fn parse_http_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// The case of a scheme has no meaning (RFC 3986, section 3.1).
fn has_start(text: &str, starts: [&str; 2]) -> bool {
    starts.iter().any(|start| text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_forms_are_distinguished() {
        let table = [
            ("https://a.example/x", true, true, Some("https://a.example/x")),
            ("HTTP://A.example/x y", true, true, Some("http://a.example/x%20y")),
            ("https://中.example", true, true, Some("https://xn--fiq.example/")),
            ("https:a.example", false, true, Some("https://a.example/")),
            ("//a.example/x", false, true, None),
            ("https://", true, true, None),
            ("ftp://a.example", false, false, None),
            ("/x", false, false, None),
            ("httpsx", false, false, None),
            ("中", false, false, None),
            ("", false, false, None),
        ];
        for (text, is_url, has_host, parsed) in table {
            assert_eq!((is_http_url(text), names_host(text)), (is_url, has_host), "{text}");
            assert_eq!(parse_http_url(text).as_deref(), parsed, "{text}");
        }
    }
}
