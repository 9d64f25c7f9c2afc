//! The names of securities in a text: each leads to the security's page here, with its quote page
//! beside, whether the scraper left a link or a dead span.

use std::borrow::Cow;

use super::super::clean::EXTERNAL_REL;
use super::super::literal::escape_html;
use super::super::security::SecurityCode;
use super::super::tokens::Tag;
use super::super::{attributes, link};
use super::Pass;

/// A mention that is open.
pub(super) struct Mention {
    page: String,
    /// The quote page, on another host.
    quote: Option<String>,
    /// Where it begins in the output.
    start: usize,
}

impl<'a> Pass<'a> {
    /// The mention that an element is: a link or span around a security's name, but not one around its
    /// chart, and not within another link.
    pub(super) fn mention(&mut self, tag: &Tag<'a>, code: &SecurityCode) -> Option<Mention> {
        let is_within_link = self.open.iter().any(|open| open.shown.as_deref() == Some("a"));
        if !self.is_listed
            || !attributes::is_mention(tag)
            || !matches!(&*tag.name, "a" | "span")
            || is_within_link
        {
            return None;
        }
        self.enter_cell();
        let target = attributes::get(tag, "href").and_then(|href| link::target(&href, self.site));
        Some(Mention {
            page: format!("{}{}", self.site.baseurl, code.page()),
            quote: target.filter(|target| target.is_external).map(|target| target.url),
            start: self.out.len(),
        })
    }

    /// Writes a mention's link: the name that it has in the output.
    pub(super) fn open_mention(&mut self, mention: &Mention) -> Cow<'a, str> {
        self.out.extend(["<a href=\"", &mention.page, "\">"]);
        self.enter("a", mention.start);
        self.shown += 1;
        Cow::Borrowed("a")
    }

    /// Whether a span that became a link is open.
    pub(super) fn is_in_mention(&self) -> bool {
        self.open.iter().any(|open| open.mention.is_some())
    }

    /// What comes after the end of a mention's link.
    pub(super) fn close_mention(&mut self, mention: &Mention, is_empty: bool) {
        let has_nothing = self.out.get(mention.start..).is_some_and(|out| !out.contains("<img"));
        if is_empty && has_nothing {
            // A link without a name is none.
            self.out.truncate(mention.start);
            return;
        }
        let Some(quote) = &mention.quote else { return };
        self.out.push_str("<a href=\"");
        escape_html(quote, &mut self.out);
        self.out.extend([
            "\" class=\"quote\" title=\"",
            self.site.quote,
            "\" rel=\"",
            EXTERNAL_REL,
            "\"></a>",
        ]);
    }
}
