//! Prepares span text for comrak: syntax that kramdown and CommonMark read differently is marked or held,
//! and no line can begin a block.

use crate::archive::body::html::bytes;
use crate::archive::body::kramdown::literal::{BACKSLASH, GUARD, Literals, SPACE, STAR, TILDE};
use crate::archive::body::kramdown::tag::raw_text_element;

/// Bytes searched for the end of a span; the limit keeps a hostile line linear.
const WINDOW: usize = 4096;

/// Returns whether a text has no Markdown syntax.
pub(crate) fn is_plain(text: &str) -> bool {
    bytes::find(text.as_bytes(), b"*_`[<&\\~${").is_none() && !text.contains("  \n")
}

/// Writes a text as one paragraph of a CommonMark document.
pub(crate) fn prepare(text: &str, literals: &mut Literals, out: &mut String) {
    let mut spans = Spans { text, at: 0, code_end: 0, has_unclosed_program: false, literals, out };
    spans.guard();
    while spans.at < text.len() {
        spans.step();
    }
}

/// Removes lines that hold only an empty source link, `<>`.
pub(crate) fn without_empty_links(text: &str) -> String {
    text.split('\n').filter(|line| line.trim() != "<>").collect::<Vec<_>>().join("\n")
}

struct Spans<'a> {
    text: &'a str,
    at: usize,
    /// End of the current code span; the text before it is code.
    code_end: usize,
    /// True after a script or style without an end.
    has_unclosed_program: bool,
    literals: &'a mut Literals,
    out: &'a mut String,
}

