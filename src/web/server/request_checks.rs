//! Checks before a request reaches the site: malformed and oversized requests and unsupported methods are
//! rejected here (RFC 9110, RFC 9112).

use std::net::Ipv6Addr;

use axum::http::header::{ALLOW, CONNECTION, HOST, TRANSFER_ENCODING};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, Request, StatusCode, Version};

use crate::web::http::headers;
use crate::web::http::reply::{Reply, status};

/// Largest request target, in bytes.
const LONGEST_TARGET: usize = 8 * 1024;
/// Largest total of a request's headers, in bytes.
pub(super) const MOST_HEADER_BYTES: usize = 32 * 1024;
/// Maximum number of headers in a request.
pub(super) const MOST_HEADERS: usize = 100;
/// The methods of every page.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// The response to a request that must not reach the site; `None` if it may.
pub(super) fn rejection<B: hyper::body::Body>(request: &Request<B>) -> Option<Reply> {
    if let Some(code) = fault(request) {
        return Some(closing(code));
    }
    let has_body = !request.body().is_end_stream();
    let (code, allow) = match *request.method() {
        Method::GET | Method::HEAD if has_body => (StatusCode::PAYLOAD_TOO_LARGE, false),
        Method::GET | Method::HEAD => return None,
        Method::OPTIONS if !has_body => (StatusCode::NO_CONTENT, true),
        Method::OPTIONS => (StatusCode::PAYLOAD_TOO_LARGE, false),
        Method::POST | Method::PUT | Method::DELETE | Method::PATCH | Method::TRACE | Method::CONNECT => {
            (StatusCode::METHOD_NOT_ALLOWED, true)
        }
        _ => (StatusCode::NOT_IMPLEMENTED, false),
    };
    let mut reply = if has_body { closing(code) } else { headers::secured(status(code)) };
    if allow {
        reply.headers_mut().insert(ALLOW, ALLOWED);
    }
    Some(reply)
}

/// The status for a malformed or oversized request.
fn fault<B>(request: &Request<B>) -> Option<StatusCode> {
    let (uri, headers) = (request.uri(), request.headers());
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let target = target + uri.authority().map_or(0, |authority| authority.as_str().len());
    if target > LONGEST_TARGET {
        return Some(StatusCode::URI_TOO_LONG);
    }
    // 4 bytes for the colon, the space and the line end.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if bytes > MOST_HEADER_BYTES || headers.len() > MOST_HEADERS {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    let is_sound = has_sound_host(request)
        // RFC 9112, 6.1: beside a `Content-Length` this may be an attempt at request smuggling, and hyper
        // does not say whether there was one. No page accepts a body.
        && !headers.contains_key(TRANSFER_ENCODING)
        && is_sound_path(request);
    (!is_sound).then_some(StatusCode::BAD_REQUEST)
}

/// RFC 9112, 3.2: exactly one valid `Host`. HTTP/1.0 may omit it; HTTP/2 may use `:authority` instead.
fn has_sound_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    let named = request.uri().authority().map(|authority| is_host(authority.as_str().as_bytes()));
    if other.is_some() || named == Some(false) {
        return false;
    }
    match host {
        Some(host) => is_host(host.as_bytes()),
        None => match request.version() {
            Version::HTTP_10 | Version::HTTP_09 => true,
            Version::HTTP_11 => false,
            // RFC 9113, 8.3.1.
            _ => named == Some(true),
        },
    }
}

fn is_host(host: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(host) else { return false };
    let authority = authority.as_str();
    // Colons before the last bracket belong to an IPv6 address.
    let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = port.map_or((authority, ""), |at| (&authority[..at], &authority[at + 1..]));
    let is_sound = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains(['[', ']', '@', ':']),
    };
    let is_port =
        |port: &str| port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_sound && (port.is_empty() || is_port(port))
}

/// Returns whether the path begins with a slash and has no NUL, which no file name can have. Links that were cut
/// inside an escape are no fault. `*` stands for the whole server and is valid with OPTIONS only.
fn is_sound_path<B>(request: &Request<B>) -> bool {
    let path = request.uri().path();
    if path == "*" {
        return request.method() == Method::OPTIONS;
    }
    let is_authority = request.method() == Method::CONNECT && path.is_empty();
    (path.starts_with('/') || is_authority) && !path.contains("%00")
}

