//! The `timezone` of a site. Jekyll passes it to the C library, which takes an unknown zone as UTC.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::config::error::{ConfigError, Origin};
use crate::config::file::{ConfigFile, Node};

const KEY: [&str; 1] = ["timezone"];
const SHANGHAI: &str = "Asia/Shanghai";

/// Returns the time zone of the site: UTC if the key is unset or names no zone.
pub(super) fn zone(file: &ConfigFile) -> Result<Tz, ConfigError> {
    Ok(written(file)?.and_then(|(name, _)| parse(&name)).unwrap_or(Tz::UTC))
}

/// Returns the warning about a zone that is unknown, or that most likely means another than its author does.
pub(super) fn warning(file: &ConfigFile) -> Option<String> {
    let (name, origin) = written(file).ok()??;
    let reason = match parse(&name) {
        Some(_) => reversed(&name)?,
        None => format!(
            "is not a time zone that finews knows, so UTC is used; write {}",
            suggestion(&name).unwrap_or("an IANA time zone, such as Asia/Shanghai")
        ),
    };
    Some(format!("{origin}: `{name}` {reason}"))
}

/// Returns the key's value; `None` if it is empty or false.
fn written(file: &ConfigFile) -> Result<Option<(String, Origin)>, ConfigError> {
    if file.get(&KEY) == Some(&Node::Bool(false)) {
        return Ok(None);
    }
    Ok(file.text_at(&KEY)?.filter(|(name, _)| !name.is_empty()))
}

fn parse(name: &str) -> Option<Tz> {
    let name = name.strip_prefix(':').unwrap_or(name);
    let with_rules = || RULES.iter().find(|(rules, _)| *rules == name).map(|(_, zone)| *zone);
    let fixed = || fixed_zone(posix(name)?.1);
    name.parse::<Tz>().ok().or_else(|| with_rules()?.parse().ok()).or_else(|| fixed()?.parse().ok())
}

/// POSIX zones with their rules of summer time, each with the IANA zone that has the same rules.
const RULES: [(&str, &str); 9] = [
    ("EST5EDT,M3.2.0,M11.1.0", "EST5EDT"),
    ("CST6CDT,M3.2.0,M11.1.0", "CST6CDT"),
    ("MST7MDT,M3.2.0,M11.1.0", "MST7MDT"),
    ("PST8PDT,M3.2.0,M11.1.0", "PST8PDT"),
    ("GMT0BST,M3.5.0/1,M10.5.0", "Europe/London"),
    ("WET0WEST,M3.5.0/1,M10.5.0", "WET"),
    ("CET-1CEST,M3.5.0,M10.5.0/3", "CET"),
    ("EET-2EEST,M3.5.0/3,M10.5.0/4", "EET"),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", "Australia/Sydney"),
];

/// Splits a POSIX zone such as `CST-8`, `UTC+08:00` or `<+08>-8` into its abbreviation and its offset.
fn posix(name: &str) -> Option<(&str, &str)> {
    let (abbreviation, offset) = match name.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => name.split_at(name.find(|c: char| !c.is_ascii_alphabetic())?),
    };
    (abbreviation.len() >= 3).then_some((abbreviation, offset))
}

