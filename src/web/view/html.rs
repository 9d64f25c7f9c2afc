//! The only types that templates print unescaped: post bodies and JSON data.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use askama::filters::HtmlSafe;

use crate::archive::body::BodyHtml;
use crate::config::ImageMode;
use crate::web::view::images;

/// A sanitised body, as a template prints it.
#[derive(Debug, Clone, Copy)]
pub struct Html<'a> {
    body: &'a BodyHtml,
    below_title: bool,
    images: ImageMode,
    word: &'a str,
}

impl<'a> Html<'a> {
    /// The body with its headings unchanged. `images` is the operator's setting for external images, and
    /// `word` is the text for an image without an `alt` text.
    pub fn new(body: &'a BodyHtml, images: ImageMode, word: &'a str) -> Self {
        Self { body, below_title: false, images, word }
    }

    /// Places the body below a page's title, which is the page's only `h1`: the body's own become `h2`.
    #[must_use]
    pub fn below_title(self) -> Self {
        Self { below_title: true, ..self }
    }

    /// Returns whether the body has an `h1` that can serve as the page's title.
    pub fn has_title(&self) -> bool {
        self.body.as_str().contains("<h1")
    }
}

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A `<` in text is escaped, so a replacement affects a tag or an attribute's value. In a value it is
        // harmless, since it adds no quotes.
        let mut html = Cow::Borrowed(self.body.as_str());
        if html.contains("<table") {
            // A wide table scrolls in its box; a reader without a mouse must be able to focus it.
            html = html.replace("<table", "<table tabindex=0").into();
        }
        if self.below_title && self.has_title() {
            html = html.replace("<h1", "<h2").replace("</h1>", "</h2>").into();
        }
        images::write(&html, self.images, self.word, f)
    }
}

impl HtmlSafe for Html<'_> {}

/// Data for programs in a script element. The data cannot end the element.
#[derive(Debug)]
pub struct JsonData(String);

impl JsonData {
    /// Writes JSON. Characters that have a meaning in HTML are escaped in JSON's own syntax.
    pub fn new(value: &serde_json::Value) -> Self {
        Self(value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
    }
}

impl Display for JsonData {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for JsonData {}
