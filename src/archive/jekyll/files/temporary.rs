//! Names of temporary and backup files, which programs leave beside the files that they write. Jekyll publishes
//! most of them.

/// Endings of temporary and backup files. A number may follow, as in `bak2`.
const ENDINGS: [&str; 21] = [
    "aria2",
    "backup",
    "bak",
    "crdownload",
    "download",
    "filepart",
    "new",
    "old",
    "opdownload",
    "orig",
    "part",
    "partial",
    "rej",
    "save",
    "swn",
    "swo",
    "swp",
    "swx",
    "temp",
    "tmp",
    "vsctmp",
];

/// Endings of Markdown files.
const MARKDOWN: [&str; 5] = ["markdown", "md", "mkd", "mkdn", "mkdown"];

/// Endings of other text files.
const TEXTS: [&str; 11] = ["css", "csv", "htm", "html", "js", "json", "svg", "txt", "xhtml", "xml", "yml"];

/// Endings after that of a text file that name a format.
const FORMATS: [&str; 9] = ["asc", "base64", "brotli", "erb", "gz", "jinja2", "liquid", "sample", "sig"];

/// Beginnings of hidden temporary files: of Emacs, LibreOffice, NFS, FUSE and GLib.
const HIDDEN: [&str; 5] = [".#", ".~", ".nfs", ".fuse_hidden", ".goutputstream-"];

/// Length of the random part of a name by mkstemp(3): `2024-01-02-a.md.Xa3bQ9`, `sedXa3bQ9`.
const RANDOM: usize = 6;

/// Returns whether a file name is that of a temporary or backup file: of an unfinished download or copy, of an
/// editor, of `sed -i`, `rsync` or `patch`, or of a synchronisation conflict.
pub(crate) fn is_temporary(name: &str) -> bool {
    let is_marked = name.ends_with('~')
        || name.starts_with('#') && name.ends_with('#')
        || HIDDEN.iter().any(|start| name.starts_with(start));
    if is_marked || is_conflicting(name) {
        return true;
    }
    let Some((stem, ending)) = name.rsplit_once('.') else { return is_bare_temporary(name) };
    if matches!(ending, "md" | "html" | "markdown") {
        // The endings of nearly all files.
        return stem.contains(['.', '_']) && is_copy(stem, ending);
    }
    let before = stem.rsplit_once('.').map_or(stem, |(_, before)| before);
    is_temporary_ending(ending)
        || is_joined_ending(ending)
        || is_temporary_ending(before) && is_suffix(ending)
        || is_listed(&MARKDOWN, before) && !is_format(ending)
        || is_listed(&TEXTS, before) && is_suffix(ending)
        || is_copy(stem, ending)
}

/// Returns whether a name without an ending is that of a temporary file: `4913` of Vim, `sedXa3bQ9`, and
/// `tmp8f3k_2aq` of Python.
fn is_bare_temporary(name: &str) -> bool {
    let after = |start: &str| name.strip_prefix(start).unwrap_or_default();
    name == "4913"
        || after("sed").len() == RANDOM && is_random(after("sed"))
        || (RANDOM..=RANDOM + 4).contains(&after("tmp").len()) && is_random(after("tmp"))
}

/// Returns whether an ending alone marks a temporary file: `bak`, `bak2`, `tmp-1234`, `!sync` of Resilio,
/// `sb-1a2b3c4d-Xa3bQ9` of macOS, and `md___jb_tmp___` of JetBrains' editors.
fn is_temporary_ending(ending: &str) -> bool {
    let base = ending.trim_end_matches(|c: char| c.is_ascii_digit());
    // `.part2` is a part of a divided file.
    let is_numbered = base.len() < ending.len() && base != "part" && is_listed(&ENDINGS, base);
    let after_tmp = ending.strip_prefix("tmp").map(|rest| rest.trim_start_matches(['-', '_']));
    is_listed(&ENDINGS, ending)
        || is_numbered
        || after_tmp.is_some_and(|rest| is_number(rest) || rest.len() >= RANDOM && is_random(rest))
        || ending.starts_with('!')
        || ending.starts_with("sb-")
        || ending.contains("___jb_")
}

