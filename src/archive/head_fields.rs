//! Front matter of a post or page that only its head, feeds and data lines use.

use serde::{Deserialize, Serialize};

/// The fields that override what finews takes from the body and the URL; a field is empty if the front matter
/// lacks it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeadFields {
    /// `description` or `summary`, as plain text.
    pub description: Box<str>,
    /// `image`: a path of this site without `baseurl`, or an HTTP(S) URL.
    pub image: Box<str>,
    /// The alternative text of the image.
    pub image_alt: Box<str>,
    /// `canonical_url`: the HTTP(S) URL of the first publication.
    pub canonical_url: Box<str>,
}
