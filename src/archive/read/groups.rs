//! The categories and tags of a post (Jekyll's `document.rb`).

use crate::archive::jekyll::front_matter::{Field, FrontMatter};

/// The categories in Jekyll's order: from the path, the defaults, the front matter, then `category`.
pub(super) fn categories(path: &str, given: &[(String, Field)], front: &FrontMatter) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |names: Vec<String>| {
        for name in names {
            if !name.is_empty() && !all.contains(&name) {
                all.push(name);
            }
        }
    };
    if path.split('/').any(|part| part == "_posts") {
        // Jekyll searches for the letters, not for the name of a folder: `old_posts/_posts` gives `old`.
        let above = path.split_once("_posts").map_or("", |(above, _)| above);
        add(above.split('/').map(Into::into).collect());
    }
    let given = FrontMatter::new(given.to_vec());
    add(given.strings("categories", true));
    add(front.strings("categories", true));
    let own = if front.has("category") { front } else { &given };
    add(own.strings("category", false));
    all
}

/// Returns the tags: `tag` replaces `tags`, and a text under `tags` is split at white space.
pub(super) fn tags(front: &FrontMatter) -> Vec<String> {
    let tags = if front.has("tag") { front.strings("tag", false) } else { front.strings("tags", true) };
    let mut once: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        if !tag.is_empty() && !once.contains(&tag) {
            once.push(tag);
        }
    }
    once
}
