//! The table of the settings that have a flag. The flags, the environment variables, the help, the defaults and
//! the keys below `finews:` follow from it; a test compares it with the reference in the README.

use crate::config::settings::SettingKind::{List, One};

/// A setting that a flag, an environment variable or the file can give.
#[derive(Debug)]
pub struct Setting {
    /// The name of the flag without `--`, such as `admin-listen`.
    pub flag: &'static str,
    /// The name of the flag's value in the help.
    pub value_name: &'static str,
    /// Whether the setting has one value or several.
    pub kind: SettingKind,
    text: &'static str,
}

/// Whether a setting has one value or several.
#[derive(Debug, Clone, Copy)]
pub enum SettingKind {
    /// One value, and its default as in the help.
    One(Option<&'static str>),
    /// A list: the flag is repeatable, and the variable has these separators between the values.
    List(&'static str),
}

/// The settings in the order of the help.
#[rustfmt::skip]
pub static SETTINGS: [Setting; 16] = [
    Setting { flag: "listen", value_name: "LISTEN", kind: One(Some("127.0.0.1:8080")), text: "Address of the public listener, host:port or unix:/path" },
    Setting { flag: "admin-listen", value_name: "ADMIN_LISTEN", kind: One(Some("127.0.0.1:9464")), text: "Address of the operator's listener, host:port or unix:/path" },
    Setting { flag: "url", value_name: "URL", kind: One(None), text: "Scheme and host of absolute URLs" },
    Setting { flag: "posts", value_name: "FOLDER", kind: List("colons"), text: "Folder of posts inside the site" },
    Setting { flag: "log-format", value_name: "LOG_FORMAT", kind: One(Some("text")), text: "Log format: text or json" },
    Setting { flag: "cache-dir", value_name: "FOLDER", kind: One(None), text: "Folder for the cached archive and search index, which speed up the next start" },
    Setting { flag: "page-cache", value_name: "BYTES", kind: One(Some("256M")), text: "Maximum memory for cached pages" },
    Setting { flag: "watch", value_name: "WATCH", kind: One(Some("events")), text: "How to detect file changes: events, poll or off" },
    Setting { flag: "rescan", value_name: "TIME", kind: One(Some("10m")), text: "Interval of the full scan of all files, or off" },
    Setting { flag: "announce", value_name: "SWITCH", kind: One(Some("on")), text: "Whether to notify the WebSub hub and finews.on_publish of new posts: on or off" },
    Setting { flag: "max-connections", value_name: "NUMBER", kind: One(Some("open-file limit minus a reserve")), text: "Maximum concurrent client connections" },
    Setting { flag: "max-requests", value_name: "NUMBER", kind: One(Some("512")), text: "Maximum concurrent requests that have to wait, such as for a file of the site" },
    Setting { flag: "search-rate", value_name: "NUMBER", kind: One(Some("120")), text: "Maximum searches per minute from one client address, or off" },
    Setting { flag: "trusted-proxy", value_name: "NETWORK", kind: List("commas"), text: "Trusted proxy (CIDR, IP or unix); its forwarded client address is used" },
    Setting { flag: "proxy-header", value_name: "HEADER", kind: One(Some("x-forwarded-for")), text: "Header with the forwarded client address: x-forwarded-for or forwarded" },
    Setting { flag: "access-log", value_name: "WHICH", kind: One(Some("errors")), text: "Requests to log: all, errors or off" },
];

impl Setting {
    /// Returns the description for the help, with the default and the environment variable.
    pub fn help(&self) -> String {
        let (text, variable) = (self.text, variable(&key(self.flag)));
        match self.kind {
            One(Some(default)) => format!("{text} [default: {default}] [env: {variable}]"),
            One(None) => format!("{text} [env: {variable}]"),
            List(separators) => format!("{text}; repeatable [env: {variable}, separated by {separators}]"),
        }
    }
}

/// Returns the key of a flag in the file, such as `admin_listen`.
pub(super) fn key(flag: &str) -> String {
    flag.replace('-', "_")
}

/// Returns the default of a key; empty if it has none.
pub(super) fn default(key: &str) -> &'static str {
    let setting = SETTINGS.iter().find(|setting| crate::config::settings::key(setting.flag) == key);
    match setting.map(|setting| setting.kind) {
        Some(One(Some(default))) => default,
        _ => "",
    }
}

/// Returns the environment variable of a key, such as `FINEWS_ADMIN_LISTEN`.
pub(super) fn variable(key: &str) -> String {
    format!("FINEWS_{}", key.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use crate::config::settings::*;

    #[test]
    fn help_names_the_default_and_the_variable() {
        let help = |flag: &str| SETTINGS.iter().find(|setting| setting.flag == flag).map(Setting::help);
        let table = [
            ("log-format", "Log format: text or json [default: text] [env: FINEWS_LOG_FORMAT]"),
            ("url", "Scheme and host of absolute URLs [env: FINEWS_URL]"),
            ("posts", "Folder of posts inside the site; repeatable [env: FINEWS_POSTS, separated by colons]"),
        ];
        for (flag, expected) in table {
            assert_eq!(help(flag).as_deref(), Some(expected));
        }
    }

    #[test]
    fn readme_reference_has_a_row_per_setting() {
        let readme = include_str!("../../README.md");
        let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `--")).collect();
        assert_eq!(rows.len(), SETTINGS.len());
        for (row, setting) in rows.iter().zip(&SETTINGS) {
            let key = key(setting.flag);
            let start = format!("| `--{}` | `{}` | ", setting.flag, variable(&key));
            let default = match setting.kind {
                One(Some(default)) if default.contains(' ') => default.to_owned(),
                One(Some(default)) => format!("`{default}` |"),
                _ => String::new(),
            };
            assert!(row.starts_with(&format!("{start}{default}")), "{row}");
            assert!(key == "url" || readme.contains(&format!("`finews.{key}`")), "{key}");
        }
    }
}
