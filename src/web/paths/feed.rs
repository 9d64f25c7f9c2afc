//! The feeds that have a URL: the posts of a feed and its format.

use std::borrow::Cow;

use crate::archive::snapshot::{Group, GroupKind, List};
use crate::archive::{PostId, Snapshot};

/// The format of a feed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedFormat {
    /// Atom, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// The file extension in the feed's URL.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "xml",
            Self::Json => "json",
        }
    }
}

/// The posts of a feed, as its URL names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeedOf<'a> {
    /// All listed posts.
    All,
    /// The posts of a group, by its name or code.
    Group(GroupKind, Cow<'a, str>),
}

impl<'a> FeedOf<'a> {
    /// Returns the feeds of all groups that the story of a post belongs to.
    pub fn containing(archive: &'a Snapshot, id: PostId) -> impl Iterator<Item = Self> {
        let story = archive.story(id);
        let of_kind = move |kind| {
            let names = archive.group_names(&story, kind).into_iter();
            names.map(move |name| Self::Group(kind, archive.name(name).into()))
        };
        GroupKind::ALL.into_iter().flat_map(of_kind)
    }

    /// Returns the list of the feed's posts; `None` if the archive has no such group.
    pub fn posts<'s>(&self, archive: &'s Snapshot) -> Option<&'s List> {
        match self {
            Self::All => Some(archive.listed()),
            _ => self.group(archive).map(Group::posts),
        }
    }

    /// Returns the group of the feed's posts; `None` for the feed of all posts.
    pub(crate) fn group<'s>(&self, archive: &'s Snapshot) -> Option<&'s Group> {
        match self {
            Self::All => None,
            Self::Group(kind, name) => archive.group(*kind, name),
        }
    }
}
