//! The size of an image in the name of its file: `…_w506h907.jpg`. With both attributes, browsers reserve the
//! space of an image before it is loaded.

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
    let (_, size) = path.rsplit('/').next()?.rsplit_once("_w")?;
    let (width, rest) = size.split_once('h')?;
    let height = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    let number = |digits: &str| {
        let is_number = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten().filter(|number| *number > 0)
    };
    Some((number(width)?, number(height)?))
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
        ] {
            let sizes = complete(given.map(|size: Option<&str>| size.map(str::to_owned)), src);
            assert_eq!(sizes.each_ref().map(Option::as_deref), expected, "{src} {given:?}");
        }
    }
}
