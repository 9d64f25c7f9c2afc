//! Collects file events until a short pause, or for a limited time.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind};

/// A pause of this length ends a burst of events.
const PAUSE: Duration = Duration::from_millis(60);
/// No event waits longer than this for a pause.
const LONGEST: Duration = Duration::from_millis(300);

/// The paths with events that have not been processed.
#[derive(Debug, Default)]
pub(super) struct PendingEvents {
    paths: BTreeSet<PathBuf>,
    /// Events were lost, because the system's queue overflowed.
    overflow: bool,
    /// The arrival of the first and of the last event.
    span: Option<(Instant, Instant)>,
}

impl PendingEvents {
    pub(super) fn add(&mut self, event: Event) {
        if event.need_rescan() {
            self.overflow();
        } else {
            self.paths.extend(event.paths);
            self.touch();
        }
    }

    /// Records that events were lost.
    pub(super) fn overflow(&mut self) {
        self.overflow = true;
        self.touch();
    }

    fn touch(&mut self) {
        let now = Instant::now();
        let first = self.span.map_or(now, |(first, _)| first);
        self.span = Some((first, now));
    }

    /// When to process the pending events.
    pub(super) fn due(&self) -> Option<Instant> {
        self.span.map(|(first, last)| (last + PAUSE).min(first + LONGEST))
    }

    pub(super) fn is_due(&self) -> bool {
        self.due().is_some_and(|due| due <= Instant::now())
    }

    /// Removes and returns the pending paths, and whether events were lost.
    pub(super) fn take(&mut self) -> (Vec<PathBuf>, bool) {
        self.span = None;
        let paths = std::mem::take(&mut self.paths).into_iter().collect();
        (paths, std::mem::take(&mut self.overflow))
    }
}

/// True if the event may mean a changed file. Opening and reading change nothing, and the close of a file
/// follows its writes.
pub(crate) fn is_change(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        // Only Linux reports the close of a file.
        EventKind::Modify(ModifyKind::Data(_)) => !cfg!(target_os = "linux"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_after_write_makes_a_file_pending_once() {
        let mut pending = PendingEvents::default();
        let on = |kind| Event::new(EventKind::Access(kind)).add_path("/site/_posts/a.md".into());
        assert!(!is_change(&on(AccessKind::Open(AccessMode::Any))));
        assert!(!is_change(&on(AccessKind::Close(AccessMode::Read))));
        let closed = on(AccessKind::Close(AccessMode::Write));
        assert!(is_change(&closed));
        pending.add(closed.clone());
        pending.add(closed);
        assert!(pending.due().is_some());
        let (paths, overflow) = pending.take();
        assert_eq!((paths.len(), overflow), (1, false));
        assert_eq!(pending.due(), None);
    }

    #[test]
    fn continuous_events_are_due_within_the_longest_wait() {
        let mut pending = PendingEvents::default();
        pending.overflow();
        let first = pending.due().expect("due");
        std::thread::sleep(Duration::from_millis(5));
        pending.overflow();
        let second = pending.due().expect("due");
        assert!(first < second && second - first < LONGEST);
        for _ in 0..100 {
            pending.overflow();
        }
        assert!(pending.due().expect("due") <= first + LONGEST);
    }
}
