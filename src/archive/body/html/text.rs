//! The plain text of clean HTML: its length, and the excerpt that lists show.

use std::borrow::Cow;

use crate::archive::body::html::clean::{BodyHtml, EMBED_CLASS, TASK_CLASS, TOC_CLASS, TOC_ID};
use crate::archive::body::html::pieces::{HtmlPiece, HtmlTag};
use crate::archive::body::html::{bytes, element, references};

/// Lists show about this many characters of a post.
const EXCERPT: usize = 120;
/// A first paragraph shorter than this is a by-line or a caption.
const REAL: usize = 20;

/// The measures of a body's plain text.
pub(crate) struct PlainText {
    /// The effort to read the text: 1 for a Han character or its punctuation, 2 for a word of another script.
    pub(crate) len: usize,
    /// The first real paragraph, with white space folded, not yet cut.
    pub(crate) lead: String,
}

/// Measures the text of clean HTML.
pub(crate) fn plain(html: &BodyHtml) -> PlainText {
    let mut lead = Lead::default();
    let mut block = TextBlock::default();
    let mut in_aside = 0_usize;
    let mut skipped = SkippedElement::default();
    for piece in html.pieces() {
        if skipped.holds(&piece, is_mark_or_embed) {
            if ends_line(&piece) {
                block.end(in_aside == 0, &mut lead);
            }
            continue;
        }
        match piece {
            HtmlPiece::Text(text) => block.add(text, lead.real.is_none()),
            HtmlPiece::Tag(HtmlTag { name: "br", .. }) => block.add(" ", lead.real.is_none()),
            HtmlPiece::Tag(tag) if element::ends_line(tag.name) => {
                block.end(in_aside == 0, &mut lead);
                if is_aside(tag.name) {
                    in_aside = if tag.closes { in_aside.saturating_sub(1) } else { in_aside + 1 };
                } else if is_footnotes(tag) {
                    // Nothing after the footnotes leads.
                    in_aside += 1;
                }
            }
            HtmlPiece::Tag(_) => {}
        }
    }
    block.end(in_aside == 0, &mut lead);
    PlainText { len: block.effort, lead: lead.real.or(lead.short).unwrap_or_default() }
}

/// The effort to read the text outside of headings and links. A page that only lists posts has little of it.
pub(crate) fn own_len(html: &BodyHtml) -> usize {
    let is_skipped = |tag: HtmlTag<'_>| tag.name == "a" || element::is_heading(tag.name) || is_mark(tag);
    let mut skipped = SkippedElement::default();
    let mut effort = 0;
    for piece in html.pieces() {
        if let (false, HtmlPiece::Text(text)) = (skipped.holds(&piece, is_skipped), piece) {
            effort += reading_effort(decode(text).as_bytes());
        }
    }
    effort
}

/// All text of clean HTML, one line per block and per `br`. A table's row is one line, with a tab after
/// each cell. White space is folded except in `pre`.
pub(crate) fn lines(html: &BodyHtml) -> String {
    let mut lines = LineWriter { text: String::with_capacity(html.as_str().len()), line: 0, in_pre: 0 };
    let mut in_cell = 0_usize;
    let mut skipped = SkippedElement::default();
    for piece in html.pieces() {
        if skipped.holds(&piece, is_mark) {
            if in_cell == 0 && ends_line(&piece) {
                lines.end();
            }
            continue;
        }
        match piece {
            HtmlPiece::Text(text) => lines.add(&decode(text)),
            HtmlPiece::Tag(HtmlTag { name: "td" | "th", closes: true, .. }) => {
                in_cell = in_cell.saturating_sub(1);
                lines.text.truncate(lines.text.trim_end_matches(' ').len());
                lines.text.push('\t');
            }
            HtmlPiece::Tag(HtmlTag { name: "td" | "th", .. }) => in_cell += 1,
            HtmlPiece::Tag(tag) if in_cell > 0 && element::ends_line(tag.name) => lines.add(" "),
            HtmlPiece::Tag(HtmlTag { name, closes, .. }) if element::ends_line(name) => {
                lines.end();
                if name == "pre" {
                    lines.in_pre = if closes { lines.in_pre.saturating_sub(1) } else { lines.in_pre + 1 };
                }
            }
            HtmlPiece::Tag(_) => {}
        }
    }
    lines.end();
    lines.text.truncate(lines.text.trim_end().len());
    lines.text
}

