//! Names of securities become links to the security's page on this site, followed by a link to its quote
//! page. The scraper left either a link or a dead span.

use std::borrow::Cow;

use crate::archive::body::html::clean::EXTERNAL_REL;
use crate::archive::body::html::rewrite::Rewriter;
use crate::archive::body::html::rewrite::state::OpenMention;
use crate::archive::body::html::tokens::StartTag;
use crate::archive::body::html::{attributes, link};
use crate::archive::body::kramdown::literal::escape_html;
use crate::archive::body::security::SecurityCode;

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
        let target = attributes::get(tag, "href").and_then(|href| link::target(&href, self.site));
        Some(OpenMention {
            page: format!("{}{}", self.site.baseurl, code.page()),
            quote: target.filter(|target| target.is_external).map(|target| target.url),
            start: self.out.len(),
        })
    }

    /// Writes the opening tag of a mention's link and returns its name in the output.
    pub(crate) fn open_mention(&mut self, mention: &OpenMention) -> Cow<'a, str> {
        self.out.extend(["<a href=\"", &mention.page, "\">"]);
        self.enter("a", mention.start);
        self.shown += 1;
        Cow::Borrowed("a")
    }

    pub(crate) fn is_in_mention(&self) -> bool {
        self.open.iter().any(|open| open.mention.is_some())
    }

    /// Writes the link to the quote page after a mention.
    pub(crate) fn close_mention(&mut self, mention: &OpenMention, is_empty: bool) {
        let shows = |out: &str| ["<img", "<audio", "<video"].iter().any(|media| out.contains(media));
        let has_nothing = self.out.get(mention.start..).is_some_and(|out| !shows(out));
        if is_empty && has_nothing {
            // A link without a name is removed.
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
