//! Types of settings that are more than a text, with their parsers.

use std::fmt;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::error::{ConfigError, Origin};

/// A value with a description of what is valid.
pub trait SettingValue: Sized {
    /// The valid values, for the error message.
    const ALLOWED: &str;

    /// Parses a value as written. Returns `None` if it is invalid.
    fn from_text(text: &str) -> Option<Self>;
}

/// Parses a value as written. The origin is for the error message.
pub(super) fn parsed<T: SettingValue>((text, origin): (String, Origin)) -> Result<T, ConfigError> {
    T::from_text(&text).ok_or_else(|| ConfigError::value(origin, &text, T::ALLOWED))
}

/// The number of posts of a feed.
impl SettingValue for NonZeroUsize {
    const ALLOWED: &str = "a number of posts, at least 1";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Plain text for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl SettingValue for LogFormat {
    const ALLOWED: &str = "text or json";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("text", Self::Text), ("json", Self::Json)])
    }
}

/// Time zone of a date with seconds but without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NaiveDates {
    /// UTC, as in YAML and therefore in Jekyll.
    #[default]
    Utc,
    /// The site's time zone, which most authors mean.
    Local,
}

impl SettingValue for NaiveDates {
    const ALLOWED: &str = "utc or local";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("utc", Self::Utc), ("local", Self::Local)])
    }
}

/// How pages show images of posts that are on other hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ImageMode {
    /// The page loads the image.
    #[default]
    Show,
    /// The page shows the alternative text, and the image after a click on it.
    Click,
    /// The page shows only the alternative text.
    Off,
}

impl SettingValue for ImageMode {
    const ALLOWED: &str = "show, click or off";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("show", Self::Show), ("click", Self::Click), ("off", Self::Off)])
    }
}

/// How articles show the charts of quote sites that stand in front of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ChartMode {
    /// Small, beside the first paragraph.
    #[default]
    Show,
    /// Not at all.
    Off,
}

impl SettingValue for ChartMode {
    const ALLOWED: &str = "show or off";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("show", Self::Show), ("off", Self::Off)])
    }
}

/// kramdown's `toc_levels`: the levels of the headings in a table of contents, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TocLevels(u8);

impl Default for TocLevels {
    fn default() -> Self {
        Self(0b111_1110)
    }
}

impl TocLevels {
    /// Returns whether headings of a level are in the table.
    pub fn contains(self, level: usize) -> bool {
        (1..=6).contains(&level) && self.0 & (1 << level) != 0
    }
}

impl SettingValue for TocLevels {
    const ALLOWED: &str = "levels from 1 to 6, such as 2..3 or 1,2";

    fn from_text(text: &str) -> Option<Self> {
        let level = |text: &str| text.trim().parse::<u8>().ok().filter(|level| (1..=6).contains(level));
        let bit = |level: u8| 1_u8 << level;
        if let Some((first, last)) = text.split_once("..") {
            let levels = level(first)?..=level(last)?;
            return Some(Self(levels.map(bit).sum()));
        }
        text.split(',')
            .map(|text| level(text).map(bit))
            .try_fold(0_u8, |bits, bit| Some(bits | bit?))
            .map(Self)
    }
}

/// How file changes are detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchMode {
    /// By file system events, within a moment.
    Events,
    /// By a scan of all files every few seconds, for volumes that deliver no events.
    Poll,
    /// Only at the next start, SIGHUP or `rescan`.
    Off,
}

impl SettingValue for WatchMode {
    const ALLOWED: &str = "events, poll or off";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("events", Self::Events), ("poll", Self::Poll), ("off", Self::Off)])
    }
}

/// Whether other servers are notified of new posts. One of several instances of a site should notify them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcements(pub bool);

impl SettingValue for Announcements {
    const ALLOWED: &str = "on or off";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("on", Self(true)), ("true", Self(true)), ("off", Self(false))])
    }
}

