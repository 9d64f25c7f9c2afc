//! The site and its archive at the moment: what requests are answered from.

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

/// What requests are answered from: the site and its archive of this moment, which readers take without a lock.
pub struct App {
    served: ArcSwap<Served>,
    /// Encoded pages. They are known by all that they show, so they outlive archives and settings.
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

/// What requests are answered from at one moment.
pub(super) struct Served {
    pub(super) settings: Arc<Settings>,
    /// None until it is loaded.
    pub(super) archive: Option<Arc<Snapshot>>,
    /// Another for each archive and each configuration.
    pub(super) generation: u64,
    /// When it began.
    pub(super) since: SystemTime,
    /// Of the archive.
    pub(super) directory: Directory,
}

/// What comes of the configuration alone.
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
    /// The app of a site whose archive is yet to be loaded.
    pub fn new(config: &Config) -> Arc<Self> {
        // Read now, so that no reader waits for it.
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

    /// Makes an archive the one that requests are answered from.
    pub fn publish(&self, archive: Arc<Snapshot>) {
        self.show(None, &archive);
    }

    /// Answers from an archive from now on, by other settings if there are some.
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

    /// Makes an edition the one that requests are answered from, and tells who follows the site of
    /// what is new in it.
    pub fn publish_edition(&self, edition: Edition) {
        self.publish(Arc::clone(&edition.archive));
        let now = SystemTime::now();
        for id in &edition.new {
            let delay = now.duration_since(edition.archive.post(*id).due_since());
            self.metrics().published(delay.unwrap_or_default());
        }
        self.tell(&edition);
    }

    /// Tells who follows the site of what is new.
    fn tell(&self, edition: &Edition) {
        if edition.new.is_empty() {
            return;
        }
        let served = self.served();
        self.live.publish(&served.settings.site, &edition.archive, &edition.new);
        self.announcer.publish(&served.settings.site, &edition.archive, &edition.new);
    }

    /// New posts as they come.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Answers by other settings from now on, from the archive that they make, and tells by them of what
    /// is new in it.
    pub fn reload(&self, config: &Config, edition: &Edition) {
        self.announcer.set(config);
        self.show(Some(Settings::new(config)), &edition.archive);
        self.tell(edition);
    }

    /// The archive of this moment.
    pub(super) fn archive(&self) -> Option<Arc<Snapshot>> {
        self.served.load().archive.clone()
    }

    /// The site and archive of this moment.
    pub(super) fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// The whole archive for programs.
    pub(super) fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// For files that are sent.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// The full-text index. It follows the archive from when it is started.
    pub fn search(&self) -> &Follower {
        &self.search
    }

    /// Who may search.
    pub(super) fn searches(&self) -> &Searches {
        &self.searches
    }

    /// Who is told of what readers ask for.
    pub fn observer(&self) -> &Arc<Observer> {
        &self.observer
    }

    /// Numbers for the owner's monitoring.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.observer.metrics
    }

    /// Who asks whether the process is ready.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Encoded pages.
    pub(super) fn pages(&self) -> &PageCache {
        &self.pages
    }

    /// Says to `/readyz` that the process is about to end.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.live.end();
    }

    /// Whether the process is about to end.
    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
