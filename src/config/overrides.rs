//! The flags of the command line that override other sources of settings.

/// The flags of the command line, each with a value. All values are as typed, so that the error for an invalid
/// value is the same for each source.
#[derive(Debug, Clone, Default)]
pub struct Overrides(pub Vec<(&'static str, String)>);

impl Overrides {
    /// Returns the values of a flag in their order, such as those of `admin-listen`.
    pub(super) fn values(&self, flag: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| *name == flag).map(|(_, value)| value.as_str())
    }
}
