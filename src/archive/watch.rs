//! Follows the site's folder while the server runs. File events, the clock, regular surveys and the
//! operator's commands produce one [`Edition`] of the archive after the other.

mod folders;
mod listen;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(not(target_os = "linux"))]
mod mounts {
    /// Only Linux lists mounts in a file. Elsewhere, the regular survey finds the files of a new mount.
    pub(super) fn below(_site: &std::path::Path) -> u64 {
        0
    }
}
mod pending;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use notify::{Event, RecommendedWatcher, Watcher};

use super::editor::{Edition, Editor, Survey};
use super::load::{Claims, Progress};
use crate::config::{Config, ConfigError, Watching};
use folders::Folders;
use pending::Pending;

/// Minimum time between two polls.
const POLL: Duration = Duration::from_secs(2);
/// Polls take at most 1/`POLL_SHARE` of the time.
const POLL_SHARE: u32 = 10;
/// Interval of the checks for changes without a file event: a volume was mounted or unmounted, a missing
/// folder is back, or an unreadable folder is readable.
const VANISHED: Duration = Duration::from_secs(1);

/// Input of a watch.
#[derive(Debug)]
pub enum Notice {
    /// An event of the file system.
    Files(notify::Result<Event>),
    /// The result of the survey with this number.
    Surveyed(u64, Survey),
    /// Reload command of the operator: use these settings and read all files again.
    Reload(Arc<Config>),
    /// Stop the watch.
    Stop,
}

/// Output of a watch.
#[derive(Debug)]
pub enum News {
    /// The archive has changed.
    Edition(Edition),
    /// The operator's new settings are in effect, with the resulting archive.
    Reloaded(Arc<Config>, Edition),
    /// The operator's new settings are invalid and were rejected.
    Refused(ConfigError),
}

/// The state of a running watch.
pub struct Watch<'a> {
    editor: Editor,
    claims: Claims,
    /// The queue of notices, with the sender for file events and surveys.
    notices: (Sender<Notice>, Receiver<Notice>),
    tell: &'a mut dyn FnMut(News),
    watcher: Option<RecommendedWatcher>,
    pending: Pending,
    /// The folders with a file system watch.
    watched: Folders,
    last_survey: Instant,
    /// Duration of the last survey.
    survey_took: Duration,
    /// Number of surveys started. The number identifies the current one.
    surveys: u64,
    /// A survey is running on another thread.
    surveying: bool,
    /// The running survey may have missed a change, so another must follow.
    again: bool,
    /// A hash of the mounts below the site.
    mounts: u64,
    /// Time of the last check for replaced folders and mounts.
    last_ground: Instant,
    /// New settings, applied after the queued notices.
    settings: Option<Arc<Config>>,
}

/// Follows a site until [`Notice::Stop`]. Passes the initial archive and then every change to the callback.
pub fn run(
    editor: Editor,
    claims: Claims,
    notices: (Sender<Notice>, Receiver<Notice>),
    tell: &mut dyn FnMut(News),
) {
    let mut watch = Watch {
        editor,
        claims,
        notices,
        tell,
        watcher: None,
        pending: Pending::default(),
        watched: Folders::default(),
        last_survey: Instant::now(),
        survey_took: Duration::ZERO,
        surveys: 0,
        surveying: false,
        again: false,
        mounts: 0,
        last_ground: Instant::now(),
        settings: None,
    };
    // Listen before publishing the archive, so that no later write is missed.
    watch.listen_first();
    watch.publish(watch.all());
    watch.begin();
    watch.follow();
}