/// Returns the IANA name of a zone with a POSIX offset and without summer time. A negative offset is east of Greenwich,
/// as in the names of `Etc`. Half hours have no name in `Etc`, so a place with this offset stands for them.
fn fixed_zone(offset: &str) -> Option<String> {
    if let Ok(hours) = offset.strip_suffix(":00").unwrap_or(offset).parse::<i8>() {
        return Some(format!("Etc/GMT{hours:+}"));
    }
    let (sign, hours) = match offset.strip_prefix('-') {
        Some(hours) => ('-', hours),
        None => ('+', offset.strip_prefix('+').unwrap_or(offset)),
    };
    let name = match (sign, hours.trim_start_matches('0')) {
        ('-', "4:30") => "Asia/Kabul",
        ('-', "5:30") => "Asia/Kolkata",
        ('-', "5:45") => "Asia/Kathmandu",
        ('-', "6:30") => "Asia/Yangon",
        ('-', "9:30") => "Australia/Darwin",
        ('+', "9:30") => "Pacific/Marquesas",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Returns the explanation of a zone such as `UTC+8`, which POSIX reads as eight hours behind UTC.
fn reversed(name: &str) -> Option<String> {
    let (abbreviation, offset) = posix(name)?;
    if !["UTC", "GMT"].iter().any(|zero| abbreviation.eq_ignore_ascii_case(zero)) {
        return None;
    }
    let (hours, read, meant) = match offset.strip_prefix('-') {
        Some(hours) => (hours, "ahead of", "behind"),
        None => (offset, "behind", "ahead of"),
    };
    let hours = hours.trim_start_matches(['+', '0']).trim_end_matches(":00");
    let sign = if read == "behind" { '-' } else { '+' };
    // `Etc` has no names for half hours.
    (!hours.is_empty() && !hours.contains(':')).then(|| {
        format!(
            "is {hours} hours {read} UTC, as in Jekyll; for {hours} hours {meant} UTC write Etc/GMT{sign}{hours} or \
             a city, such as {SHANGHAI}"
        )
    })
}

/// Returns the IANA name that the author of an unknown one most likely means.
fn suggestion(name: &str) -> Option<&'static str> {
    let wanted = name.trim().replace(' ', "_").to_ascii_lowercase();
    let city = wanted.rsplit('/').next().unwrap_or(&wanted);
    Some(match city {
        "beijing"
        | "peking"
        | "guangzhou"
        | "shenzhen"
        | "hangzhou"
        | "nanjing"
        | "chengdu"
        | "wuhan"
        | "tianjin"
        | "china"
        | "china_standard_time"
        | "bjt"
        | "北京"
        | "上海"
        | "中国" => SHANGHAI,
        "+8" | "+08" | "+08:00" | "+0800" | "utc+0800" | "gmt+0800" | "8" => SHANGHAI,
        "utc+5:30" | "utc+05:30" | "gmt+5:30" | "gmt+05:30" => "Asia/Kolkata",
        "cet-1cest" => "Europe/Berlin",
        "cst" => "Asia/Shanghai for China, or America/Chicago for the central United States",
        "ist" => "Asia/Kolkata for India, or Europe/Dublin for Ireland",
        "bst" => "Europe/London",
        "cest" => "Europe/Berlin",
        "edt" => "America/New_York",
        "cdt" => "America/Chicago",
        "mdt" => "America/Denver",
        "pst" | "pdt" => "America/Los_Angeles",
        "jst" => "Asia/Tokyo",
        "kst" => "Asia/Seoul",
        "hkt" => "Asia/Hong_Kong",
        "sgt" => "Asia/Singapore",
        "aest" | "aedt" => "Australia/Sydney",
        _ => {
            let is_whole = |zone: &&str| zone.eq_ignore_ascii_case(&wanted);
            let has_city =
                |zone: &&str| zone.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(city));
            let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
            return names().find(is_whole).or_else(|| names().find(has_city));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posix_offsets_count_westwards() {
        let table = [
            ("CST-8", Some("Etc/GMT-8")),
            ("UTC+8", Some("Etc/GMT+8")),
            ("UTC+08:00", Some("Etc/GMT+8")),
            ("UTC0", Some("Etc/GMT+0")),
            ("EST5EDT", Some("EST5EDT")),
            ("EST5", Some("Etc/GMT+5")),
            ("EST5EDT,M3.2.0,M11.1.0", Some("EST5EDT")),
            ("CET-1CEST,M3.5.0,M10.5.0/3", Some("CET")),
            ("CET-1CEST,M3.2.0,M10.5.0/3", None),
            ("CET-1CEST", None),
            ("<+08>-8", Some("Etc/GMT-8")),
            ("<-03>3", Some("Etc/GMT+3")),
            ("<+08>", None),
            ("<+08-8", None),
            ("IST-5:30", Some("Asia/Kolkata")),
            ("<+0545>-05:45", Some("Asia/Kathmandu")),
            ("IST-5:15", None),
            (":Asia/Shanghai", Some("Asia/Shanghai")),
            ("UTC+15", None),
            ("UTC+8:30", None),
            ("+8", None),
            ("CST", None),
        ];
        for (name, zone) in table {
            assert_eq!(parse(name).map(Tz::name), zone, "{name}");
        }
    }

    #[test]
    fn near_misses_suggest_the_zone_that_was_meant() {
        let table = [
            ("Asia/Beijing", Some(SHANGHAI)),
            ("Beijing", Some(SHANGHAI)),
            ("asia/shanghai", Some(SHANGHAI)),
            ("Shanghai", Some(SHANGHAI)),
            ("Asia/Shanghai\n", Some(SHANGHAI)),
            ("China Standard Time", Some(SHANGHAI)),
            ("+08:00", Some(SHANGHAI)),
            ("America/New York", Some("America/New_York")),
            ("Europe/Shanghai", Some(SHANGHAI)),
            ("JST", Some("Asia/Tokyo")),
            ("UTC+5:30", Some("Asia/Kolkata")),
            ("CET-1CEST", Some("Europe/Berlin")),
            ("Mars/Base", None),
            ("", None),
        ];
        for (name, zone) in table {
            assert_eq!(suggestion(name), zone, "{name}");
        }
        assert!(suggestion("CST").is_some_and(|zones| zones.contains("America/Chicago")));
    }

    #[test]
    fn offset_after_utc_is_explained() {
        let table = [
            (
                "UTC+8",
                Some("is 8 hours behind UTC, as in Jekyll; for 8 hours ahead of UTC write Etc/GMT-8 or"),
            ),
            (
                "GMT-05:00",
                Some("is 5 hours ahead of UTC, as in Jekyll; for 5 hours behind UTC write Etc/GMT+5 or"),
            ),
            ("CST-8", None),
            ("UTC0", None),
            ("UTC+0", None),
            ("UTC-5:30", None),
        ];
        for (name, expected) in table {
            let text = reversed(name);
            assert_eq!(text.is_some(), expected.is_some(), "{name}");
            assert!(text.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{name}");
        }
    }
}
