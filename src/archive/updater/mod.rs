//! The only writer of the archive: it checks files and builds the next [`Snapshot`] from the changes.
//!
//! The updater has three entries: [`Updater::apply_events`] for file events, [`Updater::apply_scan`] for the
//! result of a full scan, and [`Updater::tick`] for work that is due by time alone. All three check files in
//! the same way. Readers then see:
//!
//! | State of a post file | The archive has its post | The archive has no post of it |
//! |---|---|---|
//! | new, valid content | the new version | the new post, from its date on |
//! | same content, new times | no change | no change |
//! | still changing, or unreadable | the last good version; `tick` checks again | nothing; `tick` checks again |
//! | empty, too large or without a date | the last good version | nothing |
//! | removed | "not found", or a redirect if the post has moved | nothing |
//! | moved to a folder where it cannot be read yet | the last good version; `tick` checks again | nothing |
//! | temporary or backup file | nothing | nothing; a problem once it is unchanged for two seconds |
//! | in an unreadable folder | the last good version | nothing |
//! | in a post folder that is unavailable as a whole | the last good version | nothing |
//!
//! A folder that becomes an archive of posts remains one. Its files are posts, and finews does not announce them.
//!
//! A file or folder has a problem as long as its state hides content from readers. The site's own pages
//! follow their files, but an empty or unreadable file keeps the last version of its page, and a missing site
//! keeps all pages.

mod check;
mod error_log;
mod file_states;
mod folder_states;
mod full_scan;
mod own_pages;
mod page_states;
mod paths_to_check;
mod roots;
mod unknown_files;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crate::archive::jekyll::files::{
    Files, SiteFile, SiteFileKind, Walk, is_at_or_below, is_dated, is_link, new_archives,
    new_archives_around, relative, with_archives, with_more_archives,
};
use crate::archive::load::{Loaded, Progress, load_files};
use crate::archive::post::{Post, PostId, Timestamp};
use crate::archive::read::Reader;
use crate::archive::read::own_page::PageState;
use crate::archive::snapshot::{Change, ReservedPaths, Snapshot, SnapshotRules};
use crate::archive::store::Store;
use crate::archive::updater::error_log::ErrorLog;
use crate::archive::updater::file_states::FileStates;
use crate::archive::updater::page_states::PageStates;
use crate::archive::updater::paths_to_check::PathsToCheck;
use crate::config::{Config, ConfigError};

pub use folder_states::FolderStates;
pub use full_scan::FullScan;

/// A new snapshot and the posts that are new in it.
#[derive(Debug, Clone)]
pub struct Update {
    /// The new archive.
    pub archive: Arc<Snapshot>,
    /// The posts that are new in lists, oldest first.
    pub new: Vec<PostId>,
    /// The time it took to build the snapshot, without reading the files.
    pub took: Duration,
}

/// The writer of an archive.
pub struct Updater {
    config: Arc<Config>,
    reserved_paths: ReservedPaths,
    store: Option<Store>,
    archive: Arc<Snapshot>,
    file_states: FileStates,
    /// The files of the site's own pages.
    pages: PageStates,
    folder_states: FolderStates,
    error_log: ErrorLog,
    /// Number of changes to posts and file versions since the archive was last saved.
    unsaved: usize,
    /// The thread that writes the archive.
    saving: Option<JoinHandle<()>>,
    /// True if the archive came from the store and has not been compared with the files yet.
    unchecked: bool,
}

