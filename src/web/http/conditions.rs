//! The preconditions of requests (RFC 9110, section 13), and HTTP dates: whether the client already has the
//! current version of a response.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{DateTime, NaiveDateTime};

/// The reason why a precondition of a request excludes the usual response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PreconditionFailure {
    /// 304: the client has the version with this ETag.
    NotModified(HeaderValue),
    /// 412: the client has another version.
    Failed,
}

/// Evaluates the preconditions of a request in the order of RFC 9110, section 13.2.2. `etags` are those of the
/// current version in each encoding that the client may have, the preferred one first; `modified` is the time of
/// its last change, in seconds since 1970, or `None` if that time does not identify the version.
///
/// # Errors
/// Fails if the response must be a 304 or a 412.
pub(crate) fn check(
    headers: &HeaderMap,
    etags: &[HeaderValue],
    modified: Option<i64>,
) -> Result<(), PreconditionFailure> {
    let listed =
        |name: HeaderName, is_weak| etags.iter().find(|etag| lists(headers, name.clone(), etag, is_weak));
    let is_wanted = match headers.contains_key(header::IF_MATCH) {
        true => listed(header::IF_MATCH, false).is_some(),
        false => {
            let since = date_in(headers, header::IF_UNMODIFIED_SINCE);
            since.zip(modified).is_none_or(|(since, modified)| modified <= since)
        }
    };
    if !is_wanted {
        return Err(PreconditionFailure::Failed);
    }
    let known = match headers.contains_key(header::IF_NONE_MATCH) {
        true => listed(header::IF_NONE_MATCH, true),
        false => {
            let since = date_in(headers, header::IF_MODIFIED_SINCE);
            let is_unmodified = since.zip(modified).is_some_and(|(since, modified)| modified <= since);
            etags.first().filter(|_| is_unmodified)
        }
    };
    known.map_or(Ok(()), |etag| Err(PreconditionFailure::NotModified(etag.clone())))
}

/// Returns whether `If-None-Match` lists an ETag, by weak comparison.
pub(crate) fn if_none_match(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    lists(headers, header::IF_NONE_MATCH, etag, true)
}

/// Returns whether `If-Modified-Since` has exactly this date. `If-None-Match` takes precedence over it.
pub(crate) fn has_date(headers: &HeaderMap, date: i64) -> bool {
    !headers.contains_key(header::IF_NONE_MATCH) && date_in(headers, header::IF_MODIFIED_SINCE) == Some(date)
}

/// Returns whether `If-Range` allows a partial response (RFC 9110, section 13.1.5): the header is absent, or it
/// has exactly the strong ETag or the time of the current version.
pub(crate) fn if_range(headers: &HeaderMap, etag: &HeaderValue, modified: Option<i64>) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|validator| {
        let date = || validator.to_str().ok().and_then(parse_date);
        is_same_etag(validator.as_bytes(), etag.as_bytes(), false)
            || modified.is_some_and(|time| date() == Some(time))
    })
}

/// The HTTP date in a header, in seconds since 1970; `None` if the header is absent or invalid.
fn date_in(headers: &HeaderMap, name: HeaderName) -> Option<i64> {
    parse_date(headers.get(name)?.to_str().ok()?)
}

/// Returns whether a header lists an ETag or `*`.
fn lists(headers: &HeaderMap, name: HeaderName, etag: &HeaderValue, is_weak: bool) -> bool {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|item| item == b"*" || is_same_etag(item, etag.as_bytes(), is_weak))
}

/// Compares two ETags (RFC 9110, section 8.8.3.2). A weak comparison ignores the prefix `W/`; in a strong one, an
/// ETag with this prefix equals none.
fn is_same_etag(one: &[u8], other: &[u8], is_weak: bool) -> bool {
    match is_weak {
        true => opaque(one) == opaque(other),
        false => one == other && !one.starts_with(b"W/"),
    }
}

/// An ETag without the prefix of a weak one.
fn opaque(etag: &[u8]) -> &[u8] {
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

/// Parses an HTTP date in any of its three forms (RFC 9110, section 5.6.7), as seconds since 1970.
fn parse_date(date: &str) -> Option<i64> {
    const FORMS: [&str; 3] =
        ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let date = FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(date, form).ok());
    date.map(|date| date.and_utc().timestamp())
}

