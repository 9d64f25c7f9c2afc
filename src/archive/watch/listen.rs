//! Listening for what the system tells of files.

use std::path::{Path, PathBuf};

use notify::event::ModifyKind;
use notify::{ErrorKind, Event, EventKind, RecursiveMode, Watcher};

use super::{Notice, Watch, pending};
use crate::archive::files;
use crate::config::Watching;

impl Watch<'_> {
    /// Starts to listen where posts mostly are, which takes no time.
    pub(super) fn listen_first(&mut self) {
        if self.editor.config().watch != Watching::Events {
            return;
        }
        let sender = self.notices.0.clone();
        let handler = move |event: notify::Result<Event>| {
            // A look at a million files is as many events, of which nobody needs to know.
            if event.as_ref().is_ok_and(|event| !pending::is_change(event)) {
                return;
            }
            // Nobody listens any more when the program ends.
            let _ = sender.send(Notice::Files(event));
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => tracing::warn!(%error, "file events cannot be had; files are polled"),
        }
        let folders = self.editor.main_folders();
        self.listen(&folders);
    }

    /// Notes what an event is of, under the names that the site has for it.
    pub(super) fn note(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(mut event) => {
                event.paths = event.paths.iter().flat_map(|path| self.watched.names(path)).collect();
                if matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_))) {
                    // Of a folder only the time has changed, as rsync sets it; all files in it are as
                    // they were.
                    event.paths.retain(|path| !is_open(path));
                }
                if !event.paths.is_empty() || event.need_rescan() {
                    self.pending.add(event);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "file events were lost; all files are looked at");
                self.pending.overflow();
            }
        }
    }

    /// Listens in folders, and looks at those that are new: one may have been filled before it was
    /// watched, also with folders.
    pub(super) fn follow_into(&mut self, mut folders: Vec<PathBuf>) {
        loop {
            let new = self.listen(&folders);
            if new.is_empty() {
                return;
            }
            let (edition, found) = self.editor.see(&new);
            edition.into_iter().for_each(|edition| self.publish(edition));
            folders = found;
        }
    }

    /// Listens for events in folders, and says which of them are new.
    pub(super) fn listen(&mut self, folders: &[PathBuf]) -> Vec<PathBuf> {
        let mut new = Vec::new();
        let Some(watcher) = &mut self.watcher else { return new };
        for folder in folders {
            // Gone again, or closed to us, of which the archive's problems speak.
            let Ok(place) = folder.canonicalize() else { continue };
            // A folder may have been replaced by another of its name, so all are named again.
            match watcher.watch(&place, RecursiveMode::NonRecursive) {
                Ok(()) if self.watched.add(folder, place) => new.push(folder.clone()),
                Ok(()) => {}
                Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                    tracing::warn!("there are more folders than the system lets us watch; files are polled");
                    self.watcher = None;
                    return new;
                }
                Err(error) => tracing::debug!(%error, "a folder is not watched"),
            }
        }
        new
    }
}

/// Whether there is a folder that we may list and look into.
fn is_open(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok() && files::enter(folder).is_ok()
}
