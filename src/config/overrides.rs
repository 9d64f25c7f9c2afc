//! The flags of the command line that override other sources of settings.

/// Values of command-line flags; the environment gives the values that are `None` here. All values are as
/// typed, so that the error for an invalid value is the same for each source.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--admin-listen`
    pub admin_listen: Option<String>,
    /// `--url`
    pub url: Option<String>,
    /// `--posts`, one entry per flag
    pub posts: Vec<String>,
    /// `--log-format`
    pub log_format: Option<String>,
    /// `--cache-dir`
    pub cache_dir: Option<String>,
    /// `--page-cache`
    pub page_cache: Option<String>,
    /// `--watch`
    pub watch: Option<String>,
    /// `--rescan`
    pub rescan: Option<String>,
    /// `--max-connections`
    pub max_connections: Option<String>,
    /// `--max-requests`
    pub max_requests: Option<String>,
    /// `--search-rate`
    pub search_rate: Option<String>,
    /// `--trusted-proxy`, one entry per flag
    pub trusted_proxies: Vec<String>,
    /// `--proxy-header`
    pub proxy_header: Option<String>,
    /// `--access-log`
    pub access_log: Option<String>,
}
