//! The results as a Markdown file: sections with tables, the targets, and the notes.

use std::collections::BTreeMap;

use crate::{Cli, machine, targets};

/// The results measured so far.
#[derive(Debug)]
pub(crate) struct Report {
    command: String,
    is_quick: bool,
    sections: Vec<Section>,
    /// Figures for the targets, by name.
    figures: BTreeMap<String, f64>,
    absent: Vec<String>,
}

/// A table with a title and an explanation.
#[derive(Debug)]
pub(crate) struct Section {
    title: String,
    text: String,
    rows: Vec<Vec<String>>,
}

impl Section {
    /// Creates a section; `text` explains how to read its table.
    pub(crate) fn new(title: &str, text: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { title: title.to_owned(), text: text.to_owned(), rows: vec![columns] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Appends a sentence to the explanation.
    pub(crate) fn note(&mut self, sentence: &str) {
        self.text.push(' ');
        self.text.push_str(sentence);
    }
}

impl Report {
    pub(crate) fn new(cli: &Cli) -> Self {
        let posts: Vec<_> = cli.posts.iter().map(ToString::to_string).collect();
        let quick = if cli.quick { " --quick" } else { "" };
        let parts = match cli.parts.join(",") {
            parts if parts.is_empty() => parts,
            parts => format!(" --parts '{parts}'"),
        };
        Self {
            command: format!(
                "cargo bench --bench peers -- --posts {} --runs {} --rounds {} --seconds {}{quick}{parts}",
                posts.join(","),
                cli.runs,
                cli.rounds,
                cli.seconds
            ),
            is_quick: cli.quick,
            sections: Vec::new(),
            figures: BTreeMap::new(),
            absent: Vec::new(),
        }
    }

    /// Adds a section, unless its table has no rows.
    pub(crate) fn add(&mut self, section: Section) {
        if section.rows.len() > 1 {
            self.sections.push(section);
        }
    }

    /// Stores a figure for the targets.
    pub(crate) fn figure(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), value);
    }

    /// Records that a measurement is missing, and why.
    pub(crate) fn absent(&mut self, what: &str, why: &str) {
        self.absent.push(format!("- {what}: {why}"));
    }

    /// Records that a part ended early.
    pub(crate) fn failed(&mut self, part: &str, error: &str) {
        self.absent(&format!("{part} (in part)"), &error.replace('\n', " "));
    }

    /// Renders the whole file.
    pub(crate) fn text(&self, notes: Option<&str>) -> String {
        let mut out = format!("# Results\n\nWritten by `{}`; the archives are made up.\n", self.command);
        if self.is_quick {
            out.push_str("\n**A quick run, to see whether everything works: the figures mean nothing.**\n");
        }
        out.push_str("\n## Targets\n\n");
        out.push_str(&table(&targets::rows(&self.figures)));
        for section in &self.sections {
            out.push_str(&format!("\n## {}\n\n{}\n\n{}", section.title, section.text, table(&section.rows)));
        }
        if !self.absent.is_empty() {
            out.push_str(&format!("\n## Not measured\n\n{}\n", self.absent.join("\n")));
        }
        out.push_str(&format!("\n## Machine and programs\n\n{}", table(&machine::rows())));
        if let Some(notes) = notes {
            out.push_str(&format!("\n## Notes\n\n{}\n", notes.trim()));
        }
        out
    }
}

/// Renders a Markdown table. The first row is the head; all columns but the first are right-aligned.
fn table(rows: &[Vec<String>]) -> String {
    let Some(head) = rows.first() else { return String::new() };
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule: Vec<_> =
        head.iter().enumerate().map(|(index, _)| if index == 0 { "---" } else { "---:" }).collect();
    let mut out = line(head);
    out.push_str(&format!("|{}|\n", rule.join("|")));
    out.extend(rows[1..].iter().map(|row| line(row)));
    out
}
