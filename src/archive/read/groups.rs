//! Which categories and tags a post is in (Jekyll's `document.rb`).

use crate::archive::front_matter::{Field, FrontMatter};

/// Jekyll's order (`document.rb`): from the path, the defaults, the front matter, then `category`.
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
        // Not the name of a folder is looked for but the letters: of `old_posts/_posts` it is `old`.
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

/// `tag` replaces `tags`; a text under `tags` is split on white space.
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
