//! A link: its text and its target.

/// A link for a template.
#[derive(Debug, Clone)]
pub struct Link {
    /// The visible text.
    pub label: String,
    /// The target, ready for an `href` attribute.
    pub href: String,
}
