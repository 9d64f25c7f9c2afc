//! The settings of the server: its listeners, limits, caches and log, and how it detects file changes.

use std::path::PathBuf;

use crate::config::error::ConfigError;
use crate::config::layers::Layers;
use crate::config::values::{
    AccessLog, Announcements, ByteSize, ConnectionLimit, Interval, ListenAddress, LogFormat, ProxyHeader,
    RequestLimit, SearchRate, TrustedProxy, WatchMode,
};

/// Defines [`ServerSettings`]. A row has the name and the type of a setting, the method of [`Layers`] that reads
/// it, and its key. A reload does not apply the rows after `restart`.
macro_rules! server_settings {
    (
        restart
        $($(#[$doc:meta])+ $name:ident: $type:ty = $read:ident($key:literal);)+
        reload
        $($(#[$live_doc:meta])+ $live:ident: $live_type:ty = $live_read:ident($live_key:literal);)+
    ) => {
        /// The settings of the server. Pages do not depend on them.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct ServerSettings {
            $($(#[$doc])+ pub $name: $type,)+
            $($(#[$live_doc])+ pub $live: $live_type,)+
        }

        impl ServerSettings {
            pub(super) fn read(layers: &Layers<'_>) -> Result<Self, ConfigError> {
                Ok(Self {
                    $($name: layers.$read($key)?,)+
                    $($live: layers.$live_read($live_key)?,)+
                })
            }

            /// Returns the keys of settings that differ from those of the running program and need a restart.
            pub fn changes_needing_restart(&self, running: &Self) -> Vec<&'static str> {
                let settings = [$(($key, self.$name != running.$name)),+];
                settings.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
            }
        }
    };
}

server_settings! {
    restart
    /// Address of the public listener.
    listen: ListenAddress = parsed("listen");
    /// Address of the operator's listener; `None` if it is not configured.
    admin_listen: Option<ListenAddress> = optional("admin_listen");
    /// Format of log lines.
    log_format: LogFormat = parsed("log_format");
    /// Folder that keeps the cached archive between restarts; `None` for no cache.
    cache_dir: Option<PathBuf> = path("cache_dir");
    /// Memory limit of the cache of encoded pages.
    page_cache: ByteSize = parsed("page_cache");
    /// Maximum concurrent client connections.
    max_connections: ConnectionLimit = connections("max_connections");
    /// Maximum concurrent requests that have to wait.
    max_requests: RequestLimit = parsed("max_requests");
    /// Maximum searches per minute from one client address.
    search_rate: SearchRate = parsed("search_rate");
    /// Proxies whose forwarded client address is used.
    trusted_proxies: Vec<TrustedProxy> = proxies("trusted_proxy");
    /// The header with the forwarded client address.
    proxy_header: ProxyHeader = parsed("proxy_header");
    /// The requests that are logged.
    access_log: AccessLog = parsed("access_log");
    reload
    /// How file changes are detected.
    watch: WatchMode = parsed("watch");
    /// Interval of the full scan of all files, which runs whether or not changes were detected.
    rescan: Interval = parsed("rescan");
    /// Whether other servers are notified of new posts.
    announce: Announcements = parsed("announce");
}