/// Returns whether more text follows the ending of a text file without a dot: random text or a long number as in
/// `mdXa3bQ9`, or the mark of a copy as in `md_tmp` and `html-old`. After that of a Markdown file, any sign begins such
/// a mark: `md (1)`.
fn is_joined_ending(ending: &str) -> bool {
    let after = |text: &&str| {
        let (start, rest) = ending.split_at_checked(text.len())?;
        start.eq_ignore_ascii_case(text).then_some(rest)
    };
    let is_unfinished = |rest: &str| {
        let mark = rest.strip_prefix(['-', '_', '~']);
        rest.len() == RANDOM && is_random(rest)
            || rest.len() >= RANDOM && rest.bytes().all(|b| b.is_ascii_digit())
            || mark.is_some_and(|mark| is_temporary_ending(mark) || is_number(mark))
    };
    let begins_with_sign = |rest: &str| rest.starts_with(|c: char| !c.is_alphanumeric());
    MARKDOWN.iter().filter_map(after).any(begins_with_sign)
        || MARKDOWN.iter().chain(&TEXTS).filter_map(after).any(is_unfinished)
}

/// Returns whether the part of a name before its ending marks a copy: `a.md.tmp` of `a.md.tmp.md`, and `a.md.BASE`,
/// `a.md.LOCAL.123` and `a_REMOTE_123` of `git mergetool`.
fn is_copy(stem: &str, ending: &str) -> bool {
    const SIDES: [&str; 4] = ["BACKUP", "BASE", "LOCAL", "REMOTE"];
    if let Some((name, mark)) = stem.rsplit_once('.')
        && name.rsplit_once('.').is_some_and(|(_, before)| before.eq_ignore_ascii_case(ending))
        && (is_temporary_ending(mark) || SIDES.contains(&mark))
    {
        return true;
    }
    // The number is that of the process.
    let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_side = |separator: char| {
        let name = name.strip_suffix(separator).and_then(|name| name.rsplit_once(separator));
        name.is_some_and(|(_, side)| SIDES.contains(&side))
    };
    name.len() < stem.len() && (is_side('.') || is_side('_'))
}

/// Returns whether an ending after that of a text file is a number, a time or random.
fn is_suffix(ending: &str) -> bool {
    is_number(ending) || !is_format(ending) && ending.len() >= RANDOM && is_random(ending)
}

/// Returns whether an ending after that of a text file names another format of it. After that of a Markdown file,
/// every other ending is that of a copy or of an unfinished file.
fn is_format(ending: &str) -> bool {
    is_listed(&FORMATS, ending) || is_listed(&TEXTS, ending) || ending.starts_with("sha")
}

/// Returns whether a text is a number or a time: `1234`, `2024-01-02`, `20240102T0304`.
fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'_' | b':' | b'T' | b'Z'))
}