/// The element that is being skipped, and the number of open ones of its name.
#[derive(Default)]
struct SkippedElement<'h> {
    name: &'h str,
    depth: usize,
}

impl<'h> SkippedElement<'h> {
    /// Returns whether a piece belongs to an element that `is_skipped` rejects.
    fn holds(&mut self, piece: &HtmlPiece<'h>, is_skipped: impl Fn(HtmlTag<'h>) -> bool) -> bool {
        let HtmlPiece::Tag(tag) = *piece else { return self.depth > 0 };
        if self.depth == 0 {
            if tag.closes || !is_skipped(tag) {
                return false;
            }
            *self = Self { name: tag.name, depth: 1 };
        } else if tag.name == self.name {
            self.depth = if tag.closes { self.depth - 1 } else { self.depth + 1 };
        }
        true
    }
}

/// Returns whether the element is a footnote's mark, the box of a task or the table of contents: no text of the body.
fn is_mark(tag: HtmlTag<'_>) -> bool {
    match tag.name {
        "sup" | "a" => tag.get("role") == Some("doc-noteref"),
        "abbr" => tag.get("class") == Some(TASK_CLASS),
        "ul" | "ol" => tag.get("id") == Some(TOC_ID) || tag.get("class") == Some(TOC_CLASS),
        _ => false,
    }
}

/// Returns whether the element is a mark or a link in place of an embedded page. Posts hold many links, so each is read
/// once.
fn is_mark_or_embed(tag: HtmlTag<'_>) -> bool {
    if tag.name != "a" {
        return is_mark(tag);
    }
    let mut attributes = tag.attributes();
    attributes.any(|attribute| matches!(attribute, ("role", "doc-noteref") | ("class", EMBED_CLASS)))
}

fn is_footnotes(tag: HtmlTag<'_>) -> bool {
    tag.name == "div" && tag.get("role") == Some("doc-endnotes")
}

fn ends_line(piece: &HtmlPiece<'_>) -> bool {
    matches!(piece, HtmlPiece::Tag(tag) if element::ends_line(tag.name))
}

/// The lines written so far.
struct LineWriter {
    text: String,
    /// Start of the last line in `text`.
    line: usize,
    in_pre: usize,
}

impl LineWriter {
    fn add(&mut self, text: &str) {
        if self.in_pre > 0 || !may_hold_space(text.as_bytes()) {
            self.text.push_str(text);
            return;
        }
        for c in text.chars() {
            if !c.is_whitespace() {
                self.text.push(c);
            } else if self.text.len() > self.line && !self.text.ends_with([' ', '\t']) {
                self.text.push(' ');
            }
        }
    }

    fn end(&mut self) {
        let end = self.line + self.text[self.line..].trim_end().len();
        self.text.truncate(end);
        if end > self.line {
            self.text.push('\n');
            self.line = self.text.len();
        }
    }
}

#[derive(Default)]
struct Lead {
    real: Option<String>,
    short: Option<String>,
}

/// The block that is being read.
#[derive(Default)]
struct TextBlock {
    /// Collected only until the lead is found.
    text: String,
    /// Characters, with white space folded except at the end.
    len: usize,
    /// True if the block ends with white space, counted as one character in `len`.
    ends_blank: bool,
    /// The effort to read this block and all before it.
    effort: usize,
}

