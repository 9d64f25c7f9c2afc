//! The securities and sectors that a scraped body names.

use std::collections::HashMap;
use std::str::FromStr;

/// A canonical code: `600160.SH`, `00700.HK`, `NIO.US`, or a sector's `BK0493`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityCode(Box<str>);

/// A security that a body mentions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Security {
    /// The canonical code.
    pub code: SecurityCode,
    /// The name given by the first mention that has one, else empty.
    pub name: String,
    /// The URL of the quote page, from the first link to one.
    pub quote: Option<String>,
}

impl SecurityCode {
    /// The canonical code, such as `600160.SH`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the code is a sector's.
    pub fn is_board(&self) -> bool {
        is_board(&self.0)
    }

    /// Returns whether the code is a stock's or fund's, not a sector's or an index's.
    pub(super) fn is_stock(&self) -> bool {
        let is_index = match self.0.split_once('.') {
            Some((code, "SH")) => code.starts_with("000"),
            Some((code, "SZ")) => code.starts_with("399"),
            _ => false,
        };
        !self.is_board() && !is_index
    }

    /// The path of the security's page, without `baseurl`, as `web::paths` writes it.
    pub fn page(&self) -> String {
        format!("/{}/{}.html", if self.is_board() { "board" } else { "stock" }, self.0)
    }

    /// Converts a market number and a code as the quote site writes them.
    pub(super) fn from_market(market: &str, code: &str) -> Option<Self> {
        let code = code.trim().to_ascii_uppercase().replace('_', ".");
        let is_number = |len| code.len() == len && code.bytes().all(|b| b.is_ascii_digit());
        let canonical = match market.trim() {
            "1" if is_number(6) => format!("{code}.SH"),
            "0" if is_number(6) && is_beijing(&code) => format!("{code}.BJ"),
            "0" if is_number(6) => format!("{code}.SZ"),
            "116" if code.len() <= 5 => format!("{code:0>5}.HK"),
            "105" | "106" | "107" => format!("{code}.US"),
            "90" => code,
            _ => return None,
        };
        canonical.parse().ok()
    }

    /// Parses a `data-code` attribute: `1,600160`, or `[K ]CODE|MARKET|TYPE` on an image.
    pub(super) fn from_data_attribute(data: &str) -> Option<Self> {
        if let Some((market, code)) = data.split_once(',') {
            return Self::from_market(market, code);
        }
        let mut parts = data.strip_prefix("K ").unwrap_or(data).split('|');
        let (code, market) = (parts.next()?, parts.next()?);
        parts.next()?;
        Self::from_market(market, code)
    }
}

/// Returns whether a canonical code is a sector's: sector codes have no market suffix.
pub fn is_board(code: &str) -> bool {
    !code.contains('.')
}

/// The Beijing exchange shares Shenzhen's market number; the first digits of a code distinguish them.
fn is_beijing(code: &str) -> bool {
    code.starts_with(['4', '8']) || code.starts_with("92")
}

impl FromStr for SecurityCode {
    type Err = ();

    /// Parses a canonical code.
    fn from_str(text: &str) -> Result<Self, ()> {
        let is_digits = |code: &str, len| code.len() == len && code.bytes().all(|b| b.is_ascii_digit());
        let is_valid = match text.rsplit_once('.') {
            Some((code, "SH" | "SZ" | "BJ")) => is_digits(code, 6),
            Some((code, "HK")) => is_digits(code, 5),
            Some((code, "US")) => {
                let is_code =
                    |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-');
                (1..=12).contains(&code.len()) && code.bytes().all(is_code) && !code.starts_with('.')
            }
            Some(_) => false,
            None => text.strip_prefix("BK").is_some_and(|number| is_digits(number, 4)),
        };
        if is_valid { Ok(Self(text.into())) } else { Err(()) }
    }
}

/// The securities of a body, each code once, in the order of first mention.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    pub(super) all: Vec<Security>,
    places: HashMap<SecurityCode, usize>,
}

impl Mentions {
    /// Adds a mention. The first non-empty name and the first quote page of a code are kept.
    pub(super) fn add(&mut self, code: SecurityCode, name: &str, quote: Option<String>) {
        let at = *self.places.entry(code).or_insert_with_key(|code| {
            self.all.push(Security { code: code.clone(), name: String::new(), quote: None });
            self.all.len() - 1
        });
        let known = &mut self.all[at];
        if known.name.is_empty() {
            known.name.push_str(name.trim());
        }
        known.quote = known.quote.take().or(quote);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_codes_are_normalised_invalid_ones_rejected() {
        for (data, expected) in [
            ("1,600160", Some("600160.SH")),
            ("0,300343", Some("300343.SZ")),
            ("0,000001", Some("000001.SZ")),
            ("0,830799", Some("830799.BJ")),
            ("0,430047", Some("430047.BJ")),
            ("0,920002", Some("920002.BJ")),
            ("116,00700", Some("00700.HK")),
            ("116,700", Some("00700.HK")),
            ("106,NIO", Some("NIO.US")),
            ("105,aapl", Some("AAPL.US")),
            ("107,BRK_B", Some("BRK.B.US")),
            ("90,BK0493", Some("BK0493")),
            ("NIO|106|7", Some("NIO.US")),
            ("K NIO|106|7", Some("NIO.US")),
            ("600160|1|2", Some("600160.SH")),
            ("NIO|106", None),
            ("1,60016", None),
            ("1,<b>", None),
            ("106,../x", None),
            ("999,600160", None),
            ("", None),
        ] {
            assert_eq!(
                SecurityCode::from_data_attribute(data).as_ref().map(SecurityCode::as_str),
                expected,
                "{data}"
            );
        }
        assert!(SecurityCode::from_market("90", "BK0493").is_some_and(|code| code.is_board()));
        assert!("600160".parse::<SecurityCode>().is_err());
    }

    #[test]
    fn repeated_mentions_merge_under_the_first_name() {
        let mut mentions = Mentions::default();
        for (data, name) in
            [("NIO|106|7", ""), ("1,600160", "甲股份"), ("106,NIO", " 乙汽车 "), ("106,NIO", "丙")]
        {
            let quote = (!name.is_empty()).then(|| format!("https://q.example/{name}"));
            mentions.add(SecurityCode::from_data_attribute(data).expect("a code"), name, quote);
        }
        let quotes = mentions.all.iter().map(|s| s.quote.as_deref()).collect::<Vec<_>>();
        assert_eq!(quotes, [Some("https://q.example/ 乙汽车 "), Some("https://q.example/甲股份")]);
        let all = mentions.all.iter().map(|s| (s.code.as_str(), s.name.as_str())).collect::<Vec<_>>();
        assert_eq!(all, [("NIO.US", "乙汽车"), ("600160.SH", "甲股份")]);
    }
}