/// Returns whether a text has the characters of a random name, and not those of a word only.
fn is_random(text: &str) -> bool {
    let is_token = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_token && text.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

/// Returns whether a synchronising program named the file, because two machines had changed it: Syncthing's
/// `a.sync-conflict-20240102-030405-ABC.md`, and Dropbox's `a (Host's conflicted copy 2024-01-02).md`.
fn is_conflicting(name: &str) -> bool {
    let is_numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    name.contains("conflict")
        && (name.split_once(".sync-conflict-").is_some_and(|(_, rest)| is_numbered(rest))
            || name.split_once("conflicted copy ").is_some_and(|(_, rest)| is_numbered(rest)))
}

fn is_listed(endings: &[&str], ending: &str) -> bool {
    endings.iter().any(|listed| listed.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_temporary_files_are_recognised() {
        let endings = ".tmp .part .partial .filepart .crdownload .bak .orig .new .old .swp .swx .rej .BAK .bak2 \
                       .1234 .1 .20240305 .2024-03-05 .20240305T010203 .Xa3bQ9 .abcdef .ABCDEF .123456 .5f3e1b9c2d4a7 \
                       .tmp.1234 .bak.1 .1234.5678.tmp .tmp-1234 .tmp_x1y2z3 .tmpXa3bQ9 .!sync .sb-1a2b3c4d-Xa3bQ9 \
                       ___jb_tmp___ ___jb_old___ Xa3bQ9 123456789 ~ .~1~";
        for ending in endings.split_whitespace() {
            for stem in ["2024-03-05-two.md", "about.markdown"] {
                let name = format!("{stem}{ending}");
                assert!(is_temporary(&name), "{name}");
            }
        }
        let others = [
            "page.html.1234",
            "page.html.Xa3bQ9",
            "style.css.swp",
            "feed.xml123456",
            ".2024-03-05-two.md.Xa3bQ9",
            ".2024-03-05-two.md.swp",
            "2024-03-05-two.md.copy",
            "2024-03-05-two.md.dpkg-new",
            "2024-03-05-two.md.inprogress",
            "2024-03-05-two.md.lock",
            "2024-03-05-two.md.uploading",
            "2024-03-05-two.md.ut!",
            "#two.md#",
            ".#two.md",
            ".~lock.two.md#",
            ".nfs000000000001",
            ".goutputstream-Xa3bQ9",
            ".syncthing.two.md.tmp",
            "~syncthing~two.md.tmp",
            "2024-03-05-two.md_tmp",
            "2024-03-05-two.md-bak",
            "2024-03-05-two.MD_old",
            "2024-03-05-two.md (1)",
            "2024-03-05-two.md copy",
            "page.html_tmp",
            "page.html-1234",
            "2024-03-05-two.md.tmp.md",
            "2024-03-05-two.md.orig.md",
            "index.html.bak2.html",
            "2024-03-05-two.md.BASE.md",
            "2024-03-05-two.md.LOCAL.123.md",
            "2024-03-05-two.md.REMOTE.123.md",
            "2024-03-05-two.BACKUP.123.md",
            "2024-03-05-two_LOCAL_123.md",
            "2024-03-05-two_BASE_123.htm",
            "4913",
            "sedXa3bQ9",
            "sed1234aB",
            "tmp8f3k_2aq",
            "2024-03-05-two.sync-conflict-20240305-010203-ABCDEFG.md",
            "2024-03-05-two (Mac's conflicted copy 2024-03-05).md",
            "2024-03-05-two (conflicted copy 2024-03-05 010203).md",
        ];
        for name in others {
            assert!(is_temporary(name), "{name}");
        }
    }

    #[test]
    fn names_of_finished_files_are_not_temporary() {
        let names = "2024-03-05-two.md a.b.md a.html a.markdown a.MD index.html.erb a.html.liquid a.md.liquid \
                     page.js.coffee config.json.sample x.html.sha256 x.html.base64 x.html.jinja2 x.md5 a.mdown \
                     2024-01-01-version-1.0 finews.1 libx.so.1 disc.part2 archive.7z.001 v1.2.3 tmpl.html a.tmpl \
                     a.swf a.news a.bold a.partial.html a.bak.html tmp temp sediments sed tmpfiles 4914 49130 \
                     2024-03-05-the-conflict.md conflict.md 2024-03-05-a-conflicted-copy-2024.md a.txt.gz a.min.js \
                     favicon.ico robots.txt x.css.map .htaccess .well-known C# 2024-03-05-#1.md \
                     a.md.v2.md a.js.new.md a.tmp.md a_local_123.md LOCAL_123.md a.BASE.md a.LOCAL.md a_2024.md a.html-erb \
                     a.md.gz";
        for name in names.split_whitespace() {
            assert!(!is_temporary(name), "{name}");
        }
    }
}