impl Updater {
    /// Loads a site from its store if that can be used, otherwise from its files. First decides which folders
    /// are archives of posts.
    ///
    /// # Errors
    /// If the configuration cannot be used.
    pub fn open(
        config: Arc<Config>,
        reserved_paths: ReservedPaths,
        progress: &Progress,
    ) -> Result<Self, ConfigError> {
        // Validate the settings first: a store must not hide an invalid one.
        Reader::new(&config)?;
        // The volume of an archive may be mounted later than the others.
        let stored = store_of(&config).map(|store| store.archives()).unwrap_or_default();
        let known: Vec<String> = config.archives.iter().cloned().chain(stored).collect();
        let config = with_archives(config, &known);
        for folder in config.archives.iter().filter(|folder| config.root.join(folder).is_dir()) {
            tracing::info!("{}", archive_notice(folder));
        }
        let store = store_of(&config);
        let (loaded, unchecked) =
            match store.as_ref().and_then(|store| load_stored(store, &config, reserved_paths)) {
                Some(archive) => {
                    let pages = archive.pages().iter();
                    let pages =
                        pages.map(|page| (SiteFile::from_path(&page.path), PageState::unread())).collect();
                    (Loaded { archive, pages, folders: Vec::new(), unsettled: Vec::new() }, true)
                }
                None => (load_files(&config, reserved_paths, progress)?, false),
            };
        let mut file_states = FileStates::default();
        loaded.unsettled.into_iter().for_each(|(file, wait)| file_states.check_after(file, wait));
        let mut folder_states = FolderStates::new(&config);
        folder_states.record(&loaded.folders);
        Ok(Self {
            saving: None,
            unsaved: if unchecked { 0 } else { loaded.archive.len().max(1) },
            archive: Arc::new(loaded.archive),
            file_states,
            pages: PageStates::new(loaded.pages),
            folder_states,
            error_log: ErrorLog::default(),
            unchecked,
            config,
            reserved_paths,
            store,
        })
    }

    /// The current archive.
    pub fn archive(&self) -> Arc<Snapshot> {
        Arc::clone(&self.archive)
    }

    /// The states of the site's folders.
    pub fn folder_states(&self) -> &FolderStates {
        &self.folder_states
    }

