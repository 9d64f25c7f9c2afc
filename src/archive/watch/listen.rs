//! Listens for file system events.

use std::collections::BTreeSet;
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
                let names = |path: &PathBuf| {
                    let mut names = self.watched.names(path);
                    names.extend_from_slice(self.targets.names(path));
                    names
                };
                event.paths = event.paths.iter().flat_map(names).collect();
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

    /// Watches folders and links, and checks the new ones: they may have received or lead to files that were
    /// written before the watch.
    pub(super) fn watch_new(&mut self, mut paths: Vec<PathBuf>) {
        loop {
            let new = self.listen(&paths);
            if new.is_empty() {
                return;
            }
            let (update, found) = self.updater.apply_events(&new, &[]);
            update.into_iter().for_each(|update| self.publish(update));
            paths = found;
        }
    }

    /// Watches folders, and the chains of links. Returns those that are new.
    pub(super) fn listen(&mut self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let (mut new, mut link_folders) = (Vec::new(), BTreeSet::new());
        if self.watcher.is_none() {
            return new;
        }
        let root = self.updater.config().root.clone();
        for path in paths {
            let mut has_new_chain = false;
            // A watch of the folder above the site would report every change beside the site.
            if *path != root && files::is_link(path) {
                has_new_chain = self.targets.add(path, &self.watched);
                link_folders.extend(self.targets.folders(path));
            }
            // The path is gone again, or unreadable, which the archive reports as a problem.
            let place = path.canonicalize().ok().filter(|place| place.is_dir());
            let has_new_place = place.is_some_and(|place| {
                // A folder may have been replaced by another with the same name, so renew every watch.
                self.watch(&place) && self.watched.add(path, place)
            });
            if has_new_chain || has_new_place {
                new.push(path.clone());
            }
        }
        link_folders.retain(|folder| !self.watched.has_place(folder));
        for folder in &link_folders {
            self.watch(folder);
        }
        new
    }

    /// Watches a folder, or renews its watch. Without file events, or if they end with this watch, returns false.
    fn watch(&mut self, place: &Path) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        match watcher.watch(place, RecursiveMode::NonRecursive) {
            Ok(()) => return true,
            Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                tracing::warn!(
                    "file watch limit reached; polling files instead; raise fs.inotify.max_user_watches"
                );
                self.watcher = None;
            }
            Err(error) => tracing::debug!(%error, "cannot watch a folder"),
        }
        false
    }
}

/// True if the folder can be listed and entered.
fn is_open(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok() && files::enter(folder).is_ok()
}
