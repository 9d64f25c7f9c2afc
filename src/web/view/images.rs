//! External images of bodies, as the operator configures them: shown, loaded on a click, or removed.

use std::fmt::{self, Write};

use crate::config::ImageMode;

/// Writes a body with its external images as configured. `word` stands for an image without an `alt` text.
pub fn write(body: &str, images: ImageMode, word: &str, out: &mut impl Write) -> fmt::Result {
    if images == ImageMode::Show || !body.contains("<img ") {
        return out.write_str(body);
    }
    let mut rest = body;
    let mut is_in_link = false;
    while let Some(start) = rest.find('<') {
        let length = tag_length(&rest[start..]);
        let (before, tag) = (&rest[..start], &rest[start..start + length]);
        out.write_str(before)?;
        rest = &rest[start + length..];
        match tag {
            "</a>" => is_in_link = false,
            _ if tag.starts_with("<a ") => is_in_link = true,
            _ => {}
        }
        match Image::parse(tag).filter(Image::is_external) {
            // Links cannot be nested.
            Some(image) if images == ImageMode::Click && !is_in_link => image.write_link(word, out)?,
            Some(image) => image.write_text(word, out)?,
            None => out.write_str(tag)?,
        }
    }
    out.write_str(rest)
}

/// Returns the length in bytes of the tag at the beginning of a text. A `>` within quotes does not end it.
pub(crate) fn tag_length(html: &str) -> usize {
    let mut is_quoted = false;
    for (at, byte) in html.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return at + 1,
            _ => {}
        }
    }
    html.len()
}

/// An image, with its attributes still escaped.
struct Image<'h> {
    src: &'h str,
    alt: &'h str,
}

impl<'h> Image<'h> {
    fn parse(tag: &'h str) -> Option<Self> {
        let attributes = tag.strip_prefix("<img ")?;
        // The sanitiser wrote the attributes: each in double quotes, in an unspecified order.
        let value = |name: &str| {
            let mut rest = attributes;
            loop {
                let (key, after) = rest.split_once("=\"")?;
                let (value, after) = after.split_once('"')?;
                if key.trim() == name {
                    return Some(value);
                }
                rest = after;
            }
        };
        Some(Self { src: value("src")?, alt: value("alt").unwrap_or_default() })
    }

    fn is_external(&self) -> bool {
        self.src.starts_with("https:") || self.src.starts_with("http:") || self.src.starts_with("//")
    }

    fn label<'l>(&'l self, word: &'l str) -> &'l str {
        if self.alt.trim().is_empty() { word } else { self.alt }
    }

    fn write_link(&self, word: &str, out: &mut impl Write) -> fmt::Result {
        let (src, alt, label) = (self.src, self.alt, self.label(word));
        write!(out, "<a class=\"image-link\" href=\"{src}\" data-alt=\"{alt}\" ")?;
        write!(out, "rel=\"noopener nofollow ugc noreferrer\">{label}</a>")
    }

    fn write_text(&self, word: &str, out: &mut impl Write) -> fmt::Result {
        write!(out, "<span class=\"image-gone\">{}</span>", self.label(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_images_follow_the_images_setting() {
        let body = "<p><img src=\"https://x.example/a.png?b&amp;c\" alt=\"甲 &gt; 乙\" loading=\"lazy\">文\
                    <a href=\"https://x.example/\"><img alt=\"\" src=\"https://x.example/b.png\"></a>\
                    <img src=\"/images/c.png\" alt=\"\"></p>";
        let written = |images| {
            let mut out = String::new();
            write(body, images, "图片", &mut out).expect("a text");
            out
        };
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
}
