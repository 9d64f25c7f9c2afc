//! The only way for a body to be printed unescaped: templates escape everything else.

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
        let html = with_focusable_tables(self.body.as_str());
        let html = &*html;
        if !self.below_title || !self.has_title() {
            return images::write(html, self.images, self.image, f);
        }
        // A `<` in a text is escaped, so this is a tag, or harmless in an attribute's value.
        let html = html.replace("<h1", "<h2").replace("</h1>", "</h2>");
        images::write(&html, self.images, self.image, f)
    }
}

/// Tables scroll in their box, which who has no mouse must be able to reach.
fn with_focusable_tables(html: &str) -> Cow<'_, str> {
    if !html.contains("<table") {
        return html.into();
    }
    // Without quotes, so that it is harmless in an attribute's value too.
    html.replace("<table", "<table tabindex=0").into()
}

impl HtmlSafe for Html<'_> {}
