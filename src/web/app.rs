//! The state that all handlers share: the current site and archive, the page
//! cache and the background services.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use crate::archive::Snapshot;
use crate::archive::updater::Update;
use crate::archive::watch::WatchCommand;
use crate::config::Config;
use crate::search::{Follower, PageTexts};
use crate::web::admin::metrics::Metrics;
use crate::web::documents::dataset::Dataset;
use crate::web::http::cache::PageCache;
use crate::web::http::file_reply::FilePermits;
use crate::web::http::files::SiteFiles;
use crate::web::notify::live::Live;
use crate::web::notify::websub::Notifiers;
use crate::web::paths;
use crate::web::paths::date::parts_of_permalink;
use crate::web::paths::legacy::LegacySettings;
use crate::web::server::observer::Observer;
use crate::web::server::post_probe::PostProbe;
use crate::web::server::readiness::Readiness;
use crate::web::server::replica_status::ReplicaStatus;
use crate::web::server::searches::SearchLimiter;
use crate::web::view::name_index::NameIndex;
use crate::web::view::site::Site;

/// The shared state of all requests. A request reads the current site and archive without a lock.
pub struct App {
    current: ArcSwap<CurrentSite>,
    /// Encoded pages. Their key is a hash of all that they show, so they outlive archives and settings.
    page_cache: PageCache,
    live: Live,
    notifiers: Notifiers,
    dataset: Dataset,
    file_permits: FilePermits,
    post_probe: PostProbe,
    replica: ReplicaStatus,
    search: Follower,
    searches: SearchLimiter,
    observer: Arc<Observer>,
    readiness: Readiness,
    draining: AtomicBool,
}

/// The site and archive at one moment.
pub(super) struct CurrentSite {
    pub(super) settings: Arc<Settings>,
    /// `None` until the archive is loaded.
    pub(super) archive: Option<Arc<Snapshot>>,
    /// Increases with each new archive and each new configuration.
    pub(super) generation: u64,
    /// When this generation began.
    pub(super) since: SystemTime,
    /// The names of the archive's sources and securities.
    pub(super) name_index: NameIndex,
    /// The texts of the site's own pages, for searches.
    pub(super) page_texts: Arc<PageTexts>,
}

/// The state that depends only on the configuration.
pub(super) struct Settings {
    pub(super) site: Site,
    pub(super) files: SiteFiles,
    pub(super) root: PathBuf,
    pub(super) source: bool,
    pub(super) legacy: LegacySettings,
    /// True if the archive holds dated posts of the folder `posts/`.
    has_dated_posts: bool,
    config: Config,
}

impl Settings {
    fn new(config: &Config, has_dated_posts: bool) -> Arc<Self> {
        Arc::new(Self {
            site: Site::new(config),
            files: SiteFiles::new(config, has_dated_posts),
            has_dated_posts,
            root: config.root.clone(),
            source: config.site.source,
            legacy: LegacySettings::new(config),
            config: config.clone(),
        })
    }

    /// The same settings, with the site's current icon and the folders of posts of an archive.
    fn for_archive(self: &Arc<Self>, archive: &Snapshot) -> Arc<Self> {
        let (folders, has_dated_posts) = (archive.archive_folders(), archive.has_dated_posts());
        let has_folders = self.config.archives == folders && self.has_dated_posts == has_dated_posts;
        if has_folders && self.site.has_current_icon(&self.root) {
            return Arc::clone(self);
        }
        let mut config = self.config.clone();
        config.archives = folders.to_vec();
        Self::new(&config, has_dated_posts)
    }

    /// The part of a request's path below `baseurl`.
    pub(super) fn own_path<'p>(&self, full: &'p str) -> Option<&'p str> {
        full.strip_prefix(self.site.baseurl()).filter(|path| path.starts_with('/'))
    }
}

impl App {
    /// Creates the state of a site whose archive is not loaded yet.
    pub fn new(config: &Config) -> Arc<Self> {
        // The program's id is computed now, so that no request waits for it.
        crate::program::id();
        let observer = Observer::from_config(config);
        Arc::new(Self {
            current: ArcSwap::from_pointee(CurrentSite {
                settings: Settings::new(config, false),
                archive: None,
                generation: 0,
                since: SystemTime::now(),
                name_index: NameIndex::default(),
                page_texts: Arc::default(),
            }),
            page_cache: PageCache::new(config.server.page_cache.0),
            live: Live::default(),
            notifiers: Notifiers::new(config),
            dataset: Dataset::default(),
            file_permits: FilePermits::default(),
            post_probe: PostProbe::default(),
            replica: ReplicaStatus::default(),
            search: Follower::default(),
            searches: SearchLimiter::new(config, Arc::clone(&observer.proxies)),
            observer,
            readiness: Readiness::default(),
            draining: AtomicBool::new(false),
        })
    }

