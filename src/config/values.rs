//! Settings that are more than a text: what each of them can be.

use std::str::FromStr;
use std::time::Duration;

/// A setting with a default, which says what it allows.
pub(super) trait Value: FromStr + Default {
    /// For the error about what it does not allow.
    const ALLOWED: &str;
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

impl Value for LogFormat {
    const ALLOWED: &str = "text or json";
}

/// What a date with seconds but without a zone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NaiveDates {
    /// UTC, as YAML and so Jekyll read it.
    #[default]
    Utc,
    /// Local to the site, as its authors mostly meant it.
    Local,
}

impl FromStr for NaiveDates {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "utc" => Ok(Self::Utc),
            "local" => Ok(Self::Local),
            _ => Err(()),
        }
    }
}

/// What becomes of images of posts that are on other hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Images {
    /// They are shown.
    #[default]
    Show,
    /// They are shown when a reader clicks on their text.
    Click,
    /// Their text is shown.
    Off,
}

impl FromStr for Images {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "show" => Ok(Self::Show),
            "click" => Ok(Self::Click),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

/// How changes of files are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watching {
    /// By the events of the file system, within a moment.
    #[default]
    Events,
    /// By looking at all of them every few seconds, for volumes where events do not travel.
    Poll,
    /// Not at all before the next start, SIGHUP, or `rescan`.
    Off,
}

impl FromStr for Watching {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "events" => Ok(Self::Events),
            "poll" => Ok(Self::Poll),
            // YAML reads `off` as false in some places.
            "off" | "false" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

impl Value for Watching {
    const ALLOWED: &str = "events, poll or off";
}

/// How many connections there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Connections {
    /// As many as the system gives the process files for.
    #[default]
    OfSystem,
    /// So many.
    Most(usize),
}

impl FromStr for Connections {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.parse() {
            Ok(0) | Err(_) => Err(()),
            Ok(most) => Ok(Self::Most(most)),
        }
    }
}

impl Value for Connections {
    const ALLOWED: &str = "a number of connections, such as 1000";
}

/// A number of bytes, as `256M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub u64);

impl Default for ByteSize {
    fn default() -> Self {
        Self(256 << 20)
    }
}

impl FromStr for ByteSize {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, unit) = split_unit(text);
        let shift = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return Err(()),
        };
        let bytes = number.parse::<u64>().map_err(|_| ())?.checked_mul(1 << shift);
        bytes.map(Self).ok_or(())
    }
}

impl Value for ByteSize {
    const ALLOWED: &str = "a number of bytes, such as 256M (0: none)";
}

/// How often something is done, as `10m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval(pub Option<Duration>);

impl Default for Interval {
    fn default() -> Self {
        Self(Some(Duration::from_secs(600)))
    }
}

impl FromStr for Interval {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if matches!(text, "off" | "false" | "0") {
            return Ok(Self(None));
        }
        let (number, unit) = split_unit(text);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(()),
        };
        let count = number.parse::<u64>().map_err(|_| ())?;
        let every = count.checked_mul(seconds).filter(|every| *every > 0).ok_or(())?;
        Ok(Self(Some(Duration::from_secs(every))))
    }
}

impl Value for Interval {
    const ALLOWED: &str = "a time, such as 30s, 10m or 1h, or off";
}

/// `10m` → `10` and `m`.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}