impl Spans<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn guard(&mut self) {
        self.out.push(GUARD);
        self.out.push(' ');
    }

    fn copy(&mut self, len: usize) {
        self.out.push_str(&self.text[self.at..self.at + len]);
        self.at += len;
    }

    /// Reads one special byte, or the text up to the next one.
    fn step(&mut self) {
        let bytes = self.text.as_bytes();
        match bytes[self.at] {
            b'\n' => self.newline(),
            _ if self.at < self.code_end => {
                let end = bytes[self.at..self.code_end].iter().position(|b| *b == b'\n');
                self.copy(end.unwrap_or(self.code_end - self.at));
            }
            b'`' => self.code(),
            b'\\' => self.backslash(),
            b'*' => self.star(),
            b'~' => self.tildes(),
            b'{' => self.extension(),
            b'$' if self.rest().starts_with("$$") => self.math(),
            b']' if self.rest().starts_with("](") => self.link_target(),
            b'<' => self.angle(),
            _ => {
                let is_special =
                    |b: &u8| matches!(b, b'\n' | b'`' | b'\\' | b'*' | b'~' | b'{' | b'$' | b']' | b'<');
                let len = bytes[self.at + 1..].iter().position(is_special);
                self.copy(len.map_or(bytes.len() - self.at, |len| len + 1));
            }
        }
    }

    /// Keeps the indent of the next line and lets no block begin on it.
    fn newline(&mut self) {
        self.copy(1);
        let indent = self.rest().bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let next = self.text.as_bytes().get(self.at + indent);
        let begins_block = next.is_none_or(|b| {
            b.is_ascii_control()
                || matches!(
                    b,
                    b'>' | b'#' | b'-' | b'+' | b'*' | b'_' | b'=' | b'~' | b'`' | b'<' | b'[' | b'1'
                )
        });
        if indent > 0 || begins_block {
            self.out.extend(std::iter::repeat_n(SPACE, indent));
            self.guard();
            self.at += indent;
        }
    }

    fn code(&mut self) {
        let ticks = self.rest().bytes().take_while(|b| *b == b'`').count();
        let after = &self.rest().as_bytes()[ticks..];
        // A lone backtick between spaces is literal.
        let is_space = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
        if ticks == 1
            && is_space(self.text.as_bytes()[..self.at].last())
            && after.first().is_some_and(u8::is_ascii_whitespace)
        {
            self.out.push('\\');
            return self.copy(1);
        }
        let mut end = None;
        let mut i = 0;
        while i < after.len().min(WINDOW) {
            let run = after[i..].iter().take_while(|b| **b == b'`').count();
            if run == ticks {
                end = Some(self.at + ticks + i + run);
                break;
            }
            i += run.max(1);
        }
        self.copy(ticks);
        self.code_end = end.unwrap_or(self.at);
    }

    fn backslash(&mut self) {
        match self.text.as_bytes().get(self.at + 1) {
            // Two backslashes at a line's end break it in kramdown, one does in GFM.
            Some(b'\\') if self.text.as_bytes().get(self.at + 2) == Some(&b'\n') => {
                self.at += 1;
                self.copy(1);
            }
            Some(next) if br##"\.*_+`<>()[]{}#!:|"'$=-~"##.contains(next) => self.copy(2),
            Some(next) if next.is_ascii_punctuation() => {
                self.out.push(BACKSLASH);
                self.at += 1;
            }
            _ => self.copy(1),
        }
    }

    /// `*ST` before a company's name is a stock exchange's warning, not emphasis.
    fn star(&mut self) {
        let is_warning = self.rest()[1..]
            .strip_prefix("ST")
            .is_some_and(|name| !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '*'));
        if is_warning && !self.text[..self.at].ends_with('*') {
            self.out.push(STAR);
            self.at += 1;
        } else {
            let run = self.rest().bytes().take_while(|b| *b == b'*').count();
            self.copy(run);
        }
    }

    /// Only two tildes strike text out.
    fn tildes(&mut self) {
        let run = self.rest().bytes().take_while(|b| *b == b'~').count();
        if run == 2 {
            return self.copy(2);
        }
        self.out.extend(std::iter::repeat_n(TILDE, run));
        self.at += run;
    }

    /// Removes `{::comment}…{:/comment}`; other extensions lose only their marks.
    fn extension(&mut self) {
        let rest = self.rest();
        if !(rest.starts_with("{::") || rest.starts_with("{:/")) {
            return self.copy(1);
        }
        let Some(len) = self.find("}").map(|len| len + 1) else { return self.copy(1) };
        let is_comment = rest.starts_with("{::comment") && !rest[..len].ends_with("/}");
        let stop = if is_comment { self.find("{:/") } else { None };
        self.at += match stop {
            Some(stop) => stop + rest[stop..].find('}').map_or(3, |end| end + 1),
            None => len,
        };
    }

    fn math(&mut self) {
        let Some(len) = self.text.get(self.at + 2..).and_then(|rest| window(rest).find("$$")) else {
            return self.copy(2);
        };
        let formula = format!("\\({}\\)", self.text[self.at + 2..self.at + 2 + len].trim());
        self.literals.hold_text(formula, self.out);
        self.at += len + 4;
    }

    /// A link's target may contain spaces in kramdown.
    fn link_target(&mut self) {
        self.copy(2);
        let rest = self.rest();
        if rest.starts_with('<') {
            return;
        }
        let bytes = window(rest).as_bytes();
        let mut depth = 1;
        let end = bytes.iter().enumerate().position(|(i, byte)| {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b if b.is_ascii_whitespace() => {
                    return matches!(bytes.get(i + 1), Some(b'"' | b'\''));
                }
                _ => {}
            }
            depth == 0
        });
        let Some(end) = end else { return };
        for c in rest[..end].trim_ascii().to_owned().chars() {
            self.out.push(if c.is_ascii_whitespace() { SPACE } else { c });
        }
        self.at += end;
    }

    /// An autolink's target may contain spaces; the content of `<code>`, scripts and styles is not Markdown.
    fn angle(&mut self) {
        if self.program() {
            return;
        }
        let rest = self.rest();
        if ["<http:", "<https:", "<ftp:", "<mailto:"].iter().any(|scheme| rest.starts_with(scheme)) {
            let end = window(rest).find(['>', '\n']).filter(|end| rest.as_bytes()[*end] == b'>');
            if let Some(end) = end.filter(|end| rest[..*end].contains(' ')) {
                let target = rest[..=end].replace(' ', SPACE.encode_utf8(&mut [0; 4]));
                self.out.push_str(&target);
                self.at += end + 1;
                return;
            }
        }
        for (open, close) in
            [("<code>", "</code>"), ("<kbd>", "</kbd>"), ("<samp>", "</samp>"), ("<var>", "</var>")]
        {
            if let Some(end) = rest.strip_prefix(open).and_then(|inner| window(inner).find(close)) {
                let len = open.len() + end + close.len();
                let html = rest[..len].to_owned();
                self.literals.hold_html(html, self.out);
                self.at += len;
                return;
            }
        }
        self.copy(1);
    }

    /// Holds the script or style that begins here. After one without an end, scripts and styles are read like other
    /// tags.
    fn program(&mut self) -> bool {
        let rest = self.rest();
        let is_named = |name: &str| {
            let found = rest.get(1..1 + name.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        if self.has_unclosed_program || !(is_named("script") || is_named("style")) {
            return false;
        }
        let Some(html) = raw_text_element(rest).map(|len| rest[..len].to_owned()) else {
            self.has_unclosed_program = true;
            return false;
        };
        self.at += html.len();
        self.literals.hold_program(html, self.out);
        true
    }

    fn find(&self, pattern: &str) -> Option<usize> {
        window(self.rest()).find(pattern)
    }
}

/// The part of a text that is searched for an end.
fn window(text: &str) -> &str {
    if text.len() <= WINDOW { text } else { &text[..text.floor_char_boundary(WINDOW)] }
}
