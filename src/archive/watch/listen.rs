//! Listens for file system events.

use std::path::{Path, PathBuf};

use notify::event::ModifyKind;
use notify::{ErrorKind, Event, EventKind, RecursiveMode, Watcher};

use crate::archive::jekyll::files;
use crate::archive::watch::{Watch, WatchCommand, pending};
use crate::config::WatchMode;

impl Watch<'_> {
    /// Starts the watcher in the main folders only, which is fast.
    pub(super) fn listen_first(&mut self) {
        if self.updater.config().server.watch != WatchMode::Events {
            return;
        }
        let sender = self.commands.0.clone();
        let handler = move |event: notify::Result<Event>| {
            // A scan of a million files causes a million access events, which are not changes.
            if event.as_ref().is_ok_and(|event| !pending::is_change(event)) {
                return;
            }
            // The receiver is gone when the program exits.
            let _ = sender.send(WatchCommand::Files(event));
        };
        match notify::recommended_watcher(handler) {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(error) => tracing::warn!(%error, "file events are not available; polling files instead"),
        }
        let folders = self.updater.folder_states().main_folders();
        self.listen(&folders);
    }

    /// Queues an event, with its paths translated to the site's names.
    pub(super) fn queue_event(&mut self, event: notify::Result<Event>) {
        match event {
            Ok(mut event) => {
                event.paths = event.paths.iter().flat_map(|path| self.watched.names(path)).collect();
                if matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_))) {
                    // For a readable folder, a metadata event means only a new time, such as rsync sets.
                    // The files in it are unchanged.
                    event.paths.retain(|path| !is_open(path));
                }
                if !event.paths.is_empty() || event.need_rescan() {
                    self.pending.add(event);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "file watcher error; file events may be lost");
                self.pending.overflow();
            }
        }
    }

    /// Watches folders and scans the new ones, which may have received files and folders before the watch.
    pub(super) fn watch_new_folders(&mut self, mut folders: Vec<PathBuf>) {
        loop {
            let new = self.listen(&folders);
            if new.is_empty() {
                return;
            }
            let (update, found) = self.updater.apply_events(&new, &[]);
            update.into_iter().for_each(|update| self.publish(update));
            folders = found;
        }
    }

    /// Watches folders. Returns the new ones.
    pub(super) fn listen(&mut self, folders: &[PathBuf]) -> Vec<PathBuf> {
        let mut new = Vec::new();
        let Some(watcher) = &mut self.watcher else { return new };
        for folder in folders {
            // The folder is gone again, or unreadable, which the archive reports as a problem.
            let Ok(place) = folder.canonicalize() else { continue };
            // A folder may have been replaced by another with the same name, so renew every watch.
            match watcher.watch(&place, RecursiveMode::NonRecursive) {
                Ok(()) if self.watched.add(folder, place) => new.push(folder.clone()),
                Ok(()) => {}
                Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                    tracing::warn!(
                        "file watch limit reached; polling files instead; raise fs.inotify.max_user_watches"
                    );
                    self.watcher = None;
                    return new;
                }
                Err(error) => tracing::debug!(%error, "cannot watch a folder"),
            }
        }
        new
    }
}

/// True if the folder can be listed and entered.
fn is_open(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok() && files::enter(folder).is_ok()
}
