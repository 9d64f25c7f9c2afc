//! The times at which this process first served the current version of each document, for clients that revalidate only
//! by date. The times that posts state do not suffice, since an edit may leave them as they are.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::web::http::cache::Fingerprint;

/// Maximum number of documents whose version is kept.
const MOST_DOCUMENTS: usize = 8192;

/// The last served version of each document, with its date.
#[derive(Debug, Default)]
pub(super) struct VersionDates(Mutex<DateTable>);

#[derive(Debug, Default)]
struct DateTable {
    /// The version and its date in seconds since 1970, by document.
    versions: HashMap<Fingerprint, (Fingerprint, i64)>,
    /// The earliest date of a document that is not in the table.
    earliest: i64,
}

impl VersionDates {
    /// Returns the date of a version: `now` if the process served another version before. No two versions of a document
    /// have the same date, so the date may be later than `now`.
    pub(super) fn date(&self, document: Fingerprint, version: Fingerprint, now: i64) -> i64 {
        // Each entry is complete, so the table is valid even after a panic.
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = match table.versions.get(&document).copied() {
            Some((known, date)) if known == version => return date,
            Some((_, date)) => date + 1,
            None => {
                if table.versions.len() >= MOST_DOCUMENTS {
                    // All forgotten dates are earlier.
                    table.earliest = table.versions.values().map(|(_, date)| date + 1).max().unwrap_or(now);
                    table.versions.clear();
                }
                table.earliest
            }
        };
        let date = now.max(earliest);
        table.versions.insert(document, (version, date));
        date
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::http::cache::Fingerprinter;

    fn fingerprint(number: usize) -> Fingerprint {
        Fingerprinter::new(0, "test").with(number).finish()
    }

    #[test]
    fn each_version_of_a_document_has_its_own_date() {
        let dates = VersionDates::default();
        let [feed, other] = [1, 2].map(fingerprint);
        let table = [
            (feed, 1, 100, 100),
            (feed, 1, 105, 100),
            (feed, 2, 110, 110),
            // A second change within a second, and a clock that goes back.
            (feed, 3, 110, 111),
            (feed, 2, 90, 112),
            (feed, 2, 120, 112),
            (other, 1, 120, 120),
        ];
        for (document, version, now, expected) in table {
            assert_eq!(dates.date(document, fingerprint(version), now), expected, "{version} {now}");
        }
    }

    #[test]
    fn full_table_forgets_versions_but_repeats_no_date() {
        let dates = VersionDates::default();
        for document in 0..MOST_DOCUMENTS {
            assert_eq!(dates.date(fingerprint(document), fingerprint(1), 100), 100);
        }
        assert_eq!(dates.date(fingerprint(MOST_DOCUMENTS), fingerprint(1), 100), 101);
        assert_eq!(dates.date(fingerprint(0), fingerprint(2), 100), 101);
        assert_eq!(dates.date(fingerprint(1), fingerprint(1), 200), 200);
    }
}
