//! The length of each piece of markup, by the rules of HTML's tokenizer. Used by the tokenizer and by the
//! search for markup that never ends.

/// Reads the tag at the start of a text and passes each attribute to `attribute`: the name, and the value
/// as written, with its quotes. Returns the tag's length, or `None` if it never ends.
pub(crate) fn tag<'h>(text: &'h str, mut attribute: impl FnMut(&'h str, &'h str)) -> Option<usize> {
    let bytes = text.as_bytes();
    let find = |from: usize, is: fn(u8) -> bool| Some(from + bytes[from..].iter().position(|b| is(*b))?);
    let mut i = find(2, ends_name)?;
    loop {
        i = find(i, |b| !is_space(b) && b != b'/')?;
        if bytes[i] == b'>' {
            return Some(i + 1);
        }
        let start = i;
        // The first byte of an attribute's name may be `=`.
        i = find(i + 1, |b| ends_name(b) || b == b'=')?;
        let name = &text[start..i];
        let equals = find(i, |b| !is_space(b))?;
        if bytes[equals] != b'=' {
            attribute(name, "");
            continue;
        }
        let start = find(equals + 1, |b| !is_space(b))?;
        i = match bytes[start] {
            quote @ (b'"' | b'\'') => start + 2 + bytes[start + 1..].iter().position(|b| *b == quote)?,
            _ => find(start, |b| is_space(b) || b == b'>')?,
        };
        attribute(name, &text[start..i]);
    }
}

/// The name of the tag at the start of a text, after `from` bytes of `<` or `</`.
pub(crate) fn name(text: &str, from: usize) -> &str {
    let len = text.bytes().skip(from).take_while(|b| !ends_name(*b)).count();
    &text[from..from + len]
}

/// The length of the comment at the start of a text.
pub(crate) fn comment(text: &str) -> Option<usize> {
    // The search starts at 2, since `<!-->` is a comment.
    (2..text.len()).find_map(|at| match &text.as_bytes()[at..] {
        [b'-', b'-', b'>', ..] => Some(at + 3),
        [b'-', b'-', b'!', b'>', ..] if at >= 4 => Some(at + 4),
        _ => None,
    })
}

/// The length of markup that ends with the next `>`: `<!doctype>`, `<?x>`, `</ x>`.
pub(crate) fn declaration(text: &str) -> Option<usize> {
    text.find('>').map(|at| at + 1)
}

/// The length of an element's raw content, up to its end tag.
pub(crate) fn raw_content(text: &str, name: &str) -> Option<usize> {
    let is_script = name == "script";
    let (mut in_comment, mut in_inner, mut at) = (false, false, 0);
    loop {
        at += text[at..].find(|c| c == '<' || (in_comment && c == '-'))?;
        let rest = &text[at..];
        if rest.strip_prefix("</").is_some_and(|rest| is_named(rest, name)) {
            if !in_inner {
                return Some(at);
            }
            in_inner = false;
        } else if is_script && !in_comment && rest.starts_with("<!--") {
            in_comment = true;
            // The dashes of `<!--` may also be those of `-->`.
            at += 1;
        } else if in_comment && rest.starts_with("-->") {
            (in_comment, in_inner) = (false, false);
        } else if in_comment && rest.strip_prefix('<').is_some_and(|rest| is_named(rest, name)) {
            // A `<script>` in the comment of a script consumes the next end tag.
            in_inner = true;
        }
        at += 1;
    }
}

fn is_named(rest: &str, name: &str) -> bool {
    let bytes = rest.as_bytes();
    bytes.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && bytes.get(name.len()).is_some_and(|b| ends_name(*b))
}

fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}