    /// The folders that contain known posts and pages, with all folders above them up to the root.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut known = HashSet::new();
        let pages = self.pages.files().map(|page| &*page.path);
        for path in self.archive.every_post().map(Post::path).chain(pages) {
            for (end, _) in path.rmatch_indices('/') {
                if !known.insert(&path[..end]) {
                    break;
                }
            }
        }
        let root = &self.config.root;
        known.into_iter().map(|folder| root.join(folder)).chain([root.clone()]).collect()
    }

    /// The configuration for reading files.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// True if the archive came from the store and has not been compared with the files yet.
    pub fn is_unchecked(&self) -> bool {
        self.unchecked
    }

    /// Time until the next work that no file event triggers.
    pub fn next_wake(&self) -> Duration {
        let now = Timestamp::from_system_time(SystemTime::now());
        // Timestamps have whole seconds, so add a margin.
        let until = |at: Timestamp| at.since(now) + Duration::from_millis(20);
        let due = self.archive.next_due().into_iter().chain(self.pages.next_due());
        let due = due.chain([self.archive.next_midnight()]).map(until);
        self.file_states.waits().chain(due).chain(self.error_log.wait()).min().unwrap_or_default()
    }

    /// Does the work that is due by time alone: publishes posts and documents whose time has come, starts the next
    /// day, checks files that were still changing, and logs errors.
    pub fn tick(&mut self) -> Option<Update> {
        self.error_log.write();
        let now = Timestamp::from_system_time(SystemTime::now());
        let (posts, pages) = (self.file_states.take_due(), self.pages.take_due(now));
        let is_idle = posts.is_empty() && pages.is_empty();
        let to_check = PathsToCheck { posts, pages, ..PathsToCheck::default() };
        let update = if is_idle { None } else { self.check_files(to_check) };
        let is_due =
            self.archive.next_due().is_some_and(|due| due <= now) || self.archive.next_midnight() <= now;
        if !is_due {
            return update;
        }
        let later = self.publish(Change::new(self.archive.names().clone()));
        let mut new = update.map(|update| update.new).unwrap_or_default();
        new.extend(later.new);
        Some(Update { new, ..later })
    }

    /// Waits until files that were still changing are due, then checks them once.
    pub(super) fn settle(&mut self) {
        if let Some(longest) = self.file_states.waits().max() {
            std::thread::sleep(longest + Duration::from_millis(50));
            self.tick();
        }
    }

    /// Replaces the configuration by one that reads files in the same way.
    pub fn set_config(&mut self, config: Arc<Config>) {
        self.config = config;
    }

    /// Serves more folders as archives of posts, unless they are inside or around a known one. Returns the new ones.
    fn add_archives(&mut self, more: Vec<String>) -> Vec<PathBuf> {
        let config = with_more_archives(Arc::clone(&self.config), more);
        let new = config.archives.iter().filter(|folder| !self.config.archives.contains(folder));
        let folders: Vec<PathBuf> = new.clone().map(|folder| config.root.join(folder)).collect();
        if folders.is_empty() {
            return folders;
        }
        new.for_each(|folder| tracing::info!("{}", archive_notice(folder)));
        self.folder_states.set_archives(&config);
        self.store = store_of(&config);
        // The next start cannot use the store of the former folders.
        self.unsaved += self.archive.len();
        self.config = config;
        folders
    }

    /// Returns the folders that files with events make archives of posts.
    fn archives_of_events(&self, paths: &[PathBuf]) -> Vec<String> {
        let (root, walk) = (&self.config.root, Walk::new(&self.config));
        let below_site: Vec<String> = paths.iter().map(|path| relative(root, path)).collect();
        let mut found = new_archives_around(&self.config, below_site.iter().map(String::as_str));
        let mut pages = Vec::new();
        for (path, below) in paths.iter().zip(&below_site) {
            if path.is_dir() {
                pages.extend(walk.below(path).pages);
            } else if is_dated(below)
                && let Some((SiteFileKind::Page, page)) = walk.classify(path)
            {
                pages.push(page);
            }
        }
        if pages.iter().any(|page| is_dated(&page.path)) {
            let known = self.pages.files().chain(&pages).map(|page| &*page.path);
            found.extend(new_archives(&self.config, known));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Checks paths of the site that had events, and every known file below the `moved` folders, which were
    /// removed or replaced. Also returns the folders and the links to files that it found at and below the paths.
    pub fn apply_events(&mut self, paths: &[PathBuf], moved: &[PathBuf]) -> (Option<Update>, Vec<PathBuf>) {
        let new_archives = self.add_archives(self.archives_of_events(paths));
        let config = Arc::clone(&self.config);
        let walk = Walk::new(&config);
        let mut to_check = PathsToCheck::default();
        moved.iter().for_each(|folder| self.add_known_files(folder, &mut to_check));
        let (mut folders, mut holders, mut links) = (Vec::new(), Vec::new(), Vec::new());
        for path in paths.iter().chain(&new_archives) {
            let relative = relative(&config.root, path);
            let mut found = Files::default();
            if path.is_dir() {
                found = walk.below(path);
                // Pages of the folder that it has replaced may be gone.
                to_check.pages.extend(self.pages.files_in(&relative).cloned());
                if self.archive.at_file(&relative).is_some() {
                    // The folder has replaced the file of a post.
                    found.posts.push(SiteFile::from_path(&relative));
                }
                to_check.cleared.push(relative);
            } else {
                if self.folder_states.is_gone(&relative) {
                    to_check.cleared.push(relative.clone());
                }
                let classified = walk.classify(path);
                if classified.is_some() && is_link(path) {
                    links.push(path.clone());
                }
                match classified {
                    Some((SiteFileKind::Post, file)) => {
                        holders.extend(path.parent().map(Path::to_owned));
                        found.posts.push(file);
                    }
                    Some((SiteFileKind::Page, file)) => found.pages.push(file),
                    None => {
                        // The file may have been a page, or a link to a folder of pages.
                        to_check.pages.extend(self.pages.files_in(&relative).cloned());
                        found.problems.extend(walk.withheld(path));
                    }
                }
            }
            to_check.posts.extend(found.posts);
            to_check.pages.extend(found.pages);
            to_check.problems.extend(found.problems);
            folders.extend(found.folders);
            links.extend(found.links);
        }
        let update = self.check_files(to_check);
        holders.extend(folders.iter().cloned());
        self.folder_states.record(&holders);
        folders.append(&mut links);
        (update, folders)
    }

    /// Checks the files that a scan reports as different. Each file is examined again, so the scan
    /// may be stale. Also returns the site's folders and its links to files.
    pub fn apply_scan(&mut self, scan: FullScan) -> (Option<Update>, Vec<PathBuf>) {
        let FullScan { mut to_check, mut folders, mut links, unfound_paths, new_archives, .. } = scan;
        self.add_archives(new_archives);
        // These files may seem unchanged by time and size, so add them explicitly.
        let kept = self.file_states.without_post().filter(|path| self.archive.at_file(path).is_some());
        to_check.posts.extend(kept.filter(|path| SiteFile::is_exact(path)).map(SiteFile::from_path));
        let walk = Walk::new(&self.config);
        for path in unfound_paths {
            match walk.classify(&self.config.root.join(&*path)) {
                Some((SiteFileKind::Post, file)) => to_check.posts.push(file),
                _ => self.folder_states.record_unreadable(path),
            }
        }
        // The scan lists the existing files of pages. A check of the known ones detects those that were removed.
        to_check.pages.extend(self.pages.files().cloned());
        let was_kept = std::mem::take(&mut self.unchecked);
        self.folder_states.forget_returned(&self.archive);
        let update = self.check_files(to_check);
        if was_kept {
            // Without a save, every start would read these files again. Later touches are not worth one:
            // a scraper may touch all files every minute.
            self.unsaved += self.file_states.stamp_only_changes.len();
        }
        self.folder_states.record_all(&folders);
        folders.append(&mut links);
        (update, folders)
    }

    /// Saves the archive, on another thread, if at least 1% of it has changed since the last save.
    pub fn save(&mut self) {
        let Some(store) = self.store.clone() else { return };
        let is_writing = self.saving.as_ref().is_some_and(|writing| !writing.is_finished());
        if is_writing || self.unsaved == 0 || self.unsaved * 100 < self.archive.len() {
            return;
        }
        self.unsaved = 0;
        let (archive, stamps) = (self.archive(), self.file_states.stamp_only_changes.clone());
        self.saving = Some(std::thread::spawn(move || {
            let (start, file) = (Instant::now(), store.file().display());
            if let Err(error) = store.save(&archive, &stamps) {
                tracing::warn!(
                    %error,
                    "cannot write the cached archive {file}; the next start reads all files"
                );
                return;
            }
            let took_ms = start.elapsed().as_millis() as u64;
            tracing::info!(took_ms, "cached archive written to {file}");
        }));
    }

    fn publish(&mut self, change: Change) -> Update {
        self.unsaved += change.posts.len() + change.gone.len();
        self.error_log.record_files(&change.problems, &self.archive);
        let start = Instant::now();
        let (next, new) = self.archive.after(change, Timestamp::from_system_time(SystemTime::now()));
        let took = start.elapsed();
        next.newly_unserved(&self.archive).into_iter().for_each(|error| self.error_log.record(error));
        self.error_log.write();
        self.archive = Arc::new(next);
        Update { archive: self.archive(), new, took }
    }
}

/// Loads a site and waits for files that are still being written.
///
/// # Errors
/// Returns an error if the configuration is unusable. A bad file is a problem of the snapshot instead.
pub fn load(
    config: &Config,
    reserved_paths: ReservedPaths,
    progress: &Progress,
) -> Result<Snapshot, ConfigError> {
    // A single load must show the files as they are, so it ignores the cached archive.
    let mut config = config.clone();
    config.server.cache_dir = None;
    let mut updater = Updater::open(Arc::new(config), reserved_paths, progress)?;
    updater.settle();
    Ok(Snapshot::clone(&updater.archive()))
}

/// The store of a site, if it has a folder for one.
fn store_of(config: &Config) -> Option<Store> {
    config.server.cache_dir.as_deref().map(|folder| Store::new(folder, config))
}

/// Returns whether the file of a page is a post, because it lies in an archive of posts.
fn is_archived(config: &Config, page: &SiteFile) -> bool {
    page.name().is_some() && config.archives.iter().any(|folder| is_at_or_below(&page.path, folder))
}

/// A sentence about a folder that is an archive of posts by its files, for the operator.
pub fn archive_notice(folder: &str) -> String {
    format!(
        "{folder}: the folder holds dated posts and is served as an archive of posts; finews.posts overrides this"
    )
}

/// Loads the stored archive, if it can be used.
fn load_stored(store: &Store, config: &Config, reserved_paths: ReservedPaths) -> Option<Snapshot> {
    let rules = SnapshotRules::new(config, reserved_paths);
    match store.load(rules, Timestamp::from_system_time(SystemTime::now())) {
        Ok(archive) => Some(archive),
        Err(reason) => {
            tracing::info!("cached archive {} not used: {reason}; reading all files", store.file().display());
            None
        }
    }
}