impl Watch<'_> {
    /// Listens in every folder, then starts a survey. The survey finds changes made during the load, and
    /// compares a stored archive with the files.
    fn begin(&mut self) {
        let kept = self.editor.is_unchecked();
        self.mounts = mounts::below(&self.editor.config().root);
        self.editor.save();
        let folders = self.editor.folders();
        self.listen(&folders);
        if kept || self.editor.config().watch != Watching::Off {
            self.survey();
        }
    }

    fn follow(&mut self) {
        loop {
            let wait = self.wait();
            let first = match self.notices.1.recv_timeout(wait) {
                Ok(notice) => Some(notice),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut next = first;
            while let Some(notice) = next {
                match notice {
                    Notice::Files(event) => self.note(event),
                    Notice::Surveyed(number, survey) if number == self.surveys => self.take(survey),
                    // The survey used settings that are no longer in effect.
                    Notice::Surveyed(..) => {}
                    Notice::Reload(config) => self.settings = Some(config),
                    Notice::Stop => return,
                }
                next = self.notices.1.try_recv().ok();
            }
            // Only the latest settings matter.
            if let Some(config) = self.settings.take() {
                self.reload(config);
            }
            self.act();
        }
    }

    /// Time until the next scheduled work.
    fn wait(&self) -> Duration {
        let mut wait = self.editor.next_wake();
        if let Some(due) = self.pending.due() {
            wait = wait.min(due.saturating_duration_since(Instant::now()));
        }
        if let Some(every) = self.survey_every().filter(|_| !self.surveying) {
            wait = wait.min(every.saturating_sub(self.last_survey.elapsed()));
        }
        if self.watcher.is_some() || self.editor.misses_folders() {
            wait = wait.min(VANISHED);
        }
        wait
    }

    fn survey_every(&self) -> Option<Duration> {
        let config = self.editor.config();
        let polls =
            config.watch == Watching::Poll || (config.watch == Watching::Events && self.watcher.is_none());
        if polls { Some(POLL.max(self.survey_took * (POLL_SHARE - 1))) } else { config.rescan.0 }
    }

    /// Does all work that is due.
    fn act(&mut self) {
        if let Some(edition) = self.editor.tick() {
            self.publish(edition);
        }
        if self.pending.is_due() {
            let (paths, overflow) = self.pending.take();
            if overflow {
                tracing::info!("file events were lost; scanning all files");
                self.survey();
            } else {
                self.see(paths);
            }
        }
        let reopened = self.editor.reopened();
        if !reopened.is_empty() {
            self.see(reopened);
        }
        let is_due = self.survey_every().is_some_and(|every| self.last_survey.elapsed() >= every);
        if !self.surveying && (is_due || self.editor.has_returned()) {
            self.survey();
        }
        if self.watcher.is_some() && self.last_ground.elapsed() >= VANISHED && self.has_changed_ground() {
            self.survey();
            // The current survey may miss files written before the new folder has a watch.
            self.again = true;
        }
    }

    fn see(&mut self, paths: Vec<PathBuf>) {
        // The files of a removed or replaced folder disappear without events of their own.
        let moved: Vec<PathBuf> = paths.iter().filter(|path| self.watched.contains(path)).cloned().collect();
        for place in moved.iter().flat_map(|folder| self.watched.remove_moved(folder)) {
            // The system has usually removed the watch already, so ignore errors.
            let _ = self.watcher.as_mut().map(|watcher| watcher.unwatch(&place));
        }
        let (edition, folders) = self.editor.see_moved(&paths, &moved);
        let has_changed = edition.is_some();
        edition.into_iter().for_each(|edition| self.publish(edition));
        self.follow_into(folders);
        if has_changed && self.editor.has_vanished() {
            // A missing folder may have been renamed, so search the whole site for its posts.
            self.survey();
        }
    }

    /// True if a volume was mounted or unmounted since the last check. No file event reports a mount.
    fn has_changed_ground(&mut self) -> bool {
        self.last_ground = Instant::now();
        let mounts = mounts::below(&self.editor.config().root);
        let other_mounts = std::mem::replace(&mut self.mounts, mounts) != mounts;
        other_mounts || !self.surveying && self.editor.has_changed_ground()
    }

    /// Starts a survey on another thread, so that file events need not wait for it.
    fn survey(&mut self) {
        if std::mem::replace(&mut self.surveying, true) {
            self.again = true;
            return;
        }
        self.surveys += 1;
        let number = self.surveys;
        let (config, archive) = (Arc::clone(self.editor.config()), self.editor.archive());
        let sender = self.notices.0.clone();
        std::thread::spawn(move || {
            // The receiver is gone when the program exits.
            let _ = sender.send(Notice::Surveyed(number, Survey::of(&config, &archive, false)));
        });
    }

    /// Applies the result of a survey.
    fn take(&mut self, survey: Survey) {
        self.surveying = false;
        let kept = self.editor.is_unchecked();
        self.survey_took = survey.took;
        self.last_survey = Instant::now();
        let (edition, folders) = self.editor.take_survey(survey);
        // A missing folder may have been renamed, so search the whole site for its posts.
        self.again |= edition.is_some() && self.editor.has_vanished();
        edition.into_iter().for_each(|edition| self.publish(edition));
        if kept {
            let took_ms = self.survey_took.as_millis() as u64;
            tracing::info!(
                took_ms,
                posts = self.editor.archive().len(),
                "cached archive verified against the files"
            );
        }
        self.follow_into(folders);
        self.editor.save();
        if std::mem::take(&mut self.again) {
            self.survey();
        }
    }

    /// The current archive, without new posts.
    fn all(&self) -> Edition {
        Edition { archive: self.editor.archive(), new: Vec::new(), took: Duration::ZERO }
    }

    fn publish(&mut self, edition: Edition) {
        let posts = edition.archive.len();
        let took_us = edition.took.as_micros() as u64;
        tracing::debug!(posts, new = edition.new.len(), took_us, "archive updated");
        (self.tell)(News::Edition(edition));
    }

    /// Rereads all files, with the new settings if they affect how files are read.
    fn reload(&mut self, config: Arc<Config>) {
        let old = self.editor.config();
        let same_files = old.reading() == config.reading();
        let same_watch = old.watch == config.watch;
        let before = self.editor.archive();
        if same_files {
            self.editor.set_config(Arc::clone(&config));
        }
        // The code below publishes the new posts of this edition together with the new settings.
        let (edition, folders) = self.editor.rescan(same_files);
        self.follow_into(folders);
        if !same_files {
            if let Some(folder) = self.editor.missing_folder() {
                // A reload from scratch would lose the folder's posts.
                tracing::error!(
                    "reload failed, keeping the current configuration: {} is missing or unreadable; \
                     send SIGHUP again when it is available",
                    folder.display()
                );
                edition.into_iter().for_each(|edition| self.publish(edition));
                return;
            }
            match Editor::open(Arc::clone(&config), self.claims, &Progress::default()) {
                Ok(editor) => self.editor = editor,
                Err(error) => {
                    edition.into_iter().for_each(|edition| self.publish(edition));
                    return (self.tell)(News::Refused(error));
                }
            }
        }
        let archive = self.editor.archive();
        let new = archive.listed().iter().filter(|id| before.at_file(archive.post(*id).path()).is_none());
        let edition = Edition { new: new.collect(), archive: Arc::clone(&archive), took: Duration::ZERO };
        (self.tell)(News::Reloaded(config, edition));
        if !same_files || !same_watch {
            self.watcher = None;
            self.pending = Pending::default();
            self.watched = Folders::default();
            // The result of a running survey belongs to the old settings.
            self.surveys += 1;
            self.surveying = false;
            self.listen_first();
            self.begin();
        }
    }
}
