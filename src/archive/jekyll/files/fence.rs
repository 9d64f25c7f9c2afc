//! Detects front matter by the first line of a file (`Utils.has_yaml_header?`), without reading the rest.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::archive::jekyll::files::entry::extension;

/// Bytes that are read of a file; a fence with more white space is not front matter.
const HEAD: u64 = 64;

/// Extensions of files whose content is not text.
const MEDIA: [&str; 46] = [
    "7z", "aac", "apk", "avi", "avif", "bin", "bmp", "bz2", "doc", "docx", "eot", "epub", "exe", "flac",
    "gif", "gz", "ico", "jar", "jpeg", "jpg", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "ogg", "ogv", "otf",
    "pdf", "png", "ppt", "pptx", "rar", "tar", "tif", "tiff", "ttf", "wasm", "wav", "webm", "webp", "woff",
    "woff2", "xz", "zip",
];

/// Returns whether the extension of a file allows front matter. Images, which may be many, need not be opened.
pub(crate) fn may_have_front_matter(path: &str) -> bool {
    let extension = extension(path);
    !MEDIA.iter().any(|media| media.eq_ignore_ascii_case(extension))
}

/// Returns whether Jekyll finds front matter in a file: the first line is a fence.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn has_front_matter(file: &Path) -> io::Result<bool> {
    head(file).map(|head| opens_with_fence(&head))
}

/// Returns whether a fence is the first text of a file, perhaps after white space.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn begins_with_fence(file: &Path) -> io::Result<bool> {
    head(file).map(|head| opens_with_fence(head.trim_ascii_start()))
}

/// The first bytes of a file, without a byte order mark and the zeros of UTF-16 and UTF-32.
fn head(file: &Path) -> io::Result<Vec<u8>> {
    // Without this flag, opening a pipe blocks until a writer opens it. The flag has no effect on files.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(file)?;
    let mut head = Vec::with_capacity(HEAD as usize);
    file.take(HEAD).read_to_end(&mut head)?;
    Ok(plain(&head))
}

fn plain(head: &[u8]) -> Vec<u8> {
    match head {
        // UTF-16 or UTF-32 with a byte order mark.
        [0xFF, 0xFE, rest @ ..] | [0xFE, 0xFF, rest @ ..] | [0, 0, 0xFE, 0xFF, rest @ ..] => {
            rest.iter().copied().filter(|b| *b != 0).collect()
        }
        _ => head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).to_vec(),
    }
}

fn opens_with_fence(text: &[u8]) -> bool {
    let Some(opened) = text.strip_prefix(b"---") else { return false };
    opened.split(|b| *b == b'\n').next().unwrap_or_default().iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fence_on_the_first_line_opens_front_matter() {
        let table: [(&[u8], bool); 13] = [
            (b"---\ntitle: a\n---\n", true),
            (b"---  \r\n---\r\n", true),
            (b"---", true),
            (b"\xEF\xBB\xBF---\n", true),
            (b"\xFF\xFE-\0-\0-\0\n\0a\0", true),
            (b"\xFE\xFF\0-\0-\0-\0\n", true),
            (b"\xFF\xFE\0\0-\0\0\0-\0\0\0-\0\0\0\n\0\0\0", true),
            (b"\0\0\xFE\xFF\0\0\0-\0\0\0-\0\0\0-\0\0\0\n", true),
            (b"----\n", false),
            (b"--- a\n", false),
            (b"\n---\n", false),
            (b"", false),
            (b"<p>", false),
        ];
        for (head, expected) in table {
            assert_eq!(opens_with_fence(&plain(head)), expected, "{head:?}");
        }
    }

    #[test]
    fn fence_after_white_space_is_front_matter_to_finews_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.md");
        std::fs::write(&file, "\n \n---\ntitle: a\n---\n").expect("a file");
        assert!(!has_front_matter(&file).expect("a file") && begins_with_fence(&file).expect("a file"));
    }

    #[test]
    fn named_pipe_has_no_front_matter_and_does_not_block() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe.txt");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        assert!(!has_front_matter(&pipe).expect("an end"));
    }

    #[test]
    fn media_files_never_have_front_matter() {
        for (path, expected) in [
            ("a/b.png", false),
            ("B.JPG", false),
            ("a.json", true),
            ("CNAME", true),
            ("png", true),
            ("x.png.txt", true),
        ] {
            assert_eq!(may_have_front_matter(path), expected, "{path}");
        }
    }
}
