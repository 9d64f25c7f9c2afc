//! The lines of a page's text that lose unresolved Liquid.

/// The form of a text, which decides what is left of a line with unresolved Liquid.
#[derive(Clone, Copy)]
pub(crate) enum TextForm {
    /// Markdown or HTML. A line whose only content is unresolved Liquid becomes empty.
    Markup,
    /// Lines that stand alone, as in `robots.txt`. One with unresolved Liquid is left out.
    Plain,
}

/// Leaves out the lines that hold a position of `cuts`, by the rule of their form.
pub(crate) fn without_cut(text: &str, cuts: &[usize], form: TextForm) -> String {
    let mut out = String::with_capacity(text.len());
    let mut cuts = cuts.iter().copied().peekable();
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        let is_last = !line.ends_with('\n');
        let mut is_cut = false;
        while cuts.next_if(|cut| *cut < end || is_last).is_some() {
            is_cut = true;
        }
        match form {
            _ if !is_cut => out.push_str(line),
            TextForm::Markup if shows_content(line) => out.push_str(line),
            TextForm::Markup if !is_last => out.push('\n'),
            TextForm::Markup | TextForm::Plain => {}
        }
    }
    out
}

/// Returns whether a line of Markdown or HTML is more than the rest of unresolved Liquid: it shows a text or a medium,
/// or it opens or closes an element that other lines belong to.
fn shows_content(line: &str) -> bool {
    let mut rest = line;
    let (mut opened, mut closed) = (0_usize, 0_usize);
    while let Some(at) = rest.find(|c: char| c.is_alphanumeric() || matches!(c, '<' | ']')) {
        let part = &rest[at..];
        let end = match part.as_bytes() {
            [b'<', ..] => '>',
            // The target of a link is no text.
            [b']', b'(', ..] => ')',
            [b']', ..] => ']',
            _ => return true,
        };
        if ["<img", "<video", "<audio"].iter().any(|name| part.starts_with(name)) {
            return true;
        }
        let (tag, after) = part.split_once(end).unwrap_or((part, ""));
        closed += usize::from(tag.starts_with("</"));
        opened += usize::from(tag.starts_with('<') && !tag.starts_with("</") && !tag.ends_with('/'));
        rest = after;
    }
    opened != closed
}