    /// Serves requests from a new archive.
    pub fn publish(&self, archive: Arc<Snapshot>) {
        self.replace(None, &archive);
    }

    /// Serves requests from a new archive and, if given, new settings.
    fn replace(&self, settings: Option<Arc<Settings>>, archive: &Arc<Snapshot>) {
        if self.archive().is_none() {
            self.live.start(&self.current().settings.site, archive);
        }
        self.search.follow(archive);
        self.current.rcu(|current| {
            let has_same_pages = current.archive.as_ref().is_some_and(|old| old.shares_pages_with(archive));
            CurrentSite {
                settings: settings.as_ref().unwrap_or(&current.settings).for_archive(archive),
                archive: Some(Arc::clone(archive)),
                generation: current.generation + 1,
                since: SystemTime::now(),
                name_index: NameIndex::default(),
                page_texts: if has_same_pages { Arc::clone(&current.page_texts) } else { Arc::default() },
            }
        });
    }

    /// Serves requests from the archive of an update, and notifies clients and receivers of its new posts.
    pub fn publish_update(&self, update: Update) {
        self.publish(Arc::clone(&update.archive));
        let now = SystemTime::now();
        for id in &update.new {
            let delay = now.duration_since(update.archive.post(*id).due_since());
            self.metrics().record_publication(delay.unwrap_or_default());
        }
        self.notify(&update);
    }

    /// Notifies `/live` clients and the receivers of new posts.
    fn notify(&self, update: &Update) {
        if update.new.is_empty() {
            return;
        }
        let current = self.current();
        self.live.publish(&current.settings.site, &update.archive, &update.new);
        self.notifiers.publish(&current.settings.site, &update.archive, &update.new);
    }

    /// The event stream of new posts, `/live`.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Serves requests with new settings from the archive that was loaded with them, and sends
    /// notifications of its new posts.
    pub fn reload(&self, config: &Config, update: &Update) {
        self.notifiers.reconfigure(config);
        self.replace(Some(Settings::new(config, update.archive.has_dated_posts())), &update.archive);
        self.notify(update);
    }

    /// The current archive; `None` until it is loaded.
    pub(super) fn archive(&self) -> Option<Arc<Snapshot>> {
        self.current.load().archive.clone()
    }

    /// Whether responses have cache headers for a content delivery network.
    pub(super) fn has_cdn(&self) -> bool {
        self.current.load().settings.site.cdn
    }

    /// The generation of the current site and archive.
    pub(super) fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// The current site and archive.
    pub(super) fn current(&self) -> Arc<CurrentSite> {
        self.current.load_full()
    }

    /// Connects the watch of the site or the replica, which looks for posts that the archive lacks.
    pub fn connect_watch(&self, commands: Sender<WatchCommand>) {
        self.post_probe.connect(commands);
    }

    /// Records an answer of the bucket that this replica follows: it has all commits up to this position.
    pub fn record_bucket_answer(&self, position: u64) {
        self.replica.record_answer(position);
    }

    /// The progress of a replica.
    pub(super) fn replica(&self) -> &ReplicaStatus {
        &self.replica
    }

    /// Looks for the post of a request path, if the path has the form of a permalink. Returns whether the archive has
    /// changed.
    pub(super) async fn look_for_post(&self, full: &str) -> bool {
        let current = self.current();
        let path = current.settings.own_path(full).map(paths::decode_lossy);
        let Some((day, slug)) = path.as_deref().and_then(parts_of_permalink) else { return false };
        self.post_probe.look(day, slug).await;
        self.generation() != current.generation
    }

    /// The monthly archive files, for programs.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The limits on files that are open for clients.
    pub(super) fn file_permits(&self) -> &FilePermits {
        &self.file_permits
    }

    /// The full-text index. It follows the archive once it is started.
    pub fn search(&self) -> &Follower {
        &self.search
    }

    /// The queue and rate limit of searches.
    pub(super) fn searches(&self) -> &SearchLimiter {
        &self.searches
    }

    /// The metrics, request log and trusted proxies of the listeners.
    pub fn observer(&self) -> &Arc<Observer> {
        &self.observer
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.observer.metrics
    }

    /// The readiness probes, which a shutdown waits for.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    pub(super) fn page_cache(&self) -> &PageCache {
        &self.page_cache
    }

    /// Reports on `/readyz` that the process is about to end, and ends the `/live` streams.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.live.end();
    }

    /// Returns whether the process is about to end.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
