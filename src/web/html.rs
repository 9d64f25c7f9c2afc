//! The only way for a body to be printed unescaped: templates escape everything else.

use std::fmt::{self, Display, Formatter};

use askama::filters::HtmlSafe;

use crate::archive::body::BodyHtml;

/// A cleaned body, as a template prints it.
#[derive(Debug, Clone, Copy)]
pub struct Html<'a>(pub &'a BodyHtml);

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl HtmlSafe for Html<'_> {}
