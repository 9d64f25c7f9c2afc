use chrono_tz::{America::New_York, Asia::Shanghai};
use proptest::prelude::*;

use super::*;

fn shanghai(text: &str, quoted: bool) -> Option<String> {
    parse(text, quoted, Shanghai, NaiveDates::Utc).map(|date| date.at.format("%F %T").to_string())
}

/// The expected values come from Ruby 3.1 with TZ=Asia/Shanghai.
#[test]
fn unquoted_dates_match_psych_and_time_parse() {
    let cases = [
        ("2021-12-08 16:41:23", Some("2021-12-09 00:41:23")),
        ("2021-12-08T16:41:23.5", Some("2021-12-09 00:41:23")),
        ("2024-01-02 03:04:05 +0800", Some("2024-01-02 03:04:05")),
        ("2024-01-02 03:04:05 +08:00", Some("2024-01-02 03:04:05")),
        ("2024-01-02T03:04:05Z", Some("2024-01-02 11:04:05")),
        ("2024-01-02 03:04:05 CST", Some("2024-01-02 17:04:05")),
        ("2024-01-02 03:04:05 JST", Some("2024-01-02 03:04:05")),
        ("2024-01-02 03:04:05 A", Some("2024-01-02 10:04:05")),
        ("2024-01-02 03:04:05 j", Some("2024-01-02 03:04:05")),
        ("2024-01-02 03:04:05 K", Some("2024-01-02 01:04:05")),
        ("2024-01-02 03:04:05 M", Some("2024-01-01 23:04:05")),
        ("2024-01-02 03:04:05 N", Some("2024-01-02 12:04:05")),
        ("2024-01-02 03:04:05 Y", Some("2024-01-02 23:04:05")),
        ("2024-01-02 03:04:05 +8:00", Some("2024-01-02 03:04:05")),
        ("2024-01-02 03:04:05 -00:30", Some("2024-01-02 10:34:05")),
        ("2024-01-02 03:04:05 +24:00", None),
        ("2024-01-02 03:04", Some("2024-01-02 03:04:00")),
        ("2024-01-02", Some("2024-01-02 00:00:00")),
        ("2024-1-2", Some("2024-01-02 00:00:00")),
        ("2024-01-02 24:00:00", Some("2024-01-03 08:00:00")),
        ("2024-01-02 24:00:01", None),
        ("2024-02-31 10:00:00 +0800", Some("2024-03-02 10:00:00")),
        ("2024-02-31", Some("2024-03-02 00:00:00")),
        ("2024-13-01", None),
        ("2024/01/02 3:04", Some("2024-01-02 03:04:00")),
        ("2024.01.02", Some("2024-01-02 00:00:00")),
        ("01/02/24", Some("2001-02-24 00:00:00")),
        ("1/2/2024", Some("2024-02-01 00:00:00")),
        ("02.01.2024", Some("2024-01-02 00:00:00")),
        ("Jan 2, 2024", Some("2024-01-02 00:00:00")),
        ("2nd January 2024", Some("2024-01-02 00:00:00")),
        ("2nd of January 2024", Some("2024-01-01 00:00:00")),
        ("Tue, 02 Jan 2024 03:04:05 GMT", Some("2024-01-02 11:04:05")),
        ("Jan 2, 2024 12:30 a.m.", Some("2024-01-02 00:30:00")),
        ("Jan 2, 2024 3 pm", Some("2024-01-02 15:00:00")),
        ("02-Jan-24", Some("2024-01-02 00:00:00")),
        ("Jan 2024", Some("2024-01-01 00:00:00")),
        ("20240102", Some("2024-01-02 00:00:00")),
        ("2024_01_02", Some("2024-01-02 00:00:00")),
        ("20240102T030405+0800", Some("2024-01-02 03:04:05")),
        ("20240102030405", Some("2024-01-02 03:04:05")),
        ("240102", Some("2024-01-02 00:00:00")),
        ("2024-060", Some("2024-02-29 00:00:00")),
        ("24-01-02", Some("2024-01-02 00:00:00")),
        ("69-01-02", Some("1969-01-02 00:00:00")),
        ("R6.01.02", Some("2024-01-02 00:00:00")),
        ("03:04", Some("2011-02-09 00:00:00")),
        ("1704135845", None),
        ("2024年1月2日 03:04", None),
        ("Jan 2", None),
        ("15:04:05", Some("2054-09-02 00:00:00")),
        ("2024-W05-1", None),
        ("+0800", None),
        ("hello", None),
        ("true", None),
        ("", None),
        ("0000-01-01", None),
        ("10000-01-01", None),
    ];
    for (text, expected) in cases {
        assert_eq!(shanghai(text, false).as_deref(), expected, "{text}");
    }
}

