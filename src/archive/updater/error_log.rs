//! Log lines about files with new errors. A broken scraper may write such files all the time, so the lines are limited.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::archive::problem::{Code, FileProblems, Problem, Severity};
use crate::archive::snapshot::Snapshot;

/// Minimum time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// The files with new errors that no line has reported yet.
#[derive(Debug, Default)]
pub(super) struct ErrorLog {
    /// The first error of each file.
    waiting: BTreeMap<Box<str>, Problem>,
    last_line: Option<Instant>,
}

impl ErrorLog {
    /// Records the new problems of files whose old ones are in `before`.
    pub(super) fn record_files(&mut self, files: &[FileProblems], before: &Snapshot) {
        for (path, found) in files {
            match found.iter().find(|problem| is_error(problem)) {
                Some(error) if !before.problems_of(path).iter().any(is_error) => self.record(error.clone()),
                Some(_) => {}
                None => {
                    self.waiting.remove(&**path);
                }
            }
        }
    }

    /// Records a new error.
    pub(super) fn record(&mut self, error: Problem) {
        self.waiting.entry(error.path.clone()).or_insert(error);
    }

    /// The time until the next line is due; `None` if no file waits.
    pub(super) fn wait(&self) -> Option<Duration> {
        (!self.waiting.is_empty()).then(|| self.last_line.map_or(Duration::ZERO, remaining))
    }

    /// Writes a line about the waiting files if it is due.
    pub(super) fn write(&mut self) {
        if self.wait() != Some(Duration::ZERO) {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        if let Some(first) = waiting.values().next() {
            let (files, code) = (waiting.len(), first.code);
            tracing::warn!(files, %code, "{}; run finews check", sentence(&waiting, first));
        }
        self.last_line = Some(Instant::now());
    }
}

fn remaining(last_line: Instant) -> Duration {
    INTERVAL.saturating_sub(last_line.elapsed())
}

fn is_error(problem: &Problem) -> bool {
    problem.severity == Severity::Error
}

fn sentence(waiting: &BTreeMap<Box<str>, Problem>, first: &Problem) -> String {
    let line = first.to_line();
    // A post that is too large keeps its text.
    let is_partial = waiting.values().any(|error| error.code == Code::TooLarge);
    let served = if is_partial { "served in full" } else { "served" };
    match waiting.len() {
        1 => format!("1 file has an error and is not {served}: {line}"),
        files => format!("{files} files have errors and are not {served}, such as {line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::problem::Defect;

    fn error(path: &str) -> Problem {
        Defect::error(Code::DateInvalid, "no date").at_line(2).in_file(path)
    }

    #[test]
    fn second_line_waits_and_counts_each_file_once() {
        let mut log = ErrorLog::default();
        assert_eq!(log.wait(), None);
        log.record(error("b.md"));
        assert_eq!(log.wait(), Some(Duration::ZERO));
        log.write();
        assert!(log.waiting.is_empty());
        for path in ["c.md", "b.md", "b.md"] {
            log.record(error(path));
        }
        log.write();
        assert_eq!(log.waiting.len(), 2);
        assert!(log.wait().is_some_and(|wait| wait > Duration::ZERO && wait <= INTERVAL));
        log.last_line = log.last_line.and_then(|last| last.checked_sub(INTERVAL));
        log.write();
        assert!(log.waiting.is_empty());
    }

    #[test]
    fn sentence_names_count_and_place() {
        let mut log = ErrorLog::default();
        let text = |log: &ErrorLog| sentence(&log.waiting, log.waiting.values().next().expect("an error"));
        log.record(error("_posts/-a.md"));
        assert_eq!(text(&log), "1 file has an error and is not served: _posts/-a.md:2: no date");
        log.record(error("_posts/-b.md"));
        assert_eq!(text(&log), "2 files have errors and are not served, such as _posts/-a.md:2: no date");
        log.record(Defect::error(Code::TooLarge, "too large").in_file("_posts/-0.md"));
        assert_eq!(
            text(&log),
            "3 files have errors and are not served in full, such as _posts/-0.md: too large"
        );
    }
}