/// Maximum concurrent connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConnectionLimit {
    /// The open-file limit of the process minus a reserve.
    #[default]
    OpenFiles,
    /// This number, if the open-file limit allows it.
    AtMost(usize),
}

impl SettingValue for ConnectionLimit {
    const ALLOWED: &str = "a number of connections, such as 1000";

    fn from_text(text: &str) -> Option<Self> {
        text.parse::<usize>().ok().filter(|most| *most > 0).map(Self::AtMost)
    }
}

/// Maximum concurrent requests that have to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimit(pub usize);

impl SettingValue for RequestLimit {
    const ALLOWED: &str = "a number of requests, such as 512";

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().filter(|most| *most > 0).map(Self)
    }
}

/// Maximum searches per minute from one client address; `None` for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchRate(pub Option<NonZeroU32>);

impl SettingValue for SearchRate {
    const ALLOWED: &str = "a number of searches per minute, such as 120, or off";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("off", Self(None))]).or_else(|| text.parse().ok().map(|rate| Self(Some(rate))))
    }
}

/// A proxy whose forwarded client address is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedProxy {
    /// A proxy with an address in this network.
    Net(IpNet),
    /// A proxy that connects through a Unix socket.
    Unix,
}

impl SettingValue for TrustedProxy {
    const ALLOWED: &str = "a network or IP address, such as 10.0.0.0/8 or ::1, or unix";

    fn from_text(text: &str) -> Option<Self> {
        if text == "unix" {
            return Some(Self::Unix);
        }
        let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        net.map(Self::Net).ok()
    }
}

/// The header in which trusted proxies forward the client address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProxyHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl SettingValue for ProxyHeader {
    const ALLOWED: &str = "x-forwarded-for or forwarded";

    fn from_text(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        one_of(&text, &[("x-forwarded-for", Self::XForwardedFor), ("forwarded", Self::Forwarded)])
    }
}

/// The requests that are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLog {
    /// No requests.
    Off,
    /// Requests that failed because of a server error.
    Errors,
    /// All requests.
    All,
}

impl SettingValue for AccessLog {
    const ALLOWED: &str = "all, errors or off";

    fn from_text(text: &str) -> Option<Self> {
        one_of(text, &[("off", Self::Off), ("errors", Self::Errors), ("all", Self::All)])
    }
}

/// The address of a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// `host:port`.
    Tcp(String),
    /// `unix:/path`.
    Unix(PathBuf),
}

impl SettingValue for ListenAddress {
    const ALLOWED: &str = "host:port, such as 127.0.0.1:8080, or unix:/path";

    fn from_text(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return (!path.is_empty()).then(|| Self::Unix(path.into()));
        }
        let is_valid = text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(char::is_whitespace) && port.parse::<u16>().is_ok()
        });
        is_valid.then(|| Self::Tcp(text.into()))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A number of bytes, written like `256M`. Units are powers of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl SettingValue for ByteSize {
    const ALLOWED: &str = "a size in bytes, such as 256M, or 0 for none";

    fn from_text(text: &str) -> Option<Self> {
        let (number, unit) = split_unit(text);
        let shift = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(1 << shift).map(Self)
    }
}

/// The time between two runs, written like `10m`; `None` if it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(pub Option<Duration>);

impl SettingValue for Interval {
    const ALLOWED: &str = "a duration, such as 30s, 10m or 1h, or off";

    fn from_text(text: &str) -> Option<Self> {
        if matches!(text, "off" | "false" | "0") {
            return Some(Self(None));
        }
        let (number, unit) = split_unit(text);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let count = number.parse::<u64>().ok()?;
        let every = count.checked_mul(seconds).filter(|every| *every > 0)?;
        Some(Self(Some(Duration::from_secs(every))))
    }
}

/// Splits `10m` into `10` and `m`.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}

/// Returns the value that a word stands for. YAML reads `off` as false in some places.
fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    let text = if text == "false" { "off" } else { text };
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
}