#[test]
fn quoted_dates_are_read_as_local() {
    assert_eq!(shanghai("2024-01-02 01:00:00", true).as_deref(), Some("2024-01-02 01:00:00"));
    assert_eq!(shanghai("03:04", true), None);
}

#[test]
fn naive_dates_can_be_read_as_local() {
    let naive = |text, dates| {
        parse(text, false, Shanghai, dates).map(|date| (date.at.format("%F %T").to_string(), date.naive))
    };
    let text = "2021-12-08 16:41:23";
    assert_eq!(naive(text, NaiveDates::Utc), Some(("2021-12-09 00:41:23".into(), true)));
    assert_eq!(naive(text, NaiveDates::Local), Some(("2021-12-08 16:41:23".into(), true)));
    let zoned = "2021-12-08 16:41:23 +0800";
    assert_eq!(naive(zoned, NaiveDates::Utc), naive(zoned, NaiveDates::Local));
    assert_eq!(naive("2021-12-08 16:41", NaiveDates::Utc), Some(("2021-12-08 16:41:00".into(), false)));
}

#[test]
fn daylight_saving_changes_match_ruby() {
    let cases = [
        ("2024-03-10 02:30", "2024-03-10T03:30:00-04:00"),
        ("2024-11-03 01:30", "2024-11-03T01:30:00-05:00"),
        ("2024-11-03 01:30 EDT", "2024-11-03T01:30:00-04:00"),
        ("2024-07-02 03:04 edt", "2024-07-02T03:04:00-04:00"),
    ];
    for (text, expected) in cases {
        let date = parse(text, false, New_York, NaiveDates::Utc).map(|date| date.at.to_rfc3339());
        assert_eq!(date.as_deref(), Some(expected), "{text}");
    }
    let midnight = from_file_name((2018, 11, 4), chrono_tz::America::Sao_Paulo);
    assert_eq!(midnight.map(|at| at.to_rfc3339()).as_deref(), Some("2018-11-04T01:00:00-02:00"));
}

#[test]
fn dates_of_file_names_and_slugs_are_local_midnights() {
    let day = |at: Option<DateTime<Tz>>| at.map(|at| at.to_rfc3339());
    let second = Some("2024-01-02T00:00:00+08:00".to_owned());
    assert_eq!(day(from_file_name((2024, 1, 2), Shanghai)), second);
    assert_eq!(day(from_file_name((2024, 2, 31), Shanghai)).as_deref(), Some("2024-03-02T00:00:00+08:00"));
    assert_eq!(day(from_file_name((2024, 13, 45), Shanghai)), None);
    assert_eq!(day(from_slug_digits("202401021911712", Shanghai)), second);
    for slug in ["20240231", "2024010", "NW20240102", "日2024010", ""] {
        assert_eq!(day(from_slug_digits(slug, Shanghai)), None, "{slug}");
    }
}

proptest! {
    #[test]
    fn any_text_parses_without_panic(text in "\\PC{0,40}", quoted in any::<bool>()) {
        parse(&text, quoted, New_York, NaiveDates::Utc);
    }

    #[test]
    fn date_like_text_yields_a_year_in_range_without_panic(text in "[-+0-9/.:, 'TZhJanFebpm\\[\\]wsuc]{0,40}", quoted in any::<bool>()) {
        if let Some(date) = parse(&text, quoted, New_York, NaiveDates::Local) {
            prop_assert!((1..=9999).contains(&date.at.year()));
        }
    }

    #[test]
    fn any_file_name_date_converts_without_panic(year in any::<i32>(), month in any::<u32>(), day in any::<u32>()) {
        from_file_name((year, month, day), Shanghai);
    }
}