impl TextBlock {
    fn add(&mut self, html: &str, is_kept: bool) {
        let text = decode(html);
        if is_kept {
            self.text.push_str(&text);
        }
        let bytes = text.as_bytes();
        self.effort += reading_effort(bytes);
        if !may_hold_space(bytes) {
            self.len += bytes::count(bytes, begins_character);
            self.ends_blank &= bytes.is_empty();
            return;
        }
        for c in text.chars() {
            let is_space = c.is_whitespace();
            self.len += usize::from(!is_space || !(self.ends_blank || self.len == 0));
            self.ends_blank = is_space && self.len > 0;
        }
    }

    /// Ends the block.
    fn end(&mut self, may_lead: bool, lead: &mut Lead) {
        let len = self.len - usize::from(self.ends_blank);
        if may_lead && len > 0 && lead.real.is_none() {
            if len >= REAL {
                lead.real = Some(fold(&self.text).into_owned());
            } else if lead.short.is_none() {
                lead.short = Some(fold(&self.text).into_owned());
            }
        }
        self.text.clear();
        (self.len, self.ends_blank) = (0, false);
    }
}

/// Adds up the effort to read a text in UTF-8: 1 for each Han character, kana, hangul syllable and mark of CJK
/// punctuation, 2 for each word of another script.
fn reading_effort(bytes: &[u8]) -> usize {
    /// The last byte of a character of three or four bytes counts as its third byte; the first byte of a word counts
    /// if no letter precedes it. `first` to `third` are the bytes before `byte`.
    fn effort_at(first: u8, second: u8, third: u8, byte: u8) -> u8 {
        let begins_latin = |lead: u8| matches!(lead, 0xC3..=0xDF);
        // Vietnamese, Greek and Indic letters, for example.
        let begins_other = |lead: u8| matches!(lead, 0xE0 | 0xE1);
        let is_wide_space = (second == 0xE3) & (third == 0x80) & (byte == 0x80);
        let is_wide = (second >= 0xE3) & !is_wide_space;
        let is_letter = byte.is_ascii_alphanumeric() | begins_latin(byte) | begins_other(byte);
        let is_apostrophe = (second.is_ascii_alphanumeric() & (third == b'\''))
            | ((first == 0xE2) & (second == 0x80) & (third == 0x99));
        let follows_letter =
            third.is_ascii_alphanumeric() | begins_latin(second) | begins_other(first) | is_apostrophe;
        u8::from(is_wide) + 2 * u8::from(is_letter & !follows_letter)
    }
    /// The sum for this number of bytes fits in a byte, which makes it the fastest.
    const CHUNK: usize = 120;
    let mut before = [b' '; 3];
    let mut effort = 0;
    for &byte in &bytes[..bytes.len().min(3)] {
        effort += usize::from(effort_at(before[0], before[1], before[2], byte));
        before = [before[1], before[2], byte];
    }
    // The four slices are shifted by one byte each, so that the compiler vectorises the loop.
    for start in (3..bytes.len()).step_by(CHUNK) {
        let end = bytes.len().min(start + CHUNK);
        let shifted = |by: usize| bytes[start - by..end - by].iter();
        let windows = shifted(3).zip(shifted(2)).zip(shifted(1)).zip(shifted(0));
        let sum: u8 =
            windows.map(|(((first, second), third), byte)| effort_at(*first, *second, *third, *byte)).sum();
        effort += usize::from(sum);
    }
    effort
}

