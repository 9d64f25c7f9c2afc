//! Ports of Jekyll's rules. Each file names the Ruby file that it follows; a change needs the oracle's cases.

pub mod date;
pub mod defaults;
pub mod files;
pub mod front_matter;
pub mod permalink;
pub mod slug;
