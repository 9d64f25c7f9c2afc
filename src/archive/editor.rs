//! The only writer of the archive: it checks files and builds the next [`Snapshot`] from the changes. A
//! post whose file is now broken keeps its last good version.

mod folders;
mod look;
mod own_pages;
mod roots;
mod survey;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::files::{Kind, SiteFile, Walk};
use super::load::{self, Claims, Loaded, Progress};
use super::post::{PostId, Timestamp};
use super::read::Reader;
use super::snapshot::{Change, Rules, Snapshot};
use super::stamp::Stamp;
use super::store::Store;
use crate::config::{Config, ConfigError};
use look::Sight;
use roots::Roots;
pub use survey::Survey;

/// A new snapshot and the posts that are new in it.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The new archive.
    pub archive: Arc<Snapshot>,
    /// The posts that are new in lists, oldest first.
    pub new: Vec<PostId>,
    /// The time it took to build the snapshot, without reading the files.
    pub took: Duration,
}

/// The writer of an archive.
pub struct Editor {
    config: Arc<Config>,
    claims: Claims,
    store: Option<Store>,
    archive: Arc<Snapshot>,
    /// New stamps of files that were rewritten without a change to their posts.
    touched: HashMap<PostId, Stamp>,
    /// Files without a valid post, and the stamp of that version. `None` if the file could not be read or
    /// was still changing: it may become readable without a visible change.
    barren: HashMap<Box<str>, Option<Stamp>>,
    /// Files that were still changing or unreadable, and when to check them again.
    unsettled: HashMap<Box<str>, (SiteFile, Instant)>,
    /// The files of the site's own pages.
    pages: Vec<SiteFile>,
    /// The known post folders. They show whether a missing folder was removed or is unavailable.
    roots: Roots,
    /// Post folders that are unavailable as a whole.
    vanished: HashSet<PathBuf>,
    /// Folders with a reported problem: unreadable or unavailable.
    unreadable: HashSet<Arc<str>>,
    /// Number of changes to posts and stamps since the archive was last saved.
    unsaved: usize,
    /// The thread that writes the archive.
    saving: Option<JoinHandle<()>>,
    /// True if the archive came from the store and has not been compared with the files yet.
    unchecked: bool,
}

impl Editor {
    /// Loads a site from its store if that can be used, otherwise from its files.
    ///
    /// # Errors
    /// If the configuration cannot be used.
    pub fn open(config: Arc<Config>, claims: Claims, progress: &Progress) -> Result<Self, ConfigError> {
        // Validate the settings first: a store must not hide an invalid one.
        Reader::new(&config)?;
        let store = config.cache_dir.as_deref().map(|folder| Store::new(folder, &config));
        let (loaded, unchecked) = match store.as_ref().and_then(|store| kept(store, &config, claims)) {
            Some(archive) => {
                let pages = archive.pages().iter().map(|page| SiteFile::of_path(&page.path)).collect();
                (Loaded { archive, pages, folders: Vec::new(), unsettled: Vec::new() }, true)
            }
            None => (load::gather(&config, claims, progress)?, false),
        };
        let later = |(file, wait): (SiteFile, Duration)| (file.path.clone(), (file, Instant::now() + wait));
        let folders = loaded.folders;
        let mut editor = Self {
            saving: None,
            unsaved: if unchecked { 0 } else { loaded.archive.len().max(1) },
            archive: Arc::new(loaded.archive),
            touched: HashMap::new(),
            barren: HashMap::new(),
            unsettled: loaded.unsettled.into_iter().map(later).collect(),
            pages: loaded.pages,
            roots: Roots::default(),
            vanished: HashSet::new(),
            unreadable: HashSet::new(),
            unchecked,
            config,
            claims,
            store,
        };
        editor.note_roots(&folders);
        Ok(editor)
    }

    /// The current archive.
    pub fn archive(&self) -> Arc<Snapshot> {
        Arc::clone(&self.archive)
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
        let now = Timestamp::of(SystemTime::now());
        // Timestamps have whole seconds, so add a margin.
        let until = |at: Timestamp| at.since(now) + Duration::from_millis(20);
        let unsettled = self.unsettled.values().map(|(_, at)| at.saturating_duration_since(Instant::now()));
        let due = self.archive.next_due().map(until);
        unsettled.chain(due).chain([until(self.archive.next_midnight())]).min().unwrap_or_default()
    }

    /// Does the work that is due by time alone: publishes posts whose time has come, starts the next day,
    /// and checks files that were still changing.
    pub fn tick(&mut self) -> Option<Edition> {
        let settled = self.unsettled.extract_if(|_, (_, at)| *at <= Instant::now());
        let settled: Vec<SiteFile> = settled.map(|(_, (file, _))| file).collect();
        let edition = if settled.is_empty() { None } else { self.look_at(Sight::files(settled)) };
        let now = Timestamp::of(SystemTime::now());
        let is_due =
            self.archive.next_due().is_some_and(|due| due <= now) || self.archive.next_midnight() <= now;
        if !is_due {
            return edition;
        }
        let names = self.archive.names().clone();
        let later = self.publish(Change { names, ..Change::default() });
        let mut new = edition.map(|edition| edition.new).unwrap_or_default();
        new.extend(later.new);
        Some(Edition { new, ..later })
    }

    /// Waits until files that were still changing are due, then checks them once.
    pub(super) fn settle(&mut self) {
        if let Some(longest) = self.unsettled.values().map(|(_, at)| *at).max() {
            std::thread::sleep(longest.saturating_duration_since(Instant::now()) + Duration::from_millis(50));
            self.tick();
        }
    }

