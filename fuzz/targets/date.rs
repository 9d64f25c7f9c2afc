//! Any text as a `date`, in time zones with unusual clock changes.
#![no_main]

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::{America::Sao_Paulo, Asia::Shanghai, Europe::Dublin, Pacific::Apia, Tz};
use finews::archive::jekyll::{date, permalink};
use finews::config::NaiveDates;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // São Paulo skips midnight, Apia skips a whole day, and Dublin's summer time is negative.
    for zone in [Shanghai, Sao_Paulo, Dublin, Apia] {
        let read = |quoted, naive_dates| date::parse(text, quoted, zone, naive_dates);
        let (utc, local) = (read(false, NaiveDates::Utc), read(false, NaiveDates::Local));
        let quoted = read(true, NaiveDates::Utc);
        assert_eq!(quoted, read(true, NaiveDates::Local));
        if let (Some(utc), Some(local)) = (utc, local) {
            assert_eq!(utc.naive, local.naive);
            assert!(utc.naive || utc.at == local.at);
        }
        for date in [utc, local, quoted].into_iter().flatten() {
            check(date.at, zone);
        }
        assert!(quoted.is_none_or(|date| !date.naive));
        if let Some(name) = permalink::file_name(text)
            && let Some(at) = name.date.and_then(|day| date::from_file_name(day, zone))
        {
            check(at, zone);
        }
        if let Some(at) = date::from_slug_digits(text, zone) {
            check(at, zone);
            let is_skipped = zone == Apia && text.starts_with("20111230");
            assert!(is_skipped || text.starts_with(&at.format("%Y%m%d").to_string()));
        }
    }
});

/// Asserts that a date is valid for a post, and survives formatting and parsing.
fn check(at: DateTime<Tz>, zone: Tz) {
    assert!((1..=9999).contains(&at.year()) && at.timezone() == zone);
    let reads = |text: &str, quoted| date::parse(text, quoted, zone, NaiveDates::Local).map(|date| date.at);
    let in_utc = at.with_timezone(&Utc);
    if (1..=9999).contains(&in_utc.year()) {
        for form in ["%Y-%m-%d %H:%M:%S +0000", "%Y-%m-%dT%H:%M:%SZ", "%a, %d %b %Y %H:%M:%S GMT"] {
            let text = in_utc.format(form).to_string();
            for quoted in [false, true] {
                assert_eq!(reads(&text, quoted), Some(at), "{text}");
            }
        }
    }
    // A local time may occur twice, so only local times are compared.
    let text = at.format("%Y-%m-%d %H:%M:%S").to_string();
    for quoted in [false, true] {
        assert_eq!(reads(&text, quoted).map(|again| again.naive_local()), Some(at.naive_local()), "{text}");
    }
}
