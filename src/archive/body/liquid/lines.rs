//! The lines of a page's text that lose unresolved Liquid.

use std::borrow::Cow;
use std::ops::Range;

use crate::archive::body::kramdown::literal;

/// The form of a text, which decides what is left of a line with unresolved Liquid.
#[derive(Clone, Copy)]
pub(crate) enum TextForm {
    /// Markdown or HTML. A line whose only content is unresolved Liquid becomes empty.
    Markup,
    /// Lines that stand alone, as in `robots.txt`. One with unresolved Liquid is left out.
    Plain,
}

/// Leaves out the lines that hold a position of `cuts`, by the rule of their form. Markdown and HTML also lose the
/// links, the heads of tables and the headings that are left without the Liquid at these positions.
pub(crate) fn without_cut(text: &str, cuts: &[usize], form: TextForm) -> String {
    match form {
        TextForm::Markup => {
            let (text, cuts) = without_cut_targets(text, cuts);
            let mut lines = lines(&text, &cuts);
            leave_out_tables(&mut lines);
            leave_out_html_tables(&mut lines);
            leave_out_headings(&mut lines);
            lines.iter().map(SourceLine::rest).collect()
        }
        TextForm::Plain => {
            lines(text, cuts).iter().filter(|line| !line.is_cut).map(|line| line.text).collect()
        }
    }
}

/// A line of a page's text.
struct SourceLine<'t> {
    /// The line with its newline.
    text: &'t str,
    /// True if the line lacks Liquid.
    is_cut: bool,
    output: LineOutput,
}

/// The part of a line that is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineOutput {
    Whole,
    /// An empty line.
    Newline,
    Nothing,
}

impl<'t> SourceLine<'t> {
    fn rest(&self) -> &'t str {
        match self.output {
            LineOutput::Whole => self.text,
            LineOutput::Newline if self.text.ends_with('\n') => "\n",
            LineOutput::Newline | LineOutput::Nothing => "",
        }
    }

    fn is_whole(&self) -> bool {
        self.output == LineOutput::Whole
    }

    /// Returns whether the line is a row of a table in Markdown.
    fn is_row(&self) -> bool {
        self.is_whole() && self.text.contains('|')
    }

    /// Returns whether the line is the one below the head of a table in Markdown.
    fn is_delimiter(&self) -> bool {
        let text = self.text.trim();
        text.contains('|')
            && text.contains('-')
            && text.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' '))
    }
}

fn lines<'t>(text: &'t str, cuts: &[usize]) -> Vec<SourceLine<'t>> {
    let mut cuts = cuts.iter().copied().peekable();
    let mut end = 0;
    let mut lines = Vec::new();
    for text in text.split_inclusive('\n') {
        end += text.len();
        let is_last = !text.ends_with('\n');
        let mut is_cut = false;
        while cuts.next_if(|cut| *cut < end || is_last).is_some() {
            is_cut = true;
        }
        let output = if is_cut && !shows_content(text) { LineOutput::Newline } else { LineOutput::Whole };
        lines.push(SourceLine { text, is_cut, output });
    }
    // Liquid after the last newline.
    if cuts.peek().is_some() {
        lines.push(SourceLine { text: "", is_cut: true, output: LineOutput::Newline });
    }
    lines
}

