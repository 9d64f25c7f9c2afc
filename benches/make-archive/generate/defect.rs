//! Defects that some files of every large archive have.

use super::post::Post;

/// The number of kinds that [`add`] knows.
pub(super) const KINDS: usize = 9;

/// Gives a post the defect number `kind`, which is below [`KINDS`].
pub(super) fn add(post: &mut Post, slug: &str, kind: usize) {
    let Post { title, date, category, tags, link, .. } = &*post;
    let quoted = format!("title: \"{title}\"");
    post.text = match kind {
        // Unescaped quotes in the title.
        0 => {
            let (start, middle, end) = (part(title, 0, 4), part(title, 4, 8), part(title, 8, usize::MAX));
            post.text.replacen(&quoted, &format!("title: \"{start}\"{middle}\"{end}\""), 1)
        }
        // No date, neither in the front matter nor in the file name.
        1 => {
            let text = post.text.replacen(&format!("date: {date}"), "date:  +0800", 1);
            post.name = format!("-{slug}.md");
            text
        }
        // A category with spaces.
        2 => post.text.replacen(
            &format!("categories: {category}"),
            &format!("categories: Career In {category}"),
            1,
        ),
        3 => post.text.replace('\n', "\r\n"),
        // A byte order mark.
        4 => format!("\u{feff}{}", post.text),
        // No source link.
        5 => post.text.replacen(link, "<>", 1),
        // Front matter without its closing fence.
        6 => post.text.replacen("\n---\n", "\n", 1),
        // No tags.
        7 => post.text.replacen(tags, "", 1),
        // An unquoted title that YAML parses differently.
        _ => post.text.replacen(&quoted, &format!("title: {title}: 续 [快讯] #1"), 1),
    };
}

fn part(text: &str, start: usize, end: usize) -> String {
    text.chars().skip(start).take(end - start).collect()
}
