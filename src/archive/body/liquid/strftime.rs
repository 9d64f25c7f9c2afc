//! Ruby's `strftime`, on top of chrono's.

use std::fmt::Write;

use chrono::DateTime;
use chrono_tz::Tz;

/// The directives that mean the same in Ruby and in chrono.
const SHARED: &str = "YCymBbhdejHIklMSpPAauwGgVUWsZzDFTRrcxXnt%";

/// Formats a time. Returns `None` for a directive that is not supported.
pub(crate) fn format(at: &DateTime<Tz>, format: &str) -> Option<String> {
    let mut out = String::with_capacity(2 * format.len());
    let mut rest = format;
    while let Some(start) = rest.find('%') {
        out.push_str(&rest[..start]);
        let directive = &rest[start + 1..];
        let flags = directive.bytes().take_while(|b| b"-_0^#:".contains(b)).count();
        let (flags, after) = directive.split_at(flags);
        // Ruby writes a `%` at the end as it is.
        let Some(conversion) = after.chars().next() else {
            out.push_str(&rest[start..]);
            return Some(out);
        };
        let part = converted(at, flags, conversion)?;
        if flags.contains(['^', '#']) {
            // `#` changes the case, and only `%p` is in capitals.
            let is_lowered = flags.contains('#') && conversion == 'p';
            out.push_str(&if is_lowered { part.to_lowercase() } else { part.to_uppercase() });
        } else {
            out.push_str(&part);
        }
        rest = &after[conversion.len_utf8()..];
    }
    out.push_str(rest);
    Some(out)
}

fn converted(at: &DateTime<Tz>, flags: &str, conversion: char) -> Option<String> {
    let padding = flags.chars().rfind(|flag| matches!(flag, '-' | '_' | '0'));
    let padding = padding.map(String::from).unwrap_or_default();
    let colons = flags.matches(':').collect::<String>();
    let directive = match conversion {
        'L' => "%3f".to_owned(),
        'N' => "%9f".to_owned(),
        'z' => format!("%{colons}z"),
        _ if SHARED.contains(conversion) && colons.is_empty() => format!("%{padding}{conversion}"),
        _ => return None,
    };
    let mut part = String::new();
    // chrono fails where it does not know a combination.
    write!(part, "{}", at.format(&directive)).ok()?;
    Some(part)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn directives_give_the_text_of_ruby() {
        let at = chrono_tz::Asia::Shanghai.with_ymd_and_hms(2024, 2, 3, 4, 5, 6).single().expect("a time");
        for (directives, expected) in [
            ("%Y-%m-%d %H:%M:%S %z", Some("2024-02-03 04:05:06 +0800")),
            ("%-d.%-m.%y %e|%k|%l%P", Some("3.2.24  3| 4| 4am")),
            ("%B %b %^b %A %a %p %#p", Some("February Feb FEB Saturday Sat AM am")),
            ("%Y年%-m月%-d日 100%", Some("2024年2月3日 100%")),
            ("%j %U %s %L %N %:z %Z %%", Some("034 04 1706904306 000 000000000 +08:00 CST %")),
            ("%F %T %D %R %c", Some("2024-02-03 04:05:06 02/03/24 04:05 Sat Feb  3 04:05:06 2024")),
            ("", Some("")),
            ("%Q", None),
            ("%10d", None),
            ("%-B", None),
            ("%E", None),
        ] {
            assert_eq!(format(&at, directives).as_deref(), expected, "{directives}");
        }
    }
}
