//! The only ways for a body, and for data, to be printed unescaped: templates escape everything else.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use askama::filters::HtmlSafe;

use super::images;
use super::site::Site;
use crate::archive::body::BodyHtml;
use crate::config::Images;

/// A cleaned body, as a template prints it.
#[derive(Debug, Clone, Copy)]
pub struct Html<'a> {
    body: &'a BodyHtml,
    below_title: bool,
    images: Images,
    /// Stands for an image without a text.
    image: &'a str,
}

impl<'a> Html<'a> {
    /// The body as it is.
    pub fn whole(body: &'a BodyHtml) -> Self {
        Self { body, below_title: false, images: Images::Show, image: "" }
    }

    /// The body below a title of ours, which is the page's one `h1`: the body's own become `h2`.
    pub fn below_title(body: &'a BodyHtml) -> Self {
        Self { below_title: true, ..Self::whole(body) }
    }

    /// With its images from elsewhere as the site's owner wants them.
    #[must_use]
    pub fn with_images_of(self, site: &'a Site) -> Self {
        Self { images: site.images, image: site.words.image, ..self }
    }

    /// Whether the body has a heading that can stand for the page's title.
    pub fn has_title(&self) -> bool {
        self.body.as_str().contains("<h1")
    }
}

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // A `<` in a text is escaped, so what is replaced is a tag, or harmless in an attribute's value:
        // without quotes it ends none.
        let mut html = Cow::Borrowed(self.body.as_str());
        if html.contains("<table") {
            // It scrolls in its box, which who has no mouse must be able to reach.
            html = html.replace("<table", "<table tabindex=0").into();
        }
        if self.below_title && self.has_title() {
            html = html.replace("<h1", "<h2").replace("</h1>", "</h2>").into();
        }
        images::write(&html, self.images, self.image, f)
    }
}

impl HtmlSafe for Html<'_> {}

/// Data for machines in a script element, which nothing in it can end.
#[derive(Debug)]
pub struct Data(String);

impl Data {
    /// JSON; what has a meaning in HTML is escaped as JSON does it.
    pub fn new(value: &serde_json::Value) -> Self {
        Self(value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"))
    }
}

impl Display for Data {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Data {}
