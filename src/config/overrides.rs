//! The flags of the command line that override other sources of settings.

use crate::config::settings;

/// The flags of the command line, such as `admin-listen`, each with its value. All values are as typed, so that
/// the error for an invalid value is the same for each source.
#[derive(Debug, Clone, Default)]
pub struct Overrides(pub Vec<(&'static str, String)>);

impl Overrides {
    /// Returns the values of the flag of a key in their order.
    pub(super) fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(flag, _)| settings::key(flag) == key);
        values.map(|(_, value)| value.as_str())
    }
}
