//! Detects mounts below a site, because they cause no file events.

use std::fs;
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// Where Linux lists the mounts that this process sees (proc_pid_mountinfo(5)).
const MOUNTS: &str = "/proc/self/mountinfo";

/// A hash of the mounts at and below a site's folder; constant if the list of mounts cannot be read.
pub(super) fn below(site: &Path) -> u64 {
    let Ok(site) = site.canonicalize() else { return 0 };
    hash(&fs::read(MOUNTS).unwrap_or_default(), site.as_os_str().as_encoded_bytes())
}

fn hash(mounts: &[u8], site: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    for line in mounts.split(|byte| *byte == b'\n') {
        // The fifth field is the mount point.
        let point = line.split(|byte| *byte == b' ').nth(4).map(unescaped).unwrap_or_default();
        if point.strip_prefix(site).is_some_and(|rest| matches!(rest.first(), None | Some(b'/'))) {
            hasher.update(line);
        }
    }
    hasher.digest()
}

/// Decodes a path of the list, which escapes white space and backslashes as octal numbers.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *byte == b'\\');
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        out.push(code.unwrap_or(*byte));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "22 1 8:1 / / rw - ext4 /dev/a rw\n";

    #[test]
    fn only_mounts_below_the_site_change_the_hash() {
        let with = |point: &str| {
            hash(format!("{ROOT}36 22 8:2 / {point} rw - ext4 /dev/b rw\n").as_bytes(), b"/my site")
        };
        let none = hash(ROOT.as_bytes(), b"/my site");
        assert_eq!(with("/elsewhere"), none);
        assert_eq!(with("/my\\040site-2"), none);
        assert_ne!(with("/my\\040site"), none);
        assert_ne!(with("/my\\040site/_posts"), none);
        assert_ne!(with("/my\\040site/_posts"), with("/my\\040site/market/_posts"));
    }
}
