//! Looks for a post that the archive lacks before a permalink is answered with 404. An instance may name a post, on a
//! list or in an event, whose file another instance has not noticed yet.
//!
//! A lookup checks at most 64 names of files on the thread that follows the site's folder, and reads a file only if it
//! is new. One lookup runs at a time, and at most ten begin in a second, so that requests for invented paths cost
//! little. Requests that arrive during a lookup wait for its end, at most `TIMEOUT`. While the watch is busy for
//! longer, requests do not wait, since a request that waits takes one of the permits of all clients.

use std::sync::mpsc::Sender;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use tokio::sync::watch::{Receiver, channel};
use tokio::time::timeout;

use crate::archive::watch::WatchCommand;

/// Minimum time between the beginnings of two lookups.
const INTERVAL: Duration = Duration::from_millis(100);
/// Maximum time that a request waits for a lookup.
const TIMEOUT: Duration = Duration::from_millis(150);

/// The lookups of posts that the archive lacks.
#[derive(Debug, Default)]
pub struct PostProbe {
    commands: OnceLock<Sender<WatchCommand>>,
    /// When the last lookup began, and the channel that the watch closes at its end.
    last: Mutex<Option<(Instant, Receiver<()>)>>,
}

impl PostProbe {
    /// Sends the lookups to the watch of the site. No lookup begins before this call.
    pub(crate) fn connect(&self, commands: Sender<WatchCommand>) {
        // There is only one watch.
        let _ = self.commands.set(commands);
    }

    /// Looks for the file of a post, by the day and the name in its permalink. Returns once the archive has the post,
    /// if the file exists.
    pub(crate) async fn look(&self, day: NaiveDate, slug: &str) {
        if let Some(mut end) = self.begin(day, slug) {
            // Without an answer in time, the archive has no such post for this request.
            let _ = timeout(TIMEOUT, end.changed()).await;
        }
    }

    /// Begins a lookup, or joins the current one. Returns `None` if the last one began too recently or lasts too long.
    fn begin(&self, day: NaiveDate, slug: &str) -> Option<Receiver<()>> {
        let commands = self.commands.get()?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((began, end)) = &*last {
            let is_running = end.has_changed().is_ok();
            if is_running || began.elapsed() < INTERVAL {
                let can_join = is_running && began.elapsed() < TIMEOUT;
                return can_join.then(|| end.clone());
            }
        }
        let (done, end) = channel(());
        commands.send(WatchCommand::Look { day, slug: slug.to_owned(), done }).ok()?;
        *last = Some((Instant::now(), end.clone()));
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, TryRecvError};

    use super::*;

    #[test]
    fn one_lookup_runs_at_a_time_and_ten_begin_in_a_second() {
        let (commands, watch) = mpsc::channel();
        let probe = PostProbe::default();
        let begin = |slug: &str| probe.begin(NaiveDate::MIN, slug);
        assert!(begin("a").is_none(), "no watch");
        probe.connect(commands);
        let (first, second) = (begin("a").expect("a lookup"), begin("b").expect("the same lookup"));
        let set_beginning = |at: Instant| {
            probe.last.lock().expect("a lookup").as_mut().expect("a lookup").0 = at;
        };
        set_beginning(Instant::now().checked_sub(TIMEOUT).expect("an earlier moment"));
        assert!(begin("c").is_none(), "the watch is busy");
        let lookup = watch.try_recv().expect("a lookup");
        assert!(matches!(&lookup, WatchCommand::Look { slug, .. } if slug == "a"), "{lookup:?}");
        assert!(matches!(watch.try_recv(), Err(TryRecvError::Empty)));
        drop(lookup);
        assert!(first.has_changed().is_err() && second.has_changed().is_err(), "both have ended");
        // The time since a later moment is zero.
        set_beginning(Instant::now() + INTERVAL);
        assert!(begin("c").is_none(), "too soon");
        std::thread::sleep(2 * INTERVAL);
        assert!(begin("d").is_some());
        drop(watch);
        std::thread::sleep(INTERVAL);
        assert!(begin("e").is_none(), "the watch has ended");
    }
}
