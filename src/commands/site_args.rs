//! The arguments of all commands that read a site.

use std::path::PathBuf;

use clap::Args;
use finews::config::{Config, ConfigError, Overrides};

/// The site, and settings that override its `_config.yml`.
#[derive(Debug, Args)]
pub(crate) struct SiteArgs {
    /// The site's folder
    #[arg(default_value = ".")]
    site: PathBuf,
    /// Address of the public listener, host:port or unix:/path [default: 127.0.0.1:8080] [env: FINEWS_LISTEN]
    #[arg(long)]
    listen: Option<String>,
    /// Address of the operator's listener, host:port or unix:/path [default: 127.0.0.1:9464]
    /// [env: FINEWS_ADMIN_LISTEN]
    #[arg(long)]
    admin_listen: Option<String>,
    /// Scheme and host of absolute URLs [env: FINEWS_URL]
    #[arg(long)]
    url: Option<String>,
    /// Folder of posts inside the site; repeatable [env: FINEWS_POSTS, separated by colons]
    #[arg(long, value_name = "FOLDER")]
    posts: Vec<String>,
    /// Log format: text or json [default: text] [env: FINEWS_LOG_FORMAT]
    #[arg(long)]
    log_format: Option<String>,
    /// Folder for the cached archive and search index, which speed up the next start [env: FINEWS_CACHE_DIR]
    #[arg(long, value_name = "FOLDER")]
    cache_dir: Option<String>,
    /// Maximum memory for cached pages [default: 256M] [env: FINEWS_PAGE_CACHE]
    #[arg(long, value_name = "BYTES")]
    page_cache: Option<String>,
    /// How to detect file changes: events, poll or off [default: events] [env: FINEWS_WATCH]
    #[arg(long)]
    watch: Option<String>,
    /// Interval of the full scan of all files, or off [default: 10m] [env: FINEWS_RESCAN]
    #[arg(long, value_name = "TIME")]
    rescan: Option<String>,
    /// Maximum concurrent client connections [default: open-file limit minus a reserve]
    /// [env: FINEWS_MAX_CONNECTIONS]
    #[arg(long, value_name = "NUMBER")]
    max_connections: Option<String>,
    /// Maximum concurrent requests that have to wait, such as for a file of the site [default: 512]
    /// [env: FINEWS_MAX_REQUESTS]
    #[arg(long, value_name = "NUMBER")]
    max_requests: Option<String>,
    /// Maximum searches per minute from one client address, or off [default: 120] [env: FINEWS_SEARCH_RATE]
    #[arg(long, value_name = "NUMBER")]
    search_rate: Option<String>,
    /// Trusted proxy (CIDR, IP or unix); its forwarded client address is used; repeatable
    /// [env: FINEWS_TRUSTED_PROXY, separated by commas]
    #[arg(long, value_name = "NETWORK")]
    trusted_proxy: Vec<String>,
    /// Header with the forwarded client address: x-forwarded-for or forwarded [default: x-forwarded-for]
    /// [env: FINEWS_PROXY_HEADER]
    #[arg(long, value_name = "HEADER")]
    proxy_header: Option<String>,
    /// Requests to log: all, errors or off [default: errors] [env: FINEWS_ACCESS_LOG]
    #[arg(long, value_name = "WHICH")]
    access_log: Option<String>,
}

impl SiteArgs {
    /// Reads the configuration of the site, with the environment of the process.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let overrides = Overrides {
            listen: self.listen.clone(),
            admin_listen: self.admin_listen.clone(),
            url: self.url.clone(),
            posts: self.posts.clone(),
            log_format: self.log_format.clone(),
            cache_dir: self.cache_dir.clone(),
            page_cache: self.page_cache.clone(),
            watch: self.watch.clone(),
            rescan: self.rescan.clone(),
            max_connections: self.max_connections.clone(),
            max_requests: self.max_requests.clone(),
            search_rate: self.search_rate.clone(),
            trusted_proxies: self.trusted_proxy.clone(),
            proxy_header: self.proxy_header.clone(),
            access_log: self.access_log.clone(),
        };
        Config::read(&self.site, &overrides, &|name| std::env::var_os(name))
    }
}
