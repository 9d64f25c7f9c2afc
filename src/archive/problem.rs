//! What is wrong with a file of the site, as data: the loader collects problems,
//! `finews check` prints them, and nothing a file can contain stops the start.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The kinds of problem, named in kebab case wherever they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The front matter is not valid YAML, or not a mapping; it was read line by line.
    FrontMatterInvalid,
    /// `date:` cannot be read; the date of the file name or of the slug was used.
    DateInvalid,
    /// No date anywhere: the post cannot be placed and is not served.
    DateMissing,
    /// The bytes are not UTF-8; they were decoded as GB18030 or repaired.
    EncodingInvalid,
    /// `permalink:` names an unknown placeholder; the default style was used.
    PermalinkInvalid,
    /// Another post, listed earlier, has the same URL.
    UrlDuplicate,
    /// A dated twin of an undated `-ID.md` file exists and is served instead.
    TwinSuperseded,
    /// The URL belongs to a page of finews.
    PathReserved,
    /// The file or folder cannot be read.
    Unreadable,
    /// The file is too large for a post, or its body too long or too deep for its markup to be kept.
    TooLarge,
    /// The file is empty, or is still being written.
    HalfWritten,
    /// A page outside `_posts` that cannot be served.
    PageSkipped,
    /// A Liquid `include` was dropped from the body.
    IncludeDropped,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The serde name is the only spelling.
        self.serialize(f)
    }
}

/// How bad a problem is for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Repaired, superseded or shadowed: readers lose nothing.
    Warning,
    /// Content is lost to readers.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A problem before its file is known: what the parsers of one text report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The kind.
    pub code: Code,
    /// Whether readers lose something.
    pub severity: Severity,
    /// 1-based line of the file, where it is known.
    pub line: Option<u32>,
    /// One sentence, without a full stop.
    pub message: String,
}

impl Defect {
    /// Something that was repaired.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, line: None, message: message.into() }
    }

    /// Something that readers lose.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(code, message) }
    }

    /// The same at a line of the file, counted from 1.
    #[must_use]
    pub fn at(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }

    /// The same as a problem of a file.
    #[must_use]
    pub fn of(self, path: &str) -> Problem {
        let Self { code, severity, line, message } = self;
        Problem { path: path.into(), line, code, severity, message }
    }
}

/// What is wrong with one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file, relative to the site's folder.
    pub path: Box<str>,
    /// 1-based line, where it is known.
    pub line: Option<u32>,
    /// How bad it is.
    pub severity: Severity,
    /// The kind.
    pub code: Code,
    /// One sentence, without a full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    /// `path:line: severity[code]: message`, as compilers print theirs: always one line, whatever
    /// the names of files are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, severity, code, message } = self;
        let (path, message) = (visible(path), visible(message));
        match line {
            Some(line) => write!(f, "{path}:{line}: {severity}[{code}]: {message}"),
            None => write!(f, "{path}: {severity}[{code}]: {message}"),
        }
    }
}

/// How many problems there are of each kind.
pub fn count(problems: &[Problem]) -> BTreeMap<(Severity, Code), usize> {
    let mut counts = BTreeMap::new();
    for problem in problems {
        *counts.entry((problem.severity, problem.code)).or_default() += 1;
    }
    counts
}

/// A text without characters that would move a terminal's cursor.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_whatever_the_file_is_called() {
        let problem = Defect::error(Code::DateMissing, "no\tdate").at(3).of("a\nb: error[x]: c.md");
        assert_eq!(problem.to_string(), "a\\nb: error[x]: c.md:3: error[date-missing]: no\\tdate");
    }
}
