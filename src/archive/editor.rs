//! The only writer of the archive: looks at files, and turns what has changed into the next
//! [`Snapshot`]. What is broken keeps its last good version.

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

/// A snapshot that differs from the one before, and what is new in it.
#[derive(Debug, Clone)]
pub struct Edition {
    /// The archive from now on.
    pub archive: Arc<Snapshot>,
    /// The posts that have appeared in lists, oldest first.
    pub new: Vec<PostId>,
    /// How long it took to make the snapshot of what had been read.
    pub took: Duration,
}

/// The writer of an archive.
pub struct Editor {
    config: Arc<Config>,
    claims: Claims,
    store: Option<Store>,
    archive: Arc<Snapshot>,
    /// The stamps of files that were touched and say the same as before.
    touched: HashMap<PostId, Stamp>,
    /// Files that hold no post as they are, and what they were when that was found; nothing if they
    /// could not be read, which may end without a trace.
    barren: HashMap<Box<str>, Option<Stamp>>,
    /// Files that are being written, and when to look at them again.
    unsettled: HashMap<Box<str>, (SiteFile, Instant)>,
    /// The files of the site's own pages.
    pages: Vec<SiteFile>,
    /// Which folders there were.
    roots: Roots,
    /// Folders of posts that are away.
    vanished: HashSet<PathBuf>,
    /// Folders that cannot be read, or that have vanished, whose problems are known.
    unreadable: HashSet<Arc<str>>,
    /// Posts and stamps that changed since the archive was last kept.
    unsaved: usize,
    /// Writes the archive.
    saving: Option<JoinHandle<()>>,
    /// The archive came from the store, and was not compared with the files yet.
    unchecked: bool,
}

impl Editor {
    /// Loads a site: from its store if that can be believed, else from its files.
    ///
    /// # Errors
    /// When the configuration turns out to be unusable.
    pub fn open(config: Arc<Config>, claims: Claims, progress: &Progress) -> Result<Self, ConfigError> {
        // A setting that readers refuse is refused whatever the store holds.
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

    /// The archive as it is now.
    pub fn archive(&self) -> Arc<Snapshot> {
        Arc::clone(&self.archive)
    }

    /// The configuration that it reads by.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Whether the archive came from the store and was not compared with the files yet.
    pub fn is_unchecked(&self) -> bool {
        self.unchecked
    }

    /// How long until something is to be done that no file will tell.
    pub fn next_wake(&self) -> Duration {
        let now = Timestamp::of(SystemTime::now());
        // The clock counts whole seconds.
        let until = |at: Timestamp| at.since(now) + Duration::from_millis(20);
        let unsettled = self.unsettled.values().map(|(_, at)| at.saturating_duration_since(Instant::now()));
        let due = self.archive.next_due().map(until);
        unsettled.chain(due).chain([until(self.archive.next_midnight())]).min().unwrap_or_default()
    }

    /// Does what time alone has made due: posts whose minute has come, the next day, files that were
    /// being written.
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

    /// Waits until no file is being written any more, but not for long.
    pub(super) fn settle(&mut self) {
        if let Some(longest) = self.unsettled.values().map(|(_, at)| *at).max() {
            std::thread::sleep(longest.saturating_duration_since(Instant::now()) + Duration::from_millis(50));
            self.tick();
        }
    }

    /// Goes on with settings by which files mean the same as before.
    pub fn set_config(&mut self, config: Arc<Config>) {
        self.config = config;
    }

    /// Looks at paths of the site that something has happened to, and says which folders it found.
    pub fn see(&mut self, paths: &[PathBuf]) -> (Option<Edition>, Vec<PathBuf>) {
        self.see_moved(paths, &[])
    }

    /// The same, and looks for all that is known of some folders that are gone, or others than they were.
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
                    // It has taken the place of a post.
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

    /// Looks at every file of the site: at its time and size, or with `anew` at its bytes. Says which
    /// folders there are.
    pub fn rescan(&mut self, anew: bool) -> (Option<Edition>, Vec<PathBuf>) {
        let survey = Survey::of(&self.config, &self.archive, anew);
        self.take_survey(survey)
    }

    /// Looks at what a survey has found to be another than it was. Since all of it is looked at once
    /// more, the survey may be of a while ago. Says which folders there are.
    pub fn take_survey(&mut self, survey: Survey) -> (Option<Edition>, Vec<PathBuf>) {
        let Survey { mut suspects, pages, folders, problems, strays, anew, .. } = survey;
        // Of these time and size may say that nothing has changed.
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
        // A page may have come meanwhile. Those that are gone are found out when they are read.
        self.pages.extend(pages);
        let was_kept = std::mem::take(&mut self.unchecked);
        self.forget_returned();
        let cleared = vec![String::new()];
        let sight = Sight { posts: suspects, pages: true, problems, cleared, anew };
        let edition = self.look_at(sight);
        if was_kept {
            // These would be read again at every start. What is touched later is not worth a write: a
            // scraper may touch all files every minute.
            self.unsaved += self.touched.len();
        }
        self.roots.forget_changed(|folder| self.vanished.contains(folder));
        self.note_roots(&folders);
        (edition, folders)
    }

    /// Keeps the archive on disk if it has changed much since that was last done. Another thread
    /// writes it.
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
                    tracing::info!(took_ms, "the archive is kept in {}", store.file().display());
                }
                Err(error) => {
                    tracing::warn!(%error, "the archive cannot be kept in {}", store.file().display());
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

/// The archive as it was kept, if it can be believed.
fn kept(store: &Store, config: &Config, claims: Claims) -> Option<Snapshot> {
    match store.load(Rules::new(config, claims), Timestamp::of(SystemTime::now())) {
        Ok(archive) => Some(archive),
        Err(reason) => {
            tracing::info!("the archive kept in {} is not used: {reason}", store.file().display());
            None
        }
    }
}