/// The value of a `Last-Modified` header; `None` for a time that a date cannot express.
pub(crate) fn last_modified(seconds: i64) -> Option<HeaderValue> {
    let date = DateTime::from_timestamp(seconds, 0)?;
    HeaderValue::try_from(date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: i64 = 784_111_777;

    /// The names and the values of header fields.
    type FieldList = &'static [(&'static str, &'static str)];

    fn headers(fields: FieldList) -> HeaderMap {
        let field = |(name, value): &(&str, &str)| {
            let name = HeaderName::try_from(*name).expect("a name");
            (name, HeaderValue::try_from(*value).expect("a value"))
        };
        fields.iter().map(field).collect()
    }

    #[test]
    fn all_three_date_forms_are_read() {
        let table = [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(MODIFIED)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(MODIFIED)),
            ("Sun Nov  6 08:49:37 1994", Some(MODIFIED)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("yesterday", None),
            ("1994-11-06T08:49:37Z", None),
            ("", None),
        ];
        for (date, expected) in table {
            assert_eq!(parse_date(date), expected, "{date}");
        }
        let written = last_modified(MODIFIED).expect("a date");
        assert_eq!(written, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(last_modified(i64::MAX), None);
    }

    #[test]
    fn preconditions_are_evaluated_in_the_order_of_the_rfc() {
        const OLDER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
        const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let (gzip, plain) = (HeaderValue::from_static("\"g\""), HeaderValue::from_static("\"p\""));
        let known = |etag: &HeaderValue| Err(PreconditionFailure::NotModified(etag.clone()));
        let table: [(FieldList, Result<(), PreconditionFailure>); 15] = [
            (&[], Ok(())),
            (&[("if-none-match", "\"x\", W/\"p\"")], known(&plain)),
            (&[("if-none-match", "\"x\"")], Ok(())),
            (&[("if-none-match", "*")], known(&gzip)),
            (&[("if-modified-since", SAME)], known(&gzip)),
            (&[("if-modified-since", OLDER)], Ok(())),
            (&[("if-modified-since", "yesterday")], Ok(())),
            // `If-None-Match` takes precedence over the date.
            (&[("if-none-match", "\"x\""), ("if-modified-since", SAME)], Ok(())),
            (&[("if-none-match", "\"g\""), ("if-modified-since", OLDER)], known(&gzip)),
            (&[("if-match", "\"p\"")], Ok(())),
            (&[("if-match", "W/\"p\"")], Err(PreconditionFailure::Failed)),
            (&[("if-match", "\"x\""), ("if-none-match", "\"p\"")], Err(PreconditionFailure::Failed)),
            (&[("if-unmodified-since", SAME)], Ok(())),
            (&[("if-unmodified-since", OLDER)], Err(PreconditionFailure::Failed)),
            (&[("if-match", "\"p\""), ("if-unmodified-since", OLDER)], Ok(())),
        ];
        for (fields, expected) in table {
            let etags = [gzip.clone(), plain.clone()];
            assert_eq!(check(&headers(fields), &etags, Some(MODIFIED)), expected, "{fields:?}");
        }
    }

    #[test]
    fn if_range_needs_exactly_the_current_validator() {
        let etag = HeaderValue::from_static("\"p\"");
        let table: [(FieldList, bool); 6] = [
            (&[], true),
            (&[("if-range", "\"p\"")], true),
            (&[("if-range", "W/\"p\"")], false),
            (&[("if-range", "\"old\"")], false),
            (&[("if-range", "Sun, 06 Nov 1994 08:49:37 GMT")], true),
            // A later date proves nothing about the bytes.
            (&[("if-range", "Sun, 06 Nov 1994 08:49:38 GMT")], false),
        ];
        for (fields, expected) in table {
            assert_eq!(if_range(&headers(fields), &etag, Some(MODIFIED)), expected, "{fields:?}");
        }
    }

    #[test]
    fn weak_version_without_time_matches_weakly_only() {
        const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        let etag = HeaderValue::from_static("W/\"p\"");
        let known = Err(PreconditionFailure::NotModified(etag.clone()));
        let table: [(FieldList, Result<(), PreconditionFailure>); 8] = [
            (&[("if-none-match", "W/\"p\"")], known.clone()),
            (&[("if-none-match", "\"p\"")], known.clone()),
            (&[("if-none-match", "*")], known),
            (&[("if-none-match", "\"x\"")], Ok(())),
            (&[("if-match", "W/\"p\"")], Err(PreconditionFailure::Failed)),
            (&[("if-match", "*")], Ok(())),
            (&[("if-modified-since", DATE)], Ok(())),
            (&[("if-unmodified-since", DATE)], Ok(())),
        ];
        for (fields, expected) in table {
            assert_eq!(check(&headers(fields), std::slice::from_ref(&etag), None), expected, "{fields:?}");
        }
        for validator in ["W/\"p\"", "\"p\"", DATE, "yesterday"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_RANGE, HeaderValue::from_static(validator));
            assert!(!if_range(&headers, &etag, None), "{validator}");
        }
    }
}