/// A response that closes the connection, because the bytes that follow on it may be anything.
fn closing(code: StatusCode) -> Reply {
    let mut reply = headers::secured(status(code));
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn code(method: &str, target: &str, hosts: &[&str]) -> Option<u16> {
        let mut request = Request::builder().method(method).uri(target);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let request = request.body(Body::empty()).expect("a request");
        rejection(&request).map(|reply| reply.status().as_u16())
    }

    #[test]
    fn malformed_and_unsupported_requests_are_rejected() {
        let table: [(&str, &str, &[&str], Option<u16>); 44] = [
            ("GET", "/", &["x"], None),
            ("HEAD", "/", &["x:80"], None),
            ("GET", "/", &["[::1]:8080"], None),
            ("GET", "/", &["x:"], None),
            ("GET", "/", &["[2001:db8::1]"], None),
            ("GET", "/", &["[]"], Some(400)),
            ("GET", "/", &["[x]"], Some(400)),
            ("GET", "/", &["a[b]"], Some(400)),
            ("GET", "/", &["[::1]x"], Some(400)),
            ("GET", "/", &["[::1"], Some(400)),
            ("GET", "/", &["::1"], Some(400)),
            ("GET", "/", &["x:+80"], Some(400)),
            ("GET", "/", &["财经.example"], Some(400)),
            ("GET", "/", &["xn--8lr57w.example"], None),
            ("GET", "/", &[], Some(400)),
            ("GET", "/", &[""], Some(400)),
            ("GET", "/", &["x", "x"], Some(400)),
            ("GET", "/", &["x, y"], Some(400)),
            ("GET", "/", &["x y"], Some(400)),
            ("GET", "/", &["x/y"], Some(400)),
            ("GET", "/", &["a@x"], Some(400)),
            ("GET", "/", &["x:99999"], Some(400)),
            ("GET", "/", &["x:y"], Some(400)),
            ("GET", "/", &[":80"], Some(400)),
            ("GET", "/%00", &["x"], Some(400)),
            ("GET", "/%zz", &["x"], None),
            ("GET", "/%", &["x"], None),
            ("GET", "/a%2", &["x"], None),
            ("GET", "/a%00.html", &["x"], Some(400)),
            ("GET", "/%2e%2E/", &["x"], None),
            ("GET", "/?q=%", &["x"], None),
            ("GET", "*", &["x"], Some(400)),
            ("OPTIONS", "*", &["x"], Some(204)),
            ("OPTIONS", "/", &["x"], Some(204)),
            ("GET", "http://y/a", &["x"], None),
            ("GET", "http://y/%zz", &["x"], None),
            ("GET", "http://y:99999/", &["x"], Some(400)),
            ("GET", "http://a@y/", &["x"], Some(400)),
            ("POST", "/", &["x"], Some(405)),
            ("PATCH", "/", &["x"], Some(405)),
            ("CONNECT", "x:80", &["x"], Some(405)),
            ("TRACE", "/", &["x"], Some(405)),
            ("BREW", "/", &["x"], Some(501)),
            ("get", "/", &["x"], Some(501)),
        ];
        for (method, target, hosts, expected) in table {
            assert_eq!(code(method, target, hosts), expected, "{method} {target} {hosts:?}");
        }
        let of_http2 = |target: &str| {
            let request = Request::builder().version(Version::HTTP_2).uri(target).body(Body::empty());
            rejection(&request.expect("a request")).map(|reply| reply.status().as_u16())
        };
        assert_eq!(of_http2("http://x/"), None);
        assert_eq!((of_http2("/"), of_http2("http://a@x/")), (Some(400), Some(400)));
        let mut many = Request::builder().uri("/").header(HOST, "x");
        for _ in 0..MOST_HEADERS {
            many = many.header("a", "b");
        }
        let many = rejection(&many.body(Body::empty()).expect("a request"));
        assert_eq!(many.map(|reply| reply.status().as_u16()), Some(431));
        let long = format!("/{}", "a".repeat(LONGEST_TARGET));
        assert_eq!((code("GET", &long[1..], &["x"]), code("GET", &long, &["x"])), (Some(400), Some(414)));
        assert_eq!(code("GET", &format!("http://{}/", &long[1..]), &["x"]), Some(414));
    }
}
