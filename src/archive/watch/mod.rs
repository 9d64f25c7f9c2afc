//! Follows the site's folder while the server runs. File events, the clock, regular scans and the
//! operator's commands produce one [`Update`] of the archive after the other.

mod folders;
mod listen;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(not(target_os = "linux"))]
mod mounts {
    /// Only Linux lists mounts in a file. Elsewhere, the regular scan finds the files of a new mount.
    pub(super) fn below(_site: &std::path::Path) -> u64 {
        0
    }
}
mod pending;
mod targets;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, SystemTime};

use chrono::NaiveDate;
use notify::{Event, RecommendedWatcher, Watcher};

use crate::archive::jekyll::files;
use crate::archive::load::Progress;
use crate::archive::post::PostId;
use crate::archive::snapshot::ReservedPaths;
use crate::archive::updater::{FullScan, Update, Updater};
use crate::archive::watch::folders::WatchedFolders;
use crate::archive::watch::pending::PendingEvents;
use crate::archive::watch::targets::LinkTargets;
use crate::config::{Config, ConfigError, WatchMode};

pub(crate) use crate::archive::watch::pending::is_change;

/// Minimum time between two polls.
pub(crate) const POLL: Duration = Duration::from_secs(2);
/// Polls take at most 1/`POLL_SHARE` of the time.
pub(crate) const POLL_SHARE: u32 = 10;
/// Interval of the checks for changes without a file event: a volume was mounted or unmounted, a missing
/// folder is back, or an unreadable folder is readable.
const VANISHED: Duration = Duration::from_secs(1);

/// Input of a watch.
#[derive(Debug)]
pub enum WatchCommand {
    /// An event of the file system.
    Files(notify::Result<Event>),
    /// The result of the scan with this number.
    Scanned(u64, FullScan),
    /// Reload command of the operator: use these settings and read all files again.
    Reload(Arc<Config>),
    /// Look for the file of a post that a client requests and the archive lacks.
    Look {
        /// The day in the file's name.
        day: NaiveDate,
        /// The slug in the file's name, without a slash.
        slug: String,
        /// The watch drops the sender after the lookup.
        done: tokio::sync::watch::Sender<()>,
    },
    /// Change files of the site, as one update of the archive.
    Apply {
        /// Changes the files while the watch does nothing else, so that no update shows a part of the change.
        write: FolderWrite,
        /// Receives the result of the write after the update.
        done: Sender<io::Result<()>>,
    },
    /// Stop the watch.
    Stop,
}

/// A function that changes files of the site.
pub struct FolderWrite(pub Box<dyn FnOnce() -> io::Result<FolderChange> + Send>);

impl fmt::Debug for FolderWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FolderWrite")
    }
}

/// The result of a [`FolderWrite`].
#[derive(Debug)]
pub enum FolderChange {
    /// The files with these paths have changed.
    Files(Vec<PathBuf>),
    /// The configuration has changed, so all files are read again.
    Settings(Arc<Config>),
}

/// Output of a watch.
#[derive(Debug)]
pub enum WatchUpdate {
    /// The archive has changed.
    Updated(Update),
    /// The operator's new settings are in effect, with the resulting archive.
    Reloaded(Arc<Config>, Update),
    /// The operator's new settings are invalid and were rejected.
    Refused(ConfigError),
}

/// The modification time and the size of `_config.yml`; `None` if there is no such file.
type ConfigVersion = Option<(SystemTime, u64)>;

/// The state of a running watch.
pub struct Watch<'a> {
    updater: Updater,
    reserved_paths: ReservedPaths,
    /// The queue of commands, with the sender for file events and scans.
    commands: (Sender<WatchCommand>, Receiver<WatchCommand>),
    on_update: &'a mut dyn FnMut(WatchUpdate),
    watcher: Option<RecommendedWatcher>,
    pending: PendingEvents,
    /// The folders with a file system watch.
    watched: WatchedFolders,
    /// The targets of links, which have a watch too.
    targets: LinkTargets,
    /// True if the site had a `favicon.ico` when it was last checked.
    has_icon: bool,
    /// The version of `_config.yml` at the start or the last reload.
    config_version: ConfigVersion,
    /// True if the log names a later version.
    is_config_logged: bool,
    last_scan: Instant,
    /// Duration of the last scan.
    scan_took: Duration,
    /// Number of scans started. The number identifies the current one.
    scans: u64,
    /// A scan is running on another thread.
    is_scanning: bool,
    /// The running scan may have missed a change, so another must follow.
    scan_again: bool,
    /// A hash of the mounts below the site.
    mounts: u64,
    /// Time of the last check for replaced folders and mounts.
    last_mount_check: Instant,
    /// New settings, applied after the queued commands.
    settings: Option<Arc<Config>>,
}