/// Leaves out the head of a table in Markdown whose rows were all left out. The rows that stay remain together.
fn leave_out_tables(lines: &mut [SourceLine<'_>]) {
    let mut at = 1;
    while at < lines.len() {
        if !lines[at].is_delimiter() || !lines[at - 1].is_row() {
            at += 1;
            continue;
        }
        let (mut next, mut end_of_rows) = (at + 1, at + 1);
        while next < lines.len() && (!lines[next].is_whole() || lines[next].is_row()) {
            next += 1;
            if lines[next - 1].is_row() {
                lines[end_of_rows..next - 1].iter_mut().for_each(|line| line.output = LineOutput::Nothing);
                end_of_rows = next;
            }
        }
        if end_of_rows > at + 1 {
            lines[at].output = LineOutput::Whole;
        } else if next > at + 1 || !lines[at].is_whole() {
            lines[at - 1..=at].iter_mut().for_each(|line| line.output = LineOutput::Newline);
        }
        at = next;
    }
}

/// Leaves out a table in HTML that lacks Liquid and has no cell but those of its head.
fn leave_out_html_tables(lines: &mut [SourceLine<'_>]) {
    let mut at = 0;
    while at < lines.len() {
        if !lines[at].text.trim_start().starts_with("<table") {
            at += 1;
            continue;
        }
        let Some(len) = lines[at..].iter().position(|line| line.text.contains("</table")) else { return };
        let table = &mut lines[at..=at + len];
        let is_cut = table.iter().any(|line| line.is_cut);
        let has_cell = table.iter().any(|line| line.is_whole() && line.text.contains("<td"));
        let is_alone = table[len].text.trim_end().ends_with("</table>");
        if is_cut && !has_cell && is_alone {
            table.iter_mut().for_each(|line| line.output = LineOutput::Newline);
        }
        at += len + 1;
    }
}

/// Leaves out each heading whose section lacks Liquid and shows nothing else.
fn leave_out_headings(lines: &mut [SourceLine<'_>]) {
    // For each level: whether the text below, up to the next heading that ends a section of this level, shows something,
    // and whether it lacks Liquid.
    let mut sections = [(false, false); 7];
    for line in lines.iter_mut().rev() {
        let Some(level) = heading_level(line.text).filter(|_| line.is_whole()) else {
            let is_shown = line.is_whole() && !is_wrapper(line.text);
            for (shows, lacks) in &mut sections {
                *shows |= is_shown;
                *lacks |= line.is_cut;
            }
            continue;
        };
        let is_left_out = sections[level] == (false, true);
        if is_left_out {
            line.output = LineOutput::Newline;
        }
        let (above, below) = sections.split_at_mut(level);
        above.iter_mut().for_each(|(shows, _)| *shows |= !is_left_out);
        below.fill((false, false));
    }
}

/// The level of a heading that is on one line, in Markdown or HTML.
fn heading_level(line: &str) -> Option<usize> {
    let text = line.trim();
    let marks = text.bytes().take_while(|b| *b == b'#').count();
    if line.starts_with('#') && (1..=6).contains(&marks) && text[marks..].starts_with([' ', '\t']) {
        return Some(marks);
    }
    let level = text.strip_prefix("<h")?.chars().next()?;
    let number = level.to_digit(10).filter(|number| (1..=6).contains(number))?;
    text.ends_with(&format!("</h{level}>")).then_some(number as usize)
}

/// Returns whether a line has only tags of elements that show nothing themselves.
fn is_wrapper(line: &str) -> bool {
    const WRAPPERS: [&str; 14] = [
        "article", "aside", "center", "div", "dl", "li", "nav", "ol", "p", "section", "span", "tbody", "tr",
        "ul",
    ];
    let mut parts = line.split('<');
    parts.next().is_none_or(|text| text.trim().is_empty())
        && parts.all(|part| {
            let Some((tag, text)) = part.split_once('>') else { return false };
            let tag = tag.strip_prefix('/').unwrap_or(tag);
            let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            WRAPPERS.contains(&name) && text.trim().is_empty()
        })
}

/// Removes the links and images whose target lacks Liquid; the text of a link stays. Returns the positions of `cuts` in
/// the new text too.
fn without_cut_targets<'t>(text: &'t str, cuts: &[usize]) -> (Cow<'t, str>, Vec<usize>) {
    let mut removed: Vec<Range<usize>> = Vec::new();
    for cut in cuts {
        // The Liquid of a link to an unknown post stays.
        if !literal::begins_held(&text[*cut..]) {
            removed.extend(cut_target(text.as_bytes(), *cut).into_iter().flatten());
        }
    }
    if removed.is_empty() {
        return (Cow::Borrowed(text), cuts.to_vec());
    }
    removed.sort_unstable_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut moved = Vec::with_capacity(cuts.len());
    let mut cuts = cuts.iter().copied().peekable();
    let mut from = 0;
    for range in removed {
        if range.start < from {
            continue;
        }
        while let Some(cut) = cuts.next_if(|cut| *cut < range.end) {
            moved.push(out.len() + cut.min(range.start) - from);
        }
        out.push_str(&text[from..range.start]);
        from = range.end;
    }
    moved.extend(cuts.map(|cut| out.len() + cut - from));
    out.push_str(&text[from..]);
    (Cow::Owned(out), moved)
}

/// The bytes around the text of a link, or those of an image or an attribute, if its target holds the position `cut`.
fn cut_target(text: &[u8], cut: usize) -> Option<[Range<usize>; 2]> {
    /// Bytes of the longest target and of the longest text of a link.
    const LONGEST: usize = 1024;
    let is_end = |b: &u8| matches!(b, b'(' | b')' | b'<' | b'>' | b'"' | b'\'' | b' ' | b'\t' | b'\n');
    let near = |end: usize| &text[end.saturating_sub(LONGEST)..end];
    let start = cut - near(cut).iter().rev().position(is_end)?;
    let (before, opening) = (&text[..start - 1], text[start - 1]);
    let closing = if opening == b'(' { b')' } else { opening };
    let after = &text[cut..text.len().min(cut + LONGEST)];
    let len = after.iter().position(|b| *b == closing || *b == b'\n').filter(|len| after[*len] == closing)?;
    let end = cut + len + 1;
    match opening {
        b'(' => {
            let label_end = before.strip_suffix(b"]")?.len();
            let mut depth = 1_usize;
            let length = near(label_end).iter().rev().position(|b| {
                depth += usize::from(*b == b']');
                depth -= usize::from(*b == b'[');
                depth == 0
            })?;
            let label = label_end - length - 1;
            if label > 0 && text[label - 1] == b'!' {
                return Some([label - 1..end, end..end]);
            }
            Some([label..label + 1, label_end..end])
        }
        b'"' | b'\'' => {
            let name = ["href=", "src="].into_iter().find(|name| before.ends_with(name.as_bytes()))?;
            let attribute = before.len() - name.len();
            let is_attribute = attribute > 0 && text[attribute - 1].is_ascii_whitespace();
            is_attribute.then_some([attribute..end, end..end])
        }
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves out the Liquid at each `@` of a text.
    fn without(text: &str) -> String {
        let cuts: Vec<_> = text.match_indices('@').enumerate().map(|(count, (at, _))| at - count).collect();
        without_cut(&text.replace('@', ""), &cuts, TextForm::Markup)
    }

    #[test]
    fn links_and_images_without_their_target_are_removed() {
        let table = [
            ("[the list](@) b", "the list b"),
            ("a [b [c]](@/x \"t\") d", "a b [c] d"),
            ("[a](/x/@/@.html) [b](/y)", "a [b](/y)"),
            ("a ![b](@.png) c", "a  c"),
            ("[![a](@)](@) b", " b"),
            ("![](@)\nb", "\nb"),
            ("<a href=\"@/x\">a</a>", "<a >a</a>"),
            ("<a class='b' href='/@'>a</a>", "<a class='b' >a</a>"),
            ("b <img alt=\"\" src=\"@.png\">", "b <img alt=\"\" >"),
            ("<a title=\"@\" href=\"/\">a</a>", "<a title=\"\" href=\"/\">a</a>"),
            ("[a@](/x)", "[a](/x)"),
            ("a (@) b", "a () b"),
            ("[a](@\nb)", "[a](\nb)"),
            ("[返回](@) 文", "返回 文"),
        ];
        for (text, expected) in table {
            assert_eq!(without(text), expected, "{text}");
        }
    }

    #[test]
    fn tables_without_rows_are_left_out_others_stay_together() {
        let table = [
            ("| Name | Age |\n|---|---|\n@\n\nText.", "\n\n\n\nText."),
            ("Name | Age\n--- | ---\n@\nText.", "\n\n\nText."),
            ("| Name |\n|:--|@\n", "\n\n"),
            ("| Name |\n|---|\n@\n| a |\n@\n@\n| b |\n@\n", "| Name |\n|---|\n| a |\n| b |\n\n"),
            ("| Name |\n|---|\n| a@ |\n", "| Name |\n|---|\n| a |\n"),
            ("| Name |\n|---|\n\n@\n", "| Name |\n|---|\n\n\n"),
            ("<table>\n<tr><th>A</th></tr>\n@\n</table>\nb", "\n\n\n\nb"),
            ("<table><tr><th>A</th></tr>@</table>\nb", "\nb"),
            ("<table>\n<tr><td>a</td></tr>\n@\n</table>\n", "<table>\n<tr><td>a</td></tr>\n\n</table>\n"),
            ("<table>\n<tr><th>A</th></tr>\n</table>\n@\n", "<table>\n<tr><th>A</th></tr>\n</table>\n\n"),
            ("<table>\n<th>A@\nb", "<table>\n<th>A\nb"),
        ];
        for (text, expected) in table {
            assert_eq!(without(text), expected, "{text}");
        }
    }

    #[test]
    fn headings_of_sections_without_their_liquid_are_left_out() {
        let table = [
            ("## Team\n\n@\n\n## Contact\na", "\n\n\n\n## Contact\na"),
            ("## Team\n@", "\n"),
            ("## Team\n@\nText.\n## Contact\n", "## Team\n\nText.\n## Contact\n"),
            ("## Team\n### Staff\n@\n## B\na", "\n\n\n## B\na"),
            ("## Team\n@\n### Staff\na\n", "## Team\n\n### Staff\na\n"),
            ("## Team\n\n## Contact @\n", "## Team\n\n## Contact \n"),
            ("## A\n\n## B\n@\n", "## A\n\n\n\n"),
            ("<h2 id=\"a\">Team</h2>\n<ul>\n@\n</ul>\n<h2>B</h2>\na", "\n<ul>\n\n</ul>\n<h2>B</h2>\na"),
            ("## Team\n- a @\n", "## Team\n- a \n"),
            ("## Team\n![](a.png)\n@\n", "## Team\n![](a.png)\n\n"),
            ("#Team\n@\n", "#Team\n\n"),
        ];
        for (text, expected) in table {
            assert_eq!(without(text), expected, "{text}");
        }
    }
}