    /// Replaces the configuration by one that reads files in the same way.
    pub fn set_config(&mut self, config: Arc<Config>) {
        self.config = config;
    }

    /// Checks paths of the site that had events. Also returns the folders found below them.
    pub fn see(&mut self, paths: &[PathBuf]) -> (Option<Edition>, Vec<PathBuf>) {
        self.see_moved(paths, &[])
    }

    /// Like [`Editor::see`], and also checks every known file below the `moved` folders, which were
    /// removed or replaced.
    pub fn see_moved(&mut self, paths: &[PathBuf], moved: &[PathBuf]) -> (Option<Edition>, Vec<PathBuf>) {
        let config = Arc::clone(&self.config);
        let walk = Walk::new(&config);
        let mut sight = Sight::default();
        moved.iter().for_each(|folder| self.add_known(folder, &mut sight));
        let (mut folders, mut holders) = (Vec::new(), Vec::new());
        for path in paths {
            if path.is_dir() {
                let found = walk.below(path);
                sight.posts.extend(found.posts);
                sight.pages |= !found.pages.is_empty();
                self.pages.extend(found.pages);
                folders.extend(found.folders);
                sight.problems.extend(found.problems);
                let relative = self.relative(path);
                if self.archive.at_file(&relative).is_some() {
                    // The folder has replaced the file of a post.
                    sight.posts.push(SiteFile::of_path(&relative));
                }
                sight.cleared.push(relative);
            } else {
                let relative = self.relative(path);
                if self.is_gone(&relative) {
                    sight.cleared.push(relative);
                }
                match walk.at(path) {
                    Some((Kind::Post, file)) => {
                        holders.extend(path.parent().map(Path::to_owned));
                        sight.posts.push(file);
                    }
                    Some((Kind::Page, file)) => {
                        sight.pages = true;
                        self.pages.push(file);
                    }
                    None => {}
                }
            }
        }
        let edition = self.look_at(sight);
        holders.extend(folders.iter().cloned());
        self.note_roots(&holders);
        (edition, folders)
    }

    /// Checks every file of the site by time and size; the flag makes it read all contents instead. Also
    /// returns the site's folders.
    pub fn rescan(&mut self, anew: bool) -> (Option<Edition>, Vec<PathBuf>) {
        let survey = Survey::of(&self.config, &self.archive, anew);
        self.take_survey(survey)
    }

    /// Checks the files that a survey reports as different. Each file is examined again, so the survey
    /// may be stale. Also returns the site's folders.
    pub fn take_survey(&mut self, survey: Survey) -> (Option<Edition>, Vec<PathBuf>) {
        let Survey { mut suspects, pages, folders, problems, strays, anew, .. } = survey;
        // These files may seem unchanged by time and size, so add them explicitly.
        let known = self.barren.keys().filter(|path| self.archive.at_file(path).is_some());
        let known = known.filter(|path| SiteFile::is_exact(path));
        suspects.extend(known.map(|path| SiteFile::of_path(path)));
        let walk = Walk::new(&self.config);
        for path in strays {
            match walk.at(&self.config.root.join(&*path)) {
                Some((Kind::Post, file)) => suspects.push(file),
                _ => {
                    self.unreadable.insert(path);
                }
            }
        }
        // New pages may have appeared. Reading the pages detects the removed ones.
        self.pages.extend(pages);
        let was_kept = std::mem::take(&mut self.unchecked);
        self.forget_returned();
        let cleared = vec![String::new()];
        let sight = Sight { posts: suspects, pages: true, problems, cleared, anew };
        let edition = self.look_at(sight);
        if was_kept {
            // Without a save, every start would read these files again. Later touches are not worth one:
            // a scraper may touch all files every minute.
            self.unsaved += self.touched.len();
        }
        self.roots.forget_changed(|folder| self.vanished.contains(folder));
        self.note_roots(&folders);
        (edition, folders)
    }

    /// Saves the archive, on another thread, if at least 1% of it has changed since the last save.
    pub fn save(&mut self) {
        let Some(store) = self.store.clone() else { return };
        let is_writing = self.saving.as_ref().is_some_and(|writing| !writing.is_finished());
        if is_writing || self.unsaved == 0 || self.unsaved * 100 < self.archive.len() {
            return;
        }
        self.unsaved = 0;
        let (archive, touched) = (self.archive(), self.touched.clone());
        self.saving = Some(std::thread::spawn(move || {
            let start = Instant::now();
            match store.save(&archive, &touched) {
                Ok(()) => {
                    let took_ms = start.elapsed().as_millis() as u64;
                    tracing::info!(took_ms, "cached archive written to {}", store.file().display());
                }
                Err(error) => {
                    tracing::warn!(
                        %error,
                        "cannot write the cached archive {}; the next start reads all files",
                        store.file().display()
                    );
                }
            }
        }));
    }

    fn publish(&mut self, change: Change) -> Edition {
        self.unsaved += change.posts.len() + change.gone.len();
        let start = Instant::now();
        let (next, new) = self.archive.after(change, Timestamp::of(SystemTime::now()));
        self.archive = Arc::new(next);
        Edition { archive: self.archive(), new, took: start.elapsed() }
    }
}

/// Loads the stored archive, if it can be used.
fn kept(store: &Store, config: &Config, claims: Claims) -> Option<Snapshot> {
    match store.load(Rules::new(config, claims), Timestamp::of(SystemTime::now())) {
        Ok(archive) => Some(archive),
        Err(reason) => {
            tracing::info!("cached archive {} not used: {reason}; reading all files", store.file().display());
            None
        }
    }
}
