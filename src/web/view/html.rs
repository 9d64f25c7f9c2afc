//! The only types that templates print unescaped: post bodies and JSON data.

use std::fmt::{self, Display, Formatter};

use askama::filters::HtmlSafe;

use crate::archive::body::{BodyHtml, HtmlPiece, HtmlTag};
use crate::config::{ImageMode, names_host};

/// A sanitised body, as a template prints it.
#[derive(Debug, Clone, Copy)]
pub struct Html<'a> {
    body: &'a BodyHtml,
    below_title: bool,
    links_images: bool,
    images: ImageMode,
    word: &'a str,
}

impl<'a> Html<'a> {
    /// The body with its headings unchanged. `images` is the operator's setting for external images, and
    /// `word` is the text for an image without an `alt` text.
    pub fn new(body: &'a BodyHtml, images: ImageMode, word: &'a str) -> Self {
        Self { body, below_title: false, links_images: false, images, word }
    }

    /// Places the body below a page's title, which is the page's only `h1`: the body's own become `h2`.
    #[must_use]
    pub(crate) fn below_title(self) -> Self {
        Self { below_title: true, ..self }
    }

    /// Links each image that is not in a link to its file, where readers see it in its full size.
    #[must_use]
    pub(crate) fn with_image_links(self) -> Self {
        Self { links_images: true, ..self }
    }

    /// Returns whether the body has an `h1` that can serve as the page's title.
    pub(crate) fn has_title(&self) -> bool {
        self.body.as_str().contains("<h1")
    }
}

impl Html<'_> {
    fn write_tag(&self, tag: HtmlTag<'_>, is_in_link: bool, f: &mut Formatter<'_>) -> fmt::Result {
        match tag.name {
            // A wide table scrolls in its box; a reader without a mouse must be able to focus it.
            "table" => f.write_str(&tag.html.replacen("<table", "<table tabindex=0", 1)),
            "h1" if self.below_title => f.write_str(&tag.html.replacen("h1", "h2", 1)),
            "img" => self.write_image(tag, is_in_link, f),
            "video" if self.images != ImageMode::Show => write_video(tag, f),
            _ => f.write_str(tag.html),
        }
    }

    /// Writes an image. If pages do not load external images, a link to it, or a text, replaces it.
    fn write_image(&self, tag: HtmlTag<'_>, is_in_link: bool, f: &mut Formatter<'_>) -> fmt::Result {
        let src = tag.get("src").unwrap_or_default();
        let is_external = names_host(src);
        let alt = tag.get("alt").unwrap_or_default();
        let label = if alt.trim().is_empty() { self.word } else { alt };
        if self.images == ImageMode::Show || !is_external {
            // Links cannot be nested.
            if !self.links_images || is_in_link || is_icon(tag) {
                return f.write_str(tag.html);
            }
            let rel = if is_external { " rel=\"noopener nofollow ugc noreferrer\"" } else { "" };
            return write!(
                f,
                "<a class=\"full-image\" href=\"{src}\"{rel} aria-label=\"{label}\">{}</a>",
                tag.html
            );
        }
        if self.images == ImageMode::Click && !is_in_link {
            write!(f, "<a class=\"image-link\" href=\"{src}\" data-alt=\"{alt}\" ")?;
            write!(f, "rel=\"noopener nofollow ugc noreferrer\">{label}</a>")
        } else {
            write!(f, "<span class=\"image-gone\">{label}</span>")
        }
    }
}

/// Returns whether an image is too small to be worth a link, such as the picture of a smile.
fn is_icon(tag: HtmlTag<'_>) -> bool {
    tag.get("width").and_then(|width| width.parse::<u32>().ok()).is_some_and(|width| width < 100)
}

