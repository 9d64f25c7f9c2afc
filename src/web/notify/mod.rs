//! Notifications of new posts: to readers over `/live`, and to other servers.

pub mod live;
mod recent_events;
pub mod websub;
