//! The results as a Markdown file: sections of tables, the targets, and what stands in the way.

use std::collections::BTreeMap;

use crate::{Cli, machine, targets};

/// What has been measured so far.
#[derive(Debug)]
pub(crate) struct Report {
    command: String,
    is_quick: bool,
    sections: Vec<Section>,
    /// Figures that targets are about, by name.
    figures: BTreeMap<String, f64>,
    absent: Vec<String>,
}

/// A table with a title.
#[derive(Debug)]
pub(crate) struct Section {
    title: String,
    text: String,
    rows: Vec<Vec<String>>,
}

impl Section {
    /// A section whose table has these columns, and what is to be known to read it.
    pub(crate) fn new(title: &str, text: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { title: title.to_owned(), text: text.to_owned(), rows: vec![columns] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a sentence to the text.
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

    /// Adds a section; one without rows is left out.
    pub(crate) fn add(&mut self, section: Section) {
        if section.rows.len() > 1 {
            self.sections.push(section);
        }
    }

    /// Remembers a figure for the targets.
    pub(crate) fn figure(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), value);
    }

    /// Says that something was not measured, and why.
    pub(crate) fn absent(&mut self, what: &str, why: &str) {
        self.absent.push(format!("- {what}: {why}"));
    }

    /// Says that a part ended early.
    pub(crate) fn failed(&mut self, part: &str, error: &str) {
        self.absent(&format!("{part} (in part)"), &error.replace('\n', " "));
    }

    /// The whole file.
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
            out.push_str(&format!("\n## What stands in the way\n\n{}\n", notes.trim()));
        }
        out
    }
}

/// A Markdown table; the first row is its head. Columns of figures stand to the right.
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
