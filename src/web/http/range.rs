//! The `Range` header of a request (RFC 9110, section 14.1.2), for files.

/// A range that no file has: the response is a 416.
const UNSATISFIABLE: &str = "bytes=-0";

/// A `Range` header with one range (RFC 9110, section 14.1.2), cut to a file of this size; `None` if the header is
/// to be ignored.
pub(super) fn normalised(range: &str, size: u64) -> Option<String> {
    let (unit, set) = range.split_once('=')?;
    let mut specs = set.split(',').map(str::trim).filter(|spec| !spec.is_empty());
    let spec =
        specs.next().filter(|_| unit.trim().eq_ignore_ascii_case("bytes") && specs.next().is_none())?;
    let (first, last) = match spec.split_once('-')? {
        ("", length) => match position(length)? {
            // A suffix of an empty file is no error, and has no bytes that a header could name.
            1.. if size == 0 => return None,
            length => (size.saturating_sub(length), u64::MAX),
        },
        (first, "") => (position(first)?, u64::MAX),
        (first, last) => (position(first)?, position(last)?),
    };
    if first > last {
        return None;
    }
    Some(match first < size {
        true => format!("bytes={first}-{}", last.min(size - 1)),
        false => UNSATISFIABLE.to_owned(),
    })
}

/// A number of a range. A number that is too large lies beyond the end of every file.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_by_the_rfc() {
        let table = [
            ("bytes=0-9", Some("bytes=0-9")),
            ("bytes=0-", Some("bytes=0-99")),
            ("bytes=99-99", Some("bytes=99-99")),
            ("bytes=-10", Some("bytes=90-99")),
            ("bytes=-1000", Some("bytes=0-99")),
            ("bytes=0-99999999999999999999", Some("bytes=0-99")),
            ("bytes=-99999999999999999999", Some("bytes=0-99")),
            ("bytes=007-0009", Some("bytes=7-9")),
            ("Bytes=0-9", Some("bytes=0-9")),
            ("bytes= 0-9 ", Some("bytes=0-9")),
            ("bytes=,0-9,", Some("bytes=0-9")),
            // Beyond the end.
            ("bytes=100-", Some(UNSATISFIABLE)),
            ("bytes=100-200", Some(UNSATISFIABLE)),
            ("bytes=99999999999999999999-", Some(UNSATISFIABLE)),
            ("bytes=-0", Some(UNSATISFIABLE)),
            // Ignored: another unit, several ranges, invalid syntax.
            ("lines=0-1", None),
            ("bytes=0-0,5-6", None),
            ("bytes=9-0", None),
            ("bytes=-", None),
            ("bytes=", None),
            ("bytes", None),
            ("bytes=a-b", None),
            ("bytes=+1-2", None),
            ("bytes=1--2", None),
            ("bytes=1 - 2", None),
            ("0-9", None),
            ("", None),
        ];
        for (range, expected) in table {
            assert_eq!(normalised(range, 100).as_deref(), expected, "{range}");
        }
        for (range, expected) in
            [("bytes=0-", Some(UNSATISFIABLE)), ("bytes=-5", None), ("bytes=-0", Some(UNSATISFIABLE))]
        {
            assert_eq!(normalised(range, 0).as_deref(), expected, "{range} of an empty file");
        }
    }
}
