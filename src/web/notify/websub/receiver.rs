//! The receivers of notifications, and the properties in which they differ.

/// The kind of receiver, which determines the content and format of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReceiverKind {
    /// A hub receives the URLs of the feeds with new posts, as a form.
    Hub,
    /// The operator's URL receives the URLs of new posts, as JSON.
    Owner,
}

impl ReceiverKind {
    /// The name of the receiver's setting. Logs show it instead of the URL, which may hold a secret.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Hub => "finews.websub.hub",
            Self::Owner => "finews.on_publish",
        }
    }

    /// Maximum number of URLs in one request.
    pub(super) fn max_batch(self) -> usize {
        match self {
            Self::Hub => 100,
            Self::Owner => 1000,
        }
    }
}