fn begins_character(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Returns whether a text may contain white space. There is no early exit, so that the compiler vectorises
/// the loop.
fn may_hold_space(bytes: &[u8]) -> bool {
    let threes = bytes.iter().zip(bytes.iter().skip(1)).zip(bytes.iter().skip(2));
    let beyond_ascii = threes.fold(false, |found, ((&a, &b), &c)| {
        // U+0085 and U+00A0; U+1680; U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F; U+3000.
        let two = (a == 0xC2) & (b <= 0xA0);
        let general = (a == 0xE2) & (((b == 0x80) & ((c <= 0x8A) | (c >= 0xA8))) | (b == 0x81));
        found | two | (a == 0xE1) | general | ((a == 0xE3) & (b == 0x80) & (c == 0x80))
    });
    // The last characters are too short for three bytes.
    let last = bytes.len().saturating_sub(2);
    beyond_ascii | bytes[last..].contains(&0xC2) | bytes.iter().fold(false, |found, b| found | (*b <= b' '))
}

/// Folds each run of white space, full-width spaces included, into one space and trims both ends.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let mut was_space = false;
    let is_folded = text.chars().all(|c| {
        let is_space = c.is_whitespace();
        let is_fine = !is_space || (c == ' ' && !was_space);
        was_space = is_space;
        is_fine
    });
    if is_folded {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// About 120 characters of a text, cut at the end of a sentence or a clause if there is one.
pub(crate) fn excerpt(text: &str) -> String {
    let text = fold(text);
    let Some((limit, _)) = text.char_indices().nth(EXCERPT) else { return text.into_owned() };
    let (least, _) = text.char_indices().nth(EXCERPT * 2 / 3).unwrap_or((limit, ' '));
    let head = &text[..limit];
    let behind = |marks: &[char]| head.rfind(marks).filter(|at| *at >= least);
    let cut = behind(&['。', '！', '？', '；'])
        .or_else(|| behind(&['，', '、', '：', ',', ';', ' ']))
        .unwrap_or(limit);
    let head = head[..cut].trim_end_matches(|c: char| c.is_whitespace() || "，、：；。！？,;.".contains(c));
    format!("{head}…")
}

/// Returns whether text inside the element cannot be the lead.
fn is_aside(name: &str) -> bool {
    element::is_heading(name) || matches!(name, "figure" | "pre" | "table")
}

/// Decodes the entities that serialised HTML holds.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    references::resolve_text(text, |part| out.push_str(part));
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> BodyHtml {
        BodyHtml::from_stored(html.to_owned())
    }

    #[test]
    fn own_text_stands_outside_of_headings_and_links() {
        let table = [
            ("", 0),
            ("<p>本站新闻</p>", 4),
            ("<h2>联系</h2><p>Two words</p>", 4),
            ("<ul><li><a href=\"/a\">第一篇</a></li><li>甲 <a href=\"/b\">乙</a></li></ul>", 1),
            ("<h3>a <em>b</em></h3>丙", 1),
        ];
        for (html, expected) in table {
            assert_eq!(own_len(&clean(html)), expected, "{html}");
        }
    }

    #[test]
    fn lead_is_the_first_long_paragraph() {
        let real = "某公司今日公告称，预计全年净利润同比增长一成以上，主要由于销量增加。";
        let html = format!(
            "<h2 id=\"a\">标题标题标题标题标题标题标题标题标题标题标题</h2>\n<p>记者 某某</p><p>　　{real}</p><p>尾 &amp;\n&nbsp; 尾</p>"
        );
        let plain = plain(&clean(&html));
        assert_eq!(plain.lead, real);
        assert_eq!(plain.len, 22 + 4 + real.chars().count() + 2);
        assert_eq!(crate::archive::body::html::text::plain(&clean("<p>a<br>b</p>")).lead, "a b");
        assert_eq!(crate::archive::body::html::text::plain(&clean("<img alt=\"a > b\"> x")).lead, "x");
        assert_eq!(crate::archive::body::html::text::plain(&clean("")).lead, "");
    }

    #[test]
    fn reading_effort_counts_han_characters_and_other_words() {
        let table = [
            ("", 0),
            ("某公司公告，增长。", 9),
            ("　　某公司\u{3000}公告", 5),
            ("The quick brown fox", 8),
            ("it's the reader’s well-known page", 12),
            ("  two   'words'\n", 4),
            ("naïve café, Ünï", 6),
            ("Москва и Αθήνα", 6),
            ("Việt Nam ệ", 6),
            ("增长3.5%至2024年", 4 + 6),
            ("甲A股 x 乙", 3 + 4),
            ("日本のカナ 한국", 7),
            ("— … “ ” € ™", 0),
            ("😀", 1),
            ("a", 2),
            ("é", 2),
            ("中", 1),
        ];
        for (text, effort) in table {
            assert_eq!(reading_effort(text.as_bytes()), effort, "{text}");
        }
        // At every offset from the borders of the chunks.
        for before in 0..130 {
            let text = format!("{}word 中文 more", " ".repeat(before));
            assert_eq!(reading_effort(text.as_bytes()), 6, "{before}");
        }
    }

    #[test]
    fn marks_contents_and_frames_are_no_part_of_the_lead() {
        let real = "某公司今日公告称，预计全年净利润同比增长一成以上，主要由于销量增加。";
        let toc = "<ul id=\"markdown-toc\"><li><a href=\"#a\">甲</a><ul><li>乙</li></ul></li></ul>";
        let mark =
            "<sup id=\"fnref:1\" role=\"doc-noteref\"><a href=\"#fn:1\" class=\"footnote\">1</a></sup>";
        let note =
            format!("<div role=\"doc-endnotes\" class=\"footnotes\"><ol><li><p>{real}</p></li></ol></div>");
        let frame =
            "<p><a href=\"https://v.example/\" class=\"embed\">A video player with a long name</a></p>";
        let task = "<ul><li><abbr title=\"Done\" class=\"task\">☑</abbr> 交稿</li></ul>";
        let long = |text: &str| format!("<p>{text}{mark}{text}</p>");
        for (html, lead) in [
            (format!("{toc}{frame}{}{note}", long(real)), format!("{real}{real}")),
            (format!("<p>营收10亿元{mark}。</p>{note}"), "营收10亿元。".to_owned()),
            (task.to_owned(), "交稿".to_owned()),
            (format!("甲{toc}乙"), "甲".to_owned()),
        ] {
            assert_eq!(plain(&clean(&html)).lead, lead, "{html}");
        }
        let html = format!("{toc}{task}<p>营收{mark}。</p>{frame}");
        assert_eq!(lines(&clean(&html)), "交稿\n营收。\nA video player with a long name");
    }

    #[test]
    fn plain_text_has_one_line_per_block() {
        let table = [
            ("", ""),
            ("<p>　a &amp; \n b</p>\n\n<p>c<br>d<b>e</b></p>", "a & b\nc\nde"),
            ("<table><tr><th>x</th><th> y </th></tr><tr><td>1</td><td></td></tr></table>z", "x\ty\n1\nz"),
            ("<tr><td><p>a</p><p>b<br>c</p></td><td><p>d</p></td></tr>", "a b c\td"),
            ("<pre><code>a\n  b\n</code></pre><p>c</p>", "a\n  b\nc"),
            ("<img alt=\"a > b\">x &lt;y&gt;", "x <y>"),
        ];
        for (html, text) in table {
            assert_eq!(lines(&clean(html)), text, "{html}");
        }
    }

    #[test]
    fn long_excerpts_are_cut_at_a_pause_or_word_end() {
        assert_eq!(excerpt("　　短 \n 句。"), "短 句。");
        let sentence = "一二三四五六七八九。".repeat(20);
        assert_eq!(excerpt(&sentence), format!("{}一二三四五六七八九…", "一二三四五六七八九。".repeat(11)));
        let clause = "一二三四五六七八九，".repeat(20);
        assert!(excerpt(&clause).ends_with("九…"));
        assert_eq!(excerpt(&"字".repeat(500)).chars().count(), EXCERPT + 1);
        assert!(excerpt(&"word ".repeat(100)).ends_with("word…"));
    }
}