/// Writes the tag of a player without a preview image on another host.
fn write_video(tag: HtmlTag<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    if tag.closes || !tag.get("poster").is_some_and(names_host) {
        return f.write_str(tag.html);
    }
    f.write_str("<video")?;
    for (name, value) in tag.attributes().filter(|(name, _)| *name != "poster") {
        write!(f, " {name}=\"{value}\"")?;
    }
    f.write_str(">")
}

impl Display for Html<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut is_in_link = false;
        for piece in self.body.pieces() {
            match piece {
                HtmlPiece::Text(text) => f.write_str(text)?,
                HtmlPiece::Tag(tag) => {
                    if tag.name == "a" {
                        is_in_link = !tag.closes;
                    }
                    self.write_tag(tag, is_in_link, f)?;
                }
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_images_follow_the_images_setting() {
        let body = "<p><img src=\"https://x.example/a.png?b&amp;c\" alt=\"甲 &gt; 乙\" loading=\"lazy\">文\
                    <a href=\"https://x.example/\"><img alt=\"\" src=\"https://x.example/b.png\"></a>\
                    <img src=\"/images/c.png\" alt=\"\"></p>";
        let clean = BodyHtml::from_stored(body.to_owned());
        let written = |images| Html::new(&clean, images, "图片").to_string();
        assert_eq!(written(ImageMode::Show), body);
        assert_eq!(
            written(ImageMode::Click),
            "<p><a class=\"image-link\" href=\"https://x.example/a.png?b&amp;c\" data-alt=\"甲 &gt; 乙\" \
             rel=\"noopener nofollow ugc noreferrer\">甲 &gt; 乙</a>文\
             <a href=\"https://x.example/\"><span class=\"image-gone\">图片</span></a>\
             <img src=\"/images/c.png\" alt=\"\"></p>"
        );
        assert_eq!(
            written(ImageMode::Off),
            "<p><span class=\"image-gone\">甲 &gt; 乙</span>文\
             <a href=\"https://x.example/\"><span class=\"image-gone\">图片</span></a>\
             <img src=\"/images/c.png\" alt=\"\"></p>"
        );
    }

    #[test]
    fn external_posters_follow_the_images_setting() {
        let external = "<video controls=\"\" preload=\"none\" src=\"https://x.example/a.mp4\" \
                        poster=\"https://x.example/a.png\" width=\"9\"></video>";
        let local = "<video controls=\"\" preload=\"none\" src=\"/a.mp4\" poster=\"/a.png\"></video>";
        let clean = BodyHtml::from_stored(format!("{external}{local}"));
        let written = |images| Html::new(&clean, images, "图片").to_string();
        assert_eq!(written(ImageMode::Show), format!("{external}{local}"));
        let without = external.replace(" poster=\"https://x.example/a.png\"", "");
        for images in [ImageMode::Click, ImageMode::Off] {
            assert_eq!(written(images), format!("{without}{local}"));
        }
    }

    #[test]
    fn images_outside_links_open_in_full_size() {
        let body = "<p><img src=\"https://x.example/a.png?b&amp;c\" alt=\"甲\"><img src=\"/b.png\" alt=\"\">\
                    <a href=\"/x\"><img src=\"/c.png\" alt=\"\"></a><img src=\"/d.png\" alt=\"\" width=\"16\"></p>";
        let clean = BodyHtml::from_stored(body.to_owned());
        let html = Html::new(&clean, ImageMode::Show, "图片").with_image_links().to_string();
        assert_eq!(
            html,
            "<p><a class=\"full-image\" href=\"https://x.example/a.png?b&amp;c\" \
             rel=\"noopener nofollow ugc noreferrer\" aria-label=\"甲\">\
             <img src=\"https://x.example/a.png?b&amp;c\" alt=\"甲\"></a>\
             <a class=\"full-image\" href=\"/b.png\" aria-label=\"图片\"><img src=\"/b.png\" alt=\"\"></a>\
             <a href=\"/x\"><img src=\"/c.png\" alt=\"\"></a><img src=\"/d.png\" alt=\"\" width=\"16\"></p>"
        );
    }
}
