//! Follows a site's folder for as long as it is served: file events, the clock, a slow look at
//! everything, and what the owner asks for → one edition of the archive after the other.

mod folders;
mod listen;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(not(target_os = "linux"))]
mod mounts {
    /// Only Linux lists mounts in a file; elsewhere the rescan finds what a new mount brings.
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

/// The shortest time between two polls.
const POLL: Duration = Duration::from_secs(2);
/// Of its time a poll takes at most one part in so many.
const POLL_SHARE: u32 = 10;
/// How often to see what no event tells of: whether a volume was mounted or unmounted, a folder that has
/// vanished is back, one that was closed to us is open.
const VANISHED: Duration = Duration::from_secs(1);

/// What a watch is told.
#[derive(Debug)]
pub enum Notice {
    /// Something happened to files.
    Files(notify::Result<Event>),
    /// All files were looked at, for the time of this number.
    Surveyed(u64, Survey),
    /// The owner has new settings, and wants all files read again.
    Reload(Arc<Config>),
    /// No more is wanted.
    Stop,
}

/// What a watch has to say.
#[derive(Debug)]
pub enum News {
    /// The archive has changed.
    Edition(Edition),
    /// The owner's new settings hold from now on, with the archive that they make.
    Reloaded(Arc<Config>, Edition),
    /// The owner's new settings cannot be used.
    Refused(ConfigError),
}

/// A site that is being followed.
pub struct Watch<'a> {
    editor: Editor,
    claims: Claims,
    /// Notices, and a sender of them for the file system's.
    notices: (Sender<Notice>, Receiver<Notice>),
    tell: &'a mut dyn FnMut(News),
    watcher: Option<RecommendedWatcher>,
    pending: Pending,
    /// The folders that are listened to.
    watched: Folders,
    last_survey: Instant,
    /// How long the last look at everything took.
    survey_took: Duration,
    /// How often everything was looked at, or has begun to be.
    surveys: u64,
    /// Another thread is looking at everything.
    surveying: bool,
    /// Something was missed since it began, so that it must do so again.
    again: bool,
    /// What is mounted in the site, as a hash.
    mounts: u64,
    /// When that was last looked at.
    last_ground: Instant,
    /// New settings of the owner, which wait for what was noticed before.
    settings: Option<Arc<Config>>,
}

/// Follows a site until told to stop, and tells of its archive and then of all that is new.
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
    // Before anybody is told of the archive, so that what is written from now on is seen.
    watch.listen_first();
    watch.publish(watch.all());
    watch.begin();
    watch.follow();
}

impl Watch<'_> {
    /// Listens in every folder, and then has everything looked at: so that nothing is missed that
    /// happened while the archive was loaded, and an archive that was kept is compared with the files.
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
                    // By settings that hold no more.
                    Notice::Surveyed(..) => {}
                    Notice::Reload(config) => self.settings = Some(config),
                    Notice::Stop => return,
                }
                next = self.notices.1.try_recv().ok();
            }
            // Of several settings only the last are wanted.
            if let Some(config) = self.settings.take() {
                self.reload(config);
            }
            self.act();
        }
    }

    /// How long there is nothing to do if nothing happens.
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

    /// Does what is due.
    fn act(&mut self) {
        if let Some(edition) = self.editor.tick() {
            self.publish(edition);
        }
        if self.pending.is_due() {
            let (paths, overflow) = self.pending.take();
            if overflow {
                tracing::info!("more happened to the files than could be followed; all are looked at");
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
            // What is written there before it is listened to would be missed.
            self.again = true;
        }
    }

    fn see(&mut self, paths: Vec<PathBuf>) {
        // What was in a folder that is gone, or another now, is gone without an event of its own.
        let moved: Vec<PathBuf> = paths.iter().filter(|path| self.watched.contains(path)).cloned().collect();
        for place in moved.iter().flat_map(|folder| self.watched.remove_moved(folder)) {
            // Mostly the system has done so already.
            let _ = self.watcher.as_mut().map(|watcher| watcher.unwatch(&place));
        }
        let (edition, folders) = self.editor.see_moved(&paths, &moved);
        let has_changed = edition.is_some();
        edition.into_iter().for_each(|edition| self.publish(edition));
        self.follow_into(folders);
        if has_changed && self.editor.has_vanished() {
            // It may have been renamed, and its posts be here now.
            self.survey();
        }
    }

    /// Whether a volume was mounted or unmounted since the last time, of which no event tells.
    fn has_changed_ground(&mut self) -> bool {
        self.last_ground = Instant::now();
        let mounts = mounts::below(&self.editor.config().root);
        let other_mounts = std::mem::replace(&mut self.mounts, mounts) != mounts;
        other_mounts || !self.surveying && self.editor.has_changed_ground()
    }

    /// Has another thread look at everything, so that what happens meanwhile need not wait.
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
            // Nobody listens any more when the program ends.
            let _ = sender.send(Notice::Surveyed(number, Survey::of(&config, &archive, false)));
        });
    }

    /// Takes over what another thread has found.
    fn take(&mut self, survey: Survey) {
        self.surveying = false;
        let kept = self.editor.is_unchecked();
        self.survey_took = survey.took;
        self.last_survey = Instant::now();
        let (edition, folders) = self.editor.take_survey(survey);
        // A folder that is away may have been renamed, and its posts be here now.
        self.again |= edition.is_some() && self.editor.has_vanished();
        edition.into_iter().for_each(|edition| self.publish(edition));
        if kept {
            let took_ms = self.survey_took.as_millis() as u64;
            tracing::info!(took_ms, posts = self.editor.archive().len(), "the archive is as its files are");
        }
        self.follow_into(folders);
        self.editor.save();
        if std::mem::take(&mut self.again) {
            self.survey();
        }
    }

    /// The archive as it is, with nothing new in it.
    fn all(&self) -> Edition {
        Edition { archive: self.editor.archive(), new: Vec::new(), took: Duration::ZERO }
    }

    fn publish(&mut self, edition: Edition) {
        let posts = edition.archive.len();
        let took_us = edition.took.as_micros() as u64;
        tracing::debug!(posts, new = edition.new.len(), took_us, "the archive has changed");
        (self.tell)(News::Edition(edition));
    }

    /// Reads everything again, by new settings if they are others.
    fn reload(&mut self, config: Arc<Config>) {
        let old = self.editor.config();
        let same_files = old.reading() == config.reading();
        let same_watch = old.watch == config.watch;
        let before = self.editor.archive();
        if same_files {
            self.editor.set_config(Arc::clone(&config));
        }
        // What is new in it is told by the new settings, below.
        let (edition, folders) = self.editor.rescan(same_files);
        self.follow_into(folders);
        if !same_files {
            if let Some(folder) = self.editor.missing_folder() {
                // A start anew would begin without its posts.
                tracing::error!(
                    "the configuration stays as it was: {} is away or closed; send SIGHUP again when it is back",
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
            // What is on its way was found by the old settings.
            self.surveys += 1;
            self.surveying = false;
            self.listen_first();
            self.begin();
        }
    }
}
