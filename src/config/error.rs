//! Errors in settings, with the place of the value and the allowed values.

use std::fmt;
use std::path::{Path, PathBuf};

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// A flag, as typed: `--listen`.
    Flag(String),
    /// An environment variable, by name.
    Environment(String),
    /// A key of the configuration file, with its 1-based line if known.
    File { path: PathBuf, line: Option<usize>, key: String },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Environment(name) => f.write_str(name),
            Self::File { path, line: Some(line), key } => write!(f, "{}:{line}: {key}", path.display()),
            Self::File { path, line: None, key } => write!(f, "{}: {key}", path.display()),
        }
    }
}

/// The reason why the configuration cannot be used: one sentence that names the place.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(super) fn value(origin: Origin, value: &str, allowed: &str) -> Self {
        Self(format!("{origin}: `{}` is invalid; expected {allowed}", shorten(value)))
    }

    pub(super) fn invalid(origin: &Origin, value: &str, reason: &str) -> Self {
        Self(format!("{origin}: `{}` is invalid: {reason}", shorten(value)))
    }

    pub(super) fn site(root: &Path, reason: impl fmt::Display) -> Self {
        Self(format!("cannot use the site folder {}: {reason}", root.display()))
    }

    pub(super) fn unreadable(path: &Path, line: Option<usize>, reason: impl fmt::Display) -> Self {
        match line {
            Some(line) => Self(format!("{}:{line}: {reason}", path.display())),
            None => Self(format!("{}: {reason}", path.display())),
        }
    }
}

/// Shortens a value for an error message.
fn shorten(value: &str) -> String {
    const MOST: usize = 80;
    match value.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", &value[..cut]),
        None => value.to_owned(),
    }
}
