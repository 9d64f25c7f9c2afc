//! The state that all handlers share: the current site and archive, the page
//! cache and the background services.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::announce::Announcer;
use super::cache::PageCache;
use super::dataset::Dataset;
use super::directory::Directory;
use super::files::{Places, SiteFiles};
use super::legacy::Old;
use super::live::Live;
use super::metrics::Metrics;
use super::readiness::Readiness;
use super::searches::Searches;
use super::server::Observer;
use super::site::Site;
use crate::archive::Snapshot;
use crate::archive::editor::Edition;
use crate::config::Config;
use crate::search::Follower;

/// The shared state of all requests. A request reads the current site and archive without a lock.
pub struct App {
    served: ArcSwap<Served>,
    /// Encoded pages. Their key is a hash of all that they show, so they outlive archives and settings.
    pages: PageCache,
    live: Live,
    announcer: Announcer,
    dataset: Dataset,
    places: Places,
    search: Follower,
    searches: Searches,
    observer: Arc<Observer>,
    readiness: Readiness,
    draining: AtomicBool,
}

/// The site and archive at one moment.
pub(super) struct Served {
    pub(super) settings: Arc<Settings>,
    /// `None` until the archive is loaded.
    pub(super) archive: Option<Arc<Snapshot>>,
    /// Increases with each new archive and each new configuration.
    pub(super) generation: u64,
    /// When this generation began.
    pub(super) since: SystemTime,
    /// The names of the archive's sources and securities.
    pub(super) directory: Directory,
}

/// The state that depends only on the configuration.
pub(super) struct Settings {
    pub(super) site: Site,
    pub(super) files: SiteFiles,
    pub(super) root: PathBuf,
    pub(super) source: bool,
    pub(super) old: Old,
}

impl Settings {
    fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            site: Site::new(config),
            files: SiteFiles::new(config),
            root: config.root.clone(),
            source: config.source,
            old: Old::of(config),
        })
    }
}

impl App {
    /// Creates the state of a site whose archive is not loaded yet.
    pub fn new(config: &Config) -> Arc<Self> {
        // The program's id is computed now, so that no request waits for it.
        crate::program::id();
        let observer = Observer::of(config);
        Arc::new(Self {
            served: ArcSwap::from_pointee(Served {
                settings: Settings::new(config),
                archive: None,
                generation: 0,
                since: SystemTime::now(),
                directory: Directory::default(),
            }),
            pages: PageCache::new(config.page_cache.0),
            live: Live::default(),
            announcer: Announcer::new(config),
            dataset: Dataset::default(),
            places: Places::default(),
            search: Follower::default(),
            searches: Searches::new(config, Arc::clone(&observer.proxies)),
            observer,
            readiness: Readiness::default(),
            draining: AtomicBool::new(false),
        })
    }

    /// Serves requests from a new archive.
    pub fn publish(&self, archive: Arc<Snapshot>) {
        self.show(None, &archive);
    }

    /// Serves requests from a new archive and, if given, new settings.
    fn show(&self, settings: Option<Arc<Settings>>, archive: &Arc<Snapshot>) {
        self.search.follow(archive);
        self.served.rcu(|served| Served {
            settings: Arc::clone(settings.as_ref().unwrap_or(&served.settings)),
            archive: Some(Arc::clone(archive)),
            generation: served.generation + 1,
            since: SystemTime::now(),
            directory: Directory::default(),
        });
    }

    /// Serves requests from the archive of an edition, and notifies clients and receivers of its new posts.
    pub fn publish_edition(&self, edition: Edition) {
        self.publish(Arc::clone(&edition.archive));
        let now = SystemTime::now();
        for id in &edition.new {
            let delay = now.duration_since(edition.archive.post(*id).due_since());
            self.metrics().published(delay.unwrap_or_default());
        }
        self.tell(&edition);
    }

    /// Notifies `/live` clients and the announcer's receivers of new posts.
    fn tell(&self, edition: &Edition) {
        if edition.new.is_empty() {
            return;
        }
        let served = self.served();
        self.live.publish(&served.settings.site, &edition.archive, &edition.new);
        self.announcer.publish(&served.settings.site, &edition.archive, &edition.new);
    }

    /// The event stream of new posts, `/live`.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Serves requests with new settings from the archive that was loaded with them, and sends
    /// notifications of its new posts.
    pub fn reload(&self, config: &Config, edition: &Edition) {
        self.announcer.set(config);
        self.show(Some(Settings::new(config)), &edition.archive);
        self.tell(edition);
    }

    /// The current archive; `None` until it is loaded.
    pub(super) fn archive(&self) -> Option<Arc<Snapshot>> {
        self.served.load().archive.clone()
    }

    /// The current site and archive.
    pub(super) fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// The monthly archive files, for programs.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The limits on files that are open for clients.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// The full-text index. It follows the archive once it is started.
    pub fn search(&self) -> &Follower {
        &self.search
    }

    /// The queue and rate limit of searches.
    pub(super) fn searches(&self) -> &Searches {
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

    pub(super) fn pages(&self) -> &PageCache {
        &self.pages
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