/// Follows a site until [`WatchCommand::Stop`]. Passes the initial archive and then every change to the callback.
pub fn run(
    updater: Updater,
    reserved_paths: ReservedPaths,
    commands: (Sender<WatchCommand>, Receiver<WatchCommand>),
    on_update: &mut dyn FnMut(WatchUpdate),
) {
    let mut watch = Watch {
        updater,
        reserved_paths,
        commands,
        on_update,
        watcher: None,
        pending: PendingEvents::default(),
        watched: WatchedFolders::default(),
        targets: LinkTargets::default(),
        has_icon: false,
        config_version: None,
        is_config_logged: false,
        last_scan: Instant::now(),
        scan_took: Duration::ZERO,
        scans: 0,
        is_scanning: false,
        scan_again: false,
        mounts: 0,
        last_mount_check: Instant::now(),
        settings: None,
    };
    // Listen before publishing the archive, so that no later write is missed.
    watch.listen_first();
    watch.has_icon = watch.finds_icon();
    watch.config_version = watch.current_config();
    watch.publish(watch.current_update());
    watch.begin();
    watch.follow();
}

impl Watch<'_> {
    /// Listens in every folder, then starts a scan. The scan finds changes made during the load, and
    /// compares a stored archive with the files.
    fn begin(&mut self) {
        let kept = self.updater.is_unchecked();
        self.mounts = mounts::below(&self.updater.config().root);
        self.updater.save();
        let folders = self.updater.folders();
        self.listen(&folders);
        if kept || self.updater.config().server.watch != WatchMode::Off {
            self.start_scan();
        }
    }

    fn follow(&mut self) {
        loop {
            let wait = self.wait();
            let mut next = match self.commands.1.recv_timeout(wait) {
                Ok(command) => Some(command),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            while let Some(command) = next {
                match command {
                    WatchCommand::Files(event) => self.queue_event(event),
                    WatchCommand::Scanned(number, scan) if number == self.scans => self.apply_scan(scan),
                    // The scan used settings that are no longer in effect.
                    WatchCommand::Scanned(..) => {}
                    WatchCommand::Reload(config) => self.settings = Some(config),
                    WatchCommand::Look { day, slug, done } => {
                        self.look(day, &slug);
                        drop(done);
                    }
                    WatchCommand::Apply { write, done } => {
                        // The receiver may be gone when the program exits.
                        let _ = done.send(self.apply_write(write));
                    }
                    WatchCommand::Stop => return,
                }
                next = self.commands.1.try_recv().ok();
            }
            // Only the latest settings matter.
            if let Some(config) = self.settings.take() {
                self.reload(config);
            }
            self.run_due_work();
        }
    }

    /// Time until the next scheduled work.
    fn wait(&self) -> Duration {
        let mut wait = self.updater.next_wake();
        if let Some(due) = self.pending.due() {
            wait = wait.min(due.saturating_duration_since(Instant::now()));
        }
        if let Some(every) = self.scan_interval().filter(|_| !self.is_scanning) {
            wait = wait.min(every.saturating_sub(self.last_scan.elapsed()));
        }
        if self.watcher.is_some() || self.updater.folder_states().has_missing_folder() {
            wait = wait.min(VANISHED);
        }
        wait
    }

    fn scan_interval(&self) -> Option<Duration> {
        let server = &self.updater.config().server;
        let polls =
            server.watch == WatchMode::Poll || (server.watch == WatchMode::Events && self.watcher.is_none());
        if polls { Some(POLL.max(self.scan_took * (POLL_SHARE - 1))) } else { server.rescan.0 }
    }

    /// Does all work that is due.
    fn run_due_work(&mut self) {
        if let Some(update) = self.updater.tick() {
            self.publish(update);
        }
        if self.pending.is_due() {
            let (paths, overflow) = self.pending.take();
            if overflow {
                tracing::info!("file events were lost; scanning all files");
                self.start_scan();
            } else {
                self.apply_events(paths);
            }
        }
        if self.finds_icon() != self.has_icon {
            self.has_icon = !self.has_icon;
            // Every page names the icon.
            self.publish(self.current_update());
        }
        let config_version = self.current_config();
        // A missing file, such as that of a site whose folder is away, is no new version.
        if !self.is_config_logged && config_version.is_some() && config_version != self.config_version {
            self.is_config_logged = true;
            tracing::info!("_config.yml has changed; send SIGHUP to reload it");
        }
        let reopened = self.updater.folder_states().reopened();
        if !reopened.is_empty() {
            self.apply_events(reopened);
        }
        let is_due = self.scan_interval().is_some_and(|every| self.last_scan.elapsed() >= every);
        if !self.is_scanning && (is_due || self.updater.folder_states().has_returned()) {
            self.start_scan();
        }
        if self.watcher.is_some() && self.last_mount_check.elapsed() >= VANISHED && self.has_replaced_folder()
        {
            self.start_scan();
            // The current scan may miss files written before the new folder has a watch.
            self.scan_again = true;
        }
    }

    /// Reads the file of a post if it exists and is unknown, without waiting for its event or a scan.
    fn look(&mut self, day: NaiveDate, slug: &str) {
        if self.updater.config().server.watch == WatchMode::Off {
            return;
        }
        let files = self.updater.unknown_files(day, slug);
        if !files.is_empty() {
            let (update, found) = self.updater.apply_events(&files, &[]);
            update.into_iter().for_each(|update| self.publish(update));
            self.watch_new(found);
        }
    }

    /// Changes files of the site, and updates the archive once.
    fn apply_write(&mut self, FolderWrite(write): FolderWrite) -> io::Result<()> {
        match write()? {
            FolderChange::Files(paths) => {
                // The log need not mention a `_config.yml` with the same settings.
                self.config_version = self.current_config();
                self.apply_events(paths);
            }
            FolderChange::Settings(config) => self.reload(config),
        }
        Ok(())
    }

    /// True if the site has an icon of its own.
    fn finds_icon(&self) -> bool {
        files::has_icon(&self.updater.config().root)
    }

    fn current_config(&self) -> ConfigVersion {
        let root = &self.updater.config().root;
        let found = ["_config.yml", "_config.yaml"].map(|name| std::fs::metadata(root.join(name)).ok());
        let meta = found.into_iter().flatten().next()?;
        Some((meta.modified().ok()?, meta.len()))
    }

    fn apply_events(&mut self, paths: Vec<PathBuf>) {
        paths.iter().for_each(|path| self.targets.forget_replaced(path));
        // The files of a removed or replaced folder disappear without events of their own.
        let moved: Vec<PathBuf> = paths.iter().filter(|path| self.watched.contains(path)).cloned().collect();
        for place in moved.iter().flat_map(|folder| self.watched.remove_moved(folder)) {
            if self.targets.has_in(&place) {
                continue;
            }
            // The system has usually removed the watch already, so ignore errors.
            let _ = self.watcher.as_mut().map(|watcher| watcher.unwatch(&place));
        }
        let (update, found) = self.updater.apply_events(&paths, &moved);
        let has_changed = update.is_some();
        update.into_iter().for_each(|update| self.publish(update));
        self.watch_new(found);
        if has_changed && self.updater.folder_states().has_vanished() {
            // A missing folder may have been renamed, so search the whole site for its posts.
            self.start_scan();
        }
    }

    /// True if a volume was mounted or unmounted since the last check. No file event reports a mount.
    fn has_replaced_folder(&mut self) -> bool {
        self.last_mount_check = Instant::now();
        let mounts = mounts::below(&self.updater.config().root);
        let other_mounts = std::mem::replace(&mut self.mounts, mounts) != mounts;
        other_mounts || !self.is_scanning && self.updater.folder_states().has_replaced_folder()
    }

    /// Starts a scan on another thread, so that file events need not wait for it.
    fn start_scan(&mut self) {
        if std::mem::replace(&mut self.is_scanning, true) {
            self.scan_again = true;
            return;
        }
        self.scans += 1;
        let number = self.scans;
        let (config, archive) = (Arc::clone(self.updater.config()), self.updater.archive());
        let sender = self.commands.0.clone();
        std::thread::spawn(move || {
            // The receiver is gone when the program exits.
            let _ = sender.send(WatchCommand::Scanned(number, FullScan::new(&config, &archive, false)));
        });
    }

    /// Applies the result of a scan.
    fn apply_scan(&mut self, scan: FullScan) {
        self.is_scanning = false;
        let kept = self.updater.is_unchecked();
        self.scan_took = scan.took;
        self.last_scan = Instant::now();
        let (update, found) = self.updater.apply_scan(scan);
        // A missing folder may have been renamed, so search the whole site for its posts.
        self.scan_again |= update.is_some() && self.updater.folder_states().has_vanished();
        update.into_iter().for_each(|update| self.publish(update));
        if kept {
            let took_ms = self.scan_took.as_millis() as u64;
            tracing::info!(
                took_ms,
                posts = self.updater.archive().len(),
                "cached archive verified against the files"
            );
        }
        self.watch_new(found);
        self.updater.save();
        if std::mem::take(&mut self.scan_again) {
            self.start_scan();
        }
    }

    /// The current archive, without new posts.
    fn current_update(&self) -> Update {
        Update { archive: self.updater.archive(), new: Vec::new(), took: Duration::ZERO }
    }

    fn publish(&mut self, update: Update) {
        let posts = update.archive.len();
        let took_us = update.took.as_micros() as u64;
        tracing::debug!(posts, new = update.new.len(), took_us, "archive updated");
        (self.on_update)(WatchUpdate::Updated(update));
    }

    /// Rereads all files, with the new settings if they affect how files are read.
    fn reload(&mut self, config: Arc<Config>) {
        self.config_version = self.current_config();
        self.is_config_logged = false;
        let old = self.updater.config();
        let config = files::with_archives(config, &old.archives);
        let same_files = old.reads_files_like(&config);
        let same_watch = old.server.watch == config.server.watch;
        let before = self.updater.archive();
        if same_files {
            self.updater.set_config(Arc::clone(&config));
        }
        let scan = FullScan::new(self.updater.config(), &before, same_files);
        // The code below publishes the new posts of this update together with the new settings.
        let (update, found) = self.updater.apply_scan(scan);
        self.watch_new(found);
        if !same_files {
            if let Some(folder) = self.updater.folder_states().missing_folder(&self.updater.archive()) {
                // A reload from scratch would lose the folder's posts.
                tracing::error!(
                    "reload failed, keeping the current configuration: {} is missing or unreadable; \
                     send SIGHUP again when it is available",
                    folder.display()
                );
                update.into_iter().for_each(|update| self.publish(update));
                return;
            }
            match Updater::open(Arc::clone(&config), self.reserved_paths, &Progress::default()) {
                Ok(updater) => self.updater = updater,
                Err(error) => {
                    update.into_iter().for_each(|update| self.publish(update));
                    return (self.on_update)(WatchUpdate::Refused(error));
                }
            }
        }
        let archive = self.updater.archive();
        let is_unknown = |id: PostId| before.at_file(archive.post(id).path()).is_none();
        let new = archive.listed().iter().filter(|id| is_unknown(*id) && archive.is_news(&before, *id));
        let update = Update { new: new.collect(), archive: Arc::clone(&archive), took: Duration::ZERO };
        (self.on_update)(WatchUpdate::Reloaded(config, update));
        if !same_files || !same_watch {
            self.watcher = None;
            self.pending = PendingEvents::default();
            self.watched = WatchedFolders::default();
            self.targets = LinkTargets::default();
            // The result of a running scan belongs to the old settings.
            self.scans += 1;
            self.is_scanning = false;
            self.listen_first();
            self.begin();
        }
    }
}
