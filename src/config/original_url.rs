//! `finews.original_url`: regular expressions of URLs of original articles, each with its replacement.

use regex::Regex;

use crate::config::error::ConfigError;
use crate::config::file::ConfigFile;
use crate::config::http_url::is_http_url;

/// Reads the pairs and validates both sides of each.
pub(super) fn read(file: &ConfigFile) -> Result<Vec<(String, String)>, ConfigError> {
    let key = ["finews", "original_url"];
    let pairs = file.pairs(&key)?;
    let invalid = |value: &str, reason: &str| ConfigError::invalid(&file.origin(&key), value, reason);
    for (pattern, replacement) in &pairs {
        let regex = Regex::new(pattern).map_err(|error| {
            let message = error.to_string();
            // The other lines show the place in the pattern.
            let reason = message.lines().last().unwrap_or_default();
            invalid(pattern, reason.trim_start_matches("error: "))
        })?;
        check(replacement, &regex).map_err(|reason| invalid(replacement, &reason))?;
    }
    Ok(pairs)
}

/// Returns the reason why a replacement cannot be used.
fn check(replacement: &str, pattern: &Regex) -> Result<(), String> {
    if !is_http_url(replacement) || replacement.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("expected a URL that begins with https:// or http:// and has no spaces".to_owned());
    }
    let has_group = |name: &str| {
        name.parse::<usize>().is_ok_and(|number| number < pattern.captures_len())
            || pattern.capture_names().flatten().any(|known| known == name)
    };
    match group_names(replacement).into_iter().find(|name| !has_group(name)) {
        Some(name) => Err(format!(
            "the pattern has no group `{name}`; `${{1}}x` separates the number of a group from text after it"
        )),
        None => Ok(()),
    }
}

/// Lists the groups that a replacement names as `$1`, `$name` or `${name}`; `$$` is a dollar sign.
fn group_names(replacement: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = replacement;
    while let Some((_, after)) = rest.split_once('$') {
        rest = after.strip_prefix('$').unwrap_or(after);
        if rest.len() < after.len() {
            continue;
        }
        let name = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map_or("", |(name, _)| name),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                &after[..end.unwrap_or(after.len())]
            }
        };
        names.extend(Some(name).filter(|name| !name.is_empty()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacement_groups_are_found_as_regex_reads_them() {
        for (replacement, names) in [
            ("https://a.example/$1/$name.html", vec!["1", "name"]),
            ("https://a.example/${1}x$2x", vec!["1", "2x"]),
            ("https://a.example/$$1?a=$", vec![]),
            ("https://a.example/${1", vec![]),
        ] {
            assert_eq!(group_names(replacement), names, "{replacement}");
        }
    }
}
