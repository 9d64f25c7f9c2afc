//! Names of securities become links to the security's page on this site. The scraper left either a link or a
//! dead span.

use std::borrow::Cow;

use crate::archive::body::codes;
use crate::archive::body::html::rewrite::Rewriter;
use crate::archive::body::html::rewrite::state::{MentionLink, OpenChild, OpenMention};
use crate::archive::body::html::tokens::StartTag;
use crate::archive::body::html::{attributes, link};
use crate::archive::body::lift::ends_in_source_line;
use crate::archive::body::security::SecurityCode;

/// Number of names in a row that make a list.
const RUN: usize = 4;
/// The opening tag of a mention's link, before and after the page's URL.
const OPENING: &str = "<a href=\"";
const OPENING_END: &str = "\">";

impl<'a> Rewriter<'a> {
    /// The mention that an element begins: a link or span around a security's name, not around its chart
    /// and not within another link.
    pub(crate) fn mention(&mut self, tag: &StartTag<'a>, code: &SecurityCode) -> Option<OpenMention> {
        let is_within_link = self.open.iter().any(|open| open.shown.as_deref() == Some("a"));
        if !self.is_listed
            || !attributes::is_mention(tag)
            || !matches!(&*tag.name, "a" | "span")
            || is_within_link
        {
            return None;
        }
        self.enter_cell();
        Some(OpenMention { page: format!("{}{}", self.site.baseurl, code.page()), start: self.out.len() })
    }

    /// The quote page that an element links to, on another host.
    pub(crate) fn quote_page(&self, tag: &StartTag<'_>) -> Option<String> {
        let target = link::target(&attributes::get(tag, "href")?, self.site)?;
        target.is_external.then_some(target.url)
    }

    /// Returns whether the next element stands inside `（文章来源：name）`.
    pub(crate) fn is_in_source_line(&self) -> bool {
        self.current.as_ref().is_some_and(|child| ends_in_source_line(&child.text))
    }

    /// Returns whether the next element is the end of a longer word: a Han character stands directly before it,
    /// and belongs neither to a common word of sentences nor to another link.
    pub(crate) fn is_in_word(&self) -> bool {
        let before = self.current.as_ref().map_or("", |child| child.text.as_str());
        let is_han = |c: char| matches!(c, '\u{3400}'..='\u{9fff}');
        before.ends_with(is_han) && !self.out.ends_with("</a>") && !codes::ends_with_word(before)
    }

    /// Writes the opening tag of a mention's link and returns its name in the output.
    pub(crate) fn open_mention(&mut self, mention: &OpenMention) -> Cow<'a, str> {
        self.out.extend([OPENING, &mention.page, OPENING_END]);
        self.enter("a", mention.start);
        self.shown += 1;
        Cow::Borrowed("a")
    }

    pub(crate) fn is_in_mention(&self) -> bool {
        self.open.iter().any(|open| open.mention.is_some())
    }

    /// Ends a mention, whose closing tag begins at `closing`.
    pub(crate) fn close_mention(&mut self, mention: &OpenMention, is_empty: bool, closing: usize) {
        let shows = |out: &str| ["<img", "<audio", "<video"].iter().any(|media| out.contains(media));
        let has_nothing = self.out.get(mention.start..).is_some_and(|out| !shows(out));
        if is_empty && has_nothing {
            // A link without a name is removed.
            self.out.truncate(mention.start);
            return;
        }
        if let Some(child) = &mut self.current {
            let opening =
                mention.start..mention.start + OPENING.len() + mention.page.len() + OPENING_END.len();
            child.mentions.push(MentionLink { opening, closing: closing..self.out.len() });
        }
    }

    /// Turns the mentions of a long list of names, separated by nothing but marks, into plain text: the page
    /// links them below the text.
    pub(crate) fn unlink_runs(&mut self, child: &OpenChild<'_>) {
        if child.mentions.len() < RUN {
            return;
        }
        let is_joined = |a: &MentionLink, b: &MentionLink| {
            let between = self.out.get(a.closing.end..b.opening.start);
            between.is_some_and(|between| between.chars().all(is_separator))
        };
        let runs = child.mentions.chunk_by(is_joined).filter(|run| run.len() >= RUN).flatten();
        let mut kept = String::new();
        let mut at = child.start;
        for tag in runs.flat_map(|link| [&link.opening, &link.closing]) {
            kept.push_str(self.out.get(at..tag.start).unwrap_or_default());
            at = tag.end;
        }
        if at > child.start {
            kept.push_str(self.out.get(at..).unwrap_or_default());
            self.out.truncate(child.start);
            self.out.push_str(&kept);
        }
    }
}

/// Returns whether a character may stand between the names of a list.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '、' | '，' | ',' | '；' | ';' | '/' | '|' | '·' | '和' | '及' | '与')
}
