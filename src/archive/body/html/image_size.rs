//! The size of an image in the name of its file: `…_w506h907.jpg`, or `…-300x200.jpg` as WordPress names its scaled
//! images. With both attributes, browsers reserve the space of an image before it is loaded.

/// Completes a width and a height by the size in the name of an image's file. A size that is given stays.
pub(crate) fn complete([width, height]: [Option<String>; 2], src: &str) -> [Option<String>; 2] {
    let Some((full_width, full_height)) = in_name(src) else { return [width, height] };
    let scaled = |known: &str, from: u64, to: u64| {
        let known: u64 = known.parse().ok()?;
        let size = (known * to + from / 2) / from;
        (size > 0).then(|| size.to_string())
    };
    match (width, height) {
        (None, None) => [Some(full_width.to_string()), Some(full_height.to_string())],
        (Some(width), None) => {
            let height = scaled(&width, full_width, full_height);
            [Some(width), height]
        }
        (None, Some(height)) => {
            let width = scaled(&height, full_height, full_width);
            [width, Some(height)]
        }
        given => given.into(),
    }
}

/// The width and height in the name of a file.
fn in_name(src: &str) -> Option<(u64, u64)> {
    let path = src.split(['?', '#']).next()?;
    let name = path.rsplit('/').next()?;
    lettered(name).or_else(|| before_extension(name))
}

/// The size in a name such as `a_w506h907_o.jpg`.
fn lettered(name: &str) -> Option<(u64, u64)> {
    let (_, size) = name.rsplit_once("_w")?;
    let (width, rest) = size.split_once('h')?;
    let height = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    Some((number(width).filter(|width| *width > 0)?, number(height).filter(|height| *height > 0)?))
}

/// The size in a name such as `a-300x200.jpg`, `a_300x200.jpg` or `a-300x200@2x.jpg`. Other numbers, such as those of
/// `model-3x4.jpg`, are no sizes.
fn before_extension(name: &str) -> Option<(u64, u64)> {
    let (stem, _) = name.rsplit_once('.')?;
    let stem = stem.strip_suffix("@2x").or_else(|| stem.strip_suffix("@3x")).unwrap_or(stem);
    let (_, size) = stem.rsplit_once(['-', '_'])?;
    let (width, height) = size.split_once('x')?;
    let pixels = |digits: &str| number(digits).filter(|pixels| (16..=10_000).contains(pixels));
    Some((pixels(width)?, pixels(height)?))
}

fn number(digits: &str) -> Option<u64> {
    let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_sizes_follow_from_the_file_name() {
        let src = "https://a.example/D1_w506h907.jpg?x=1_w1h1";
        for (src, given, expected) in [
            (src, [None, None], [Some("506"), Some("907")]),
            (src, [Some("253"), None], [Some("253"), Some("454")]),
            (src, [None, Some("1814")], [Some("1012"), Some("1814")]),
            (src, [Some("1"), Some("2")], [Some("1"), Some("2")]),
            ("/images/D1_w1080h716_o.png", [None, None], [Some("1080"), Some("716")]),
            ("/images/D1_w0h716.png", [None, None], [None, None]),
            ("/images/D1_w506h.png", [None, None], [None, None]),
            ("/images/D1_w506hx907.png", [Some("9"), None], [Some("9"), None]),
            ("/images_w5h6/D1.png", [None, None], [None, None]),
            ("/uploads/2015/03/photo-300x200.jpg", [None, None], [Some("300"), Some("200")]),
            ("/a/photo-1-1024x768.jpeg?w=5", [Some("512"), None], [Some("512"), Some("384")]),
            ("/a/photo_506x907.png", [None, None], [Some("506"), Some("907")]),
            ("/a/photo-300x200@2x.jpg", [None, None], [Some("300"), Some("200")]),
            ("/a/photo-10000x16.webp", [None, None], [Some("10000"), Some("16")]),
            ("/a/photo-10001x200.jpg", [None, None], [None, None]),
            ("/a/model-3x4.jpg", [None, None], [None, None]),
            ("/a/photo-300x200-1.jpg", [None, None], [None, None]),
            ("/a/photo-300x200", [None, None], [None, None]),
            ("/a/photo-300x.jpg", [None, None], [None, None]),
            ("/a/0x300x200.jpg", [None, None], [None, None]),
            ("/photo-300x200/a.jpg", [None, None], [None, None]),
        ] {
            let sizes = complete(given.map(|size: Option<&str>| size.map(str::to_owned)), src);
            assert_eq!(sizes.each_ref().map(Option::as_deref), expected, "{src} {given:?}");
        }
    }
}
