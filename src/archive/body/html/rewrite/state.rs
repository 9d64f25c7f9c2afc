//! The state of the pass: the open elements, the child of the body that is being read, and the point to go
//! back to after a hidden element.

use std::borrow::Cow;
use std::ops::Range;

use crate::archive::body::lift::ChildLink;
use crate::archive::body::security::SecurityCode;

/// An open element.
pub(crate) struct OpenElement<'h> {
    pub(crate) name: Cow<'h, str>,
    /// The element's name in the output; `None` if its tags are not written.
    pub(crate) shown: Option<Cow<'h, str>>,
    /// The state to restore at the end tag, if the element is hidden.
    pub(crate) hidden: Option<Checkpoint>,
    pub(crate) security: Option<NamedSecurity>,
    /// Start of the element's text within the text of the body's child.
    pub(crate) text_start: usize,
    /// The target of a link.
    pub(crate) href: Option<Cow<'h, str>>,
    pub(crate) mention: Option<OpenMention>,
    /// The player that the element becomes.
    pub(crate) media: Option<Box<OpenMedia>>,
    /// True if the element is a footnote's mark, whose text is no text of the body.
    pub(crate) is_mark: bool,
    /// Start of the element in the output.
    pub(crate) start: usize,
}

/// An open player.
pub(crate) struct OpenMedia {
    /// The source and the look of the player, as attributes.
    pub(crate) attributes: String,
    /// Its `source` elements.
    pub(crate) sources: String,
    pub(crate) has_source: bool,
}

/// The security that an element names.
pub(crate) struct NamedSecurity {
    pub(crate) code: SecurityCode,
    /// The quote page, on another host.
    pub(crate) quote: Option<String>,
}

/// An open mention.
pub(crate) struct OpenMention {
    pub(crate) page: String,
    /// Start of the mention in the output.
    pub(crate) start: usize,
}

/// The link of a mention in the output.
pub(crate) struct MentionLink {
    pub(crate) opening: Range<usize>,
    pub(crate) closing: Range<usize>,
}

/// The most prominent media of a child of the body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Media {
    Nothing,
    /// The chart of a quote site.
    Chart,
    /// A picture, a table or a rule.
    Other,
}

/// A state of the pass to go back to.
pub(crate) struct Checkpoint {
    pub(crate) out: usize,
    pub(crate) children: usize,
    pub(crate) child: Option<ChildCheckpoint>,
    pub(crate) depth: usize,
}

/// The lengths and the media of the current child.
pub(crate) struct ChildCheckpoint {
    pub(crate) text: usize,
    pub(crate) links: usize,
    pub(crate) mentions: usize,
    pub(crate) media: Media,
}

/// The child of the body that is being read.
pub(crate) struct OpenChild<'h> {
    pub(crate) start: usize,
    pub(crate) is_quote: bool,
    /// True for loose text and spans, outside any block.
    pub(crate) is_loose: bool,
    pub(crate) text: String,
    pub(crate) links: Vec<ChildLink<'h>>,
    pub(crate) mentions: Vec<MentionLink>,
    pub(crate) media: Media,
}

impl OpenChild<'_> {
    /// Ends a line of the text. Lines are separated by a blank line, since a single line break may be soft.
    pub(crate) fn end_line(&mut self) {
        self.text.push_str("\n\n");
    }
}
