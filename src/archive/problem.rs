//! Problems of a site's files, as data. The loader collects problems and `finews check` prints them; no
//! content of a file prevents the start.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The kinds of problem; output uses their names in kebab case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The front matter is not valid YAML, or not a mapping; it was read line by line.
    FrontMatterInvalid,
    /// A date of the front matter cannot be read. For `date:`, the date of the file name or of the slug is used; a post
    /// without either is not served.
    DateInvalid,
    /// No source gives a date: the post cannot be placed and is not served.
    DateMissing,
    /// The bytes are not UTF-8; they were decoded as UTF-16, UTF-32 or GB18030, or repaired.
    EncodingInvalid,
    /// `permalink:` has an unknown placeholder or is a URL of another host; the site's style was used. Or another
    /// address in the front matter is invalid, and was ignored.
    PermalinkInvalid,
    /// A post listed earlier has the same URL.
    UrlDuplicate,
    /// A dated twin of an undated `-ID.md` file exists and is served instead, or a file with the same name and other content
    /// in another folder takes precedence.
    TwinSuperseded,
    /// The URL belongs to a page of finews.
    PathReserved,
    /// The file or folder cannot be read.
    Unreadable,
    /// The file is too large for a post, or its body is too long or too deeply nested to keep its markup.
    TooLarge,
    /// The file is empty or still being written.
    HalfWritten,
    /// A temporary, backup or compressed file that Jekyll would publish was left among the posts.
    TemporaryFile,
    /// A page outside `_posts` that cannot be served, or whose title alone is served.
    PageSkipped,
    /// A file that Jekyll would publish and finews does not.
    FileSkipped,
    /// A Liquid `include` was dropped from the body.
    IncludeDropped,
    /// Liquid that only Jekyll can resolve stays in the body of a post as written, or is left out of a page; or a tag
    /// names a post or file that is not served.
    LiquidUnresolved,
    /// Embedded content, or the control of a form, was dropped from the body.
    EmbedDropped,
    /// A data file cannot be read, so its variables are missing.
    DataInvalid,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The serde name is the only spelling of a code.
        self.serialize(f)
    }
}

/// The effect of a problem on readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The content is repaired, superseded or shadowed, or served without an element that finews cannot show.
    Warning,
    /// Readers lose a file or the markup of its body.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A problem before its file is known, as reported by the parsers of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The kind of problem.
    pub code: Code,
    /// The effect on readers.
    pub severity: Severity,
    /// 1-based line of the file, if known.
    pub line: Option<u32>,
    /// One sentence, without a full stop.
    pub message: String,
}

impl Defect {
    /// Creates a warning: readers get the content.
    pub(crate) fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, line: None, message: message.into() }
    }

    /// Creates an error: readers lose content.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, ..Self::warning(code, message) }
    }

    /// Sets the line of the file, counted from 1.
    #[must_use]
    pub(crate) fn at_line(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }

    /// Assigns the defect to a file, given by its path relative to the site's folder.
    #[must_use]
    pub(crate) fn in_file(self, path: &str) -> Problem {
        let Self { code, severity, line, message } = self;
        Problem { path: path.into(), line, code, severity, message }
    }
}

/// A problem of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file's path relative to the site's folder.
    pub path: Box<str>,
    /// 1-based line of the file, if known.
    pub line: Option<u32>,
    /// The effect on readers.
    pub severity: Severity,
    /// The kind of problem.
    pub code: Code,
    /// One sentence, without a full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    /// Writes `path:line: severity[code]: message`, the format of compilers. The output is always one
    /// line, whatever the file names contain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, severity, code, message } = self;
        let (path, message) = (visible(path), visible(message));
        match line {
            Some(line) => write!(f, "{path}:{line}: {severity}[{code}]: {message}"),
            None => write!(f, "{path}: {severity}[{code}]: {message}"),
        }
    }
}

impl Problem {
    /// Returns `path:line: message` on one line, for the log.
    pub(crate) fn to_line(&self) -> String {
        let (path, message) = (visible(&self.path), visible(&self.message));
        match self.line {
            Some(line) => format!("{path}:{line}: {message}"),
            None => format!("{path}: {message}"),
        }
    }
}

/// The problems of one file, with its path.
pub(super) type FileProblems = (Arc<str>, Vec<Problem>);

/// Assigns defects to their file. An empty list clears the earlier problems of the file.
pub(super) fn problems_of_file(path: &str, defects: Vec<Defect>) -> FileProblems {
    (path.into(), defects.into_iter().map(|defect| defect.in_file(path)).collect())
}

/// Pairs each problem of an unreadable file or folder with its path.
pub(super) fn problems_by_path(problems: Vec<Problem>) -> Vec<FileProblems> {
    problems.into_iter().map(|problem| (Arc::from(&*problem.path), vec![problem])).collect()
}

/// Counts the problems of each severity and kind.
pub fn count(problems: &[Problem]) -> BTreeMap<(Severity, Code), usize> {
    let mut counts = BTreeMap::new();
    for problem in problems {
        *counts.entry((problem.severity, problem.code)).or_default() += 1;
    }
    counts
}

/// Escapes control characters, which could move a terminal's cursor.
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
    fn problem_text_is_one_line_for_any_file_name() {
        let problem = Defect::error(Code::DateMissing, "no\tdate").at_line(3).in_file("a\nb: error[x]: c.md");
        assert_eq!(problem.to_string(), "a\\nb: error[x]: c.md:3: error[date-missing]: no\\tdate");
        assert_eq!(problem.to_line(), "a\\nb: error[x]: c.md:3: no\\tdate");
        assert_eq!(Problem { line: None, ..problem }.to_line(), "a\\nb: error[x]: c.md: no\\tdate");
    }
}
