//! The names of the data set's files, `/archive/<file>`.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// A file below `/archive/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatasetFile {
    /// `/archive/`: the index as a page.
    Index,
    /// `/archive/index.json`: the index for programs.
    Json,
    /// `/archive/2021-12.ndjson`: a month, identified by its first day.
    Month(NaiveDate),
}

impl Display for DatasetFile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index => Ok(()),
            Self::Json => f.write_str("index.json"),
            Self::Month(first) => write!(f, "{:04}-{:02}.ndjson", first.year(), first.month()),
        }
    }
}

/// The error for a text that is not the name of a [`DatasetFile`].
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidDatasetName;

impl FromStr for DatasetFile {
    type Err = InvalidDatasetName;

    fn from_str(text: &str) -> Result<Self, InvalidDatasetName> {
        match text {
            "" | "index.html" => return Ok(Self::Index),
            "index.json" => return Ok(Self::Json),
            _ => {}
        }
        let month = text.strip_suffix(".ndjson").ok_or(InvalidDatasetName)?;
        let file = format!("{month}-01").parse().map(Self::Month).map_err(|_| InvalidDatasetName)?;
        // Each month has exactly one name: no sign, no missing zero.
        if file.to_string() == text { Ok(file) } else { Err(InvalidDatasetName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dataset_file_names_are_parsed_invalid_ones_rejected() {
        let month = |text: &str| DatasetFile::Month(text.parse().expect("a day"));
        let table = [
            ("", Ok(DatasetFile::Index)),
            ("index.json", Ok(DatasetFile::Json)),
            ("2021-12.ndjson", Ok(month("2021-12-01"))),
            ("2021-13.ndjson", Err(InvalidDatasetName)),
            ("2021-1.ndjson", Err(InvalidDatasetName)),
            ("+202-12.ndjson", Err(InvalidDatasetName)),
            ("2021-12.json", Err(InvalidDatasetName)),
            ("x", Err(InvalidDatasetName)),
        ];
        for (text, file) in table {
            assert_eq!(text.parse(), file, "{text}");
        }
    }
}
