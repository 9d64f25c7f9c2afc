//! `finews push --follow`: pushes each change of the site until the process is stopped.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{Instant, sleep, sleep_until};

use crate::archive::jekyll::files::{relative, with_archives};
use crate::archive::read::Reader;
use crate::archive::watch::{POLL, POLL_SHARE, is_change};
use crate::bucket::push::{CONFIG_FILES, PushError, PushReport, Pusher};
use crate::config::{Config, ConfigError, WatchMode};

/// The time that events are gathered.
const GATHER: Duration = Duration::from_millis(50);

/// The maximum number of events that wait for the end of a pass.
const WAITING_EVENTS: usize = 1 << 16;

/// The minimum time between two writes of the state.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// Reads the settings of the site again.
type ConfigSource<'a> = dyn Fn() -> Result<Config, ConfigError> + 'a;

/// The events of the site's files.
struct SiteEvents {
    waiting: Receiver<notify::Result<Event>>,
    /// Notified once events were dropped.
    overflow: Arc<Notify>,
}

impl SiteEvents {
    /// Creates the events, and the function that adds them up to a limit and drops the others.
    fn new(limit: usize) -> (impl Fn(notify::Result<Event>) + Send + 'static, Self) {
        let (sender, waiting) = channel(limit);
        let overflow = Arc::new(Notify::new());
        let events = Self { waiting, overflow: Arc::clone(&overflow) };
        let add = move |event: notify::Result<Event>| {
            // After an error, the channel is full, or its receiver is gone because the program exits.
            if sender.try_send(event).is_err() {
                overflow.notify_one();
            }
        };
        (add, events)
    }

    /// Waits for the next event. Dropped events give an error.
    async fn next(&mut self) -> notify::Result<Event> {
        tokio::select! {
            biased;
            () = self.overflow.notified() => Err(notify::Error::generic("events were dropped")),
            Some(event) = self.waiting.recv() => event,
        }
    }
}

/// The next work of a push that follows its site.
#[derive(Default)]
struct PendingWork {
    places: BTreeSet<PathBuf>,
    /// Events were lost, or the settings or a link have changed.
    all: bool,
    /// Files that may be incomplete, with the time of the next attempt.
    unsettled: BTreeMap<PathBuf, Instant>,
    /// The time of the next scan of the whole site.
    scan_at: Option<Instant>,
}

impl PendingWork {
    fn next(&self) -> Option<Instant> {
        self.unsettled.values().copied().chain(self.scan_at).min()
    }

    /// Moves the work that is due by time to the rest.
    fn take_due(&mut self) {
        let now = Instant::now();
        self.all |= self.scan_at.is_some_and(|at| at <= now);
        let due: Vec<PathBuf> =
            self.unsettled.extract_if(.., |_, at| *at <= now).map(|(place, _)| place).collect();
        self.places.extend(due);
    }
}

impl Pusher {
    /// Pushes the site, and then each change of it until the push must stop. `read_config` reads the settings again
    /// before each scan of the whole site.
    ///
    /// # Errors
    /// If the bucket cannot be written for a reason that may not pass, or the site is empty or lacks its settings.
    pub async fn follow(&mut self, read_config: &ConfigSource<'_>) -> Result<(), PushError> {
        let result = self.follow_changes(read_config).await;
        self.save();
        result
    }

    async fn follow_changes(&mut self, read_config: &ConfigSource<'_>) -> Result<(), PushError> {
        let (add_event, mut events) = SiteEvents::new(WAITING_EVENTS);
        let watcher = self.listen(add_event);
        let polls = watcher.is_none() && self.config.server.watch != WatchMode::Off;
        let mut logged = LoggedLines::default();
        let mut work = PendingWork { all: true, ..PendingWork::default() };
        let mut saved_at = None;
        loop {
            let places: Vec<PathBuf> = std::mem::take(&mut work.places).into_iter().collect();
            let report = if std::mem::take(&mut work.all) {
                let start = Instant::now();
                self.read_config(read_config);
                let report = self.push_site().await?;
                self.outage.bridge_denials();
                let poll = || POLL.max(start.elapsed() * (POLL_SHARE - 1));
                let pause = if polls { Some(poll()) } else { self.config.server.rescan.0 };
                work.scan_at = pause.map(|pause| Instant::now() + pause);
                if saved_at.is_none_or(|at: Instant| at.elapsed() > SAVE_EVERY) {
                    self.save();
                    saved_at = Some(Instant::now());
                }
                if !self.options.delete {
                    logged.log_kept(report.kept);
                }
                logged.log(&report, true);
                report
            } else {
                let report = self.push_places(&places).await?;
                logged.log(&report, false);
                report
            };
            let now = Instant::now();
            let unsettled = report.unsettled.into_iter().map(|(place, wait)| (place, now + wait));
            work.unsettled.extend(unsettled);
            if self.wait(&mut events, &mut work).await {
                return Ok(());
            }
        }
    }

    /// Waits for the next work. Returns true if the push must stop.
    async fn wait(&self, events: &mut SiteEvents, work: &mut PendingWork) -> bool {
        while !work.all && work.places.is_empty() {
            let next = work.next();
            let due = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.outage.stopped() => return true,
                () = due => {}
                event = events.next() => {
                    sleep(GATHER).await;
                    self.add_event(event, work);
                    while let Ok(event) = events.waiting.try_recv() {
                        self.add_event(event, work);
                    }
                }
            }
            work.take_due();
        }
        false
    }

    /// Starts to listen for events in all folders of the site.
    fn listen(
        &self,
        add_event: impl Fn(notify::Result<Event>) + Send + 'static,
    ) -> Option<RecommendedWatcher> {
        if self.config.server.watch != WatchMode::Events {
            return None;
        }
        let handler = move |event: notify::Result<Event>| {
            if event.as_ref().map_or(true, is_change) {
                add_event(event);
            }
        };
        // A link to a folder of the site would replace the name of the folder in its events.
        let config = notify::Config::default().with_follow_symlinks(false);
        let start = || {
            let mut watcher = RecommendedWatcher::new(handler, config)?;
            watcher.watch(&self.real_site, RecursiveMode::Recursive)?;
            Ok::<_, notify::Error>(watcher)
        };
        let started = start();
        if let Err(error) = &started {
            tracing::warn!(%error, "file events are not available; polling files instead");
        }
        started.ok()
    }

    fn add_event(&self, event: notify::Result<Event>, work: &mut PendingWork) {
        let Ok(event) = event else {
            work.all = true;
            return;
        };
        work.all |= event.need_rescan();
        let is_metadata = matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_)));
        for place in event.paths.iter().flat_map(|place| self.names(place)) {
            // A folder with new times has the same files.
            if is_metadata && place.is_dir() {
                continue;
            }
            let path = relative(&self.site, &place);
            work.all |= path.is_empty()
                || CONFIG_FILES.contains(&&*path)
                || self.links.iter().any(|(link, _)| *link == place);
            work.places.insert(place);
        }
    }

    /// Returns the places of the site that a real place has: its own, and those behind links.
    fn names(&self, place: &Path) -> Vec<PathBuf> {
        let join = |folder: &Path, below: &Path| {
            if below.as_os_str().is_empty() { folder.to_owned() } else { folder.join(below) }
        };
        let links = self.links.iter().map(|(link, target)| (link.as_path(), target.as_path()));
        let names = links.chain([(self.site.as_path(), self.real_site.as_path())]);
        names.filter_map(|(name, real)| Some(join(name, place.strip_prefix(real).ok()?))).collect()
    }

    /// Reads the settings again. Invalid settings stay out of the log, because a replica could not use them.
    fn read_config(&mut self, read_config: &ConfigSource<'_>) {
        let valid = || {
            let config = read_config()?;
            Reader::new(&config)?;
            Ok::<_, ConfigError>(config)
        };
        match valid() {
            Ok(config) => {
                self.config = with_archives(Arc::new(config), &self.config.archives);
                self.config_error = None;
            }
            Err(error) => {
                let error = error.to_string();
                if self.config_error.as_ref() != Some(&error) {
                    tracing::error!("the settings are not pushed: {error}");
                }
                self.config_error = Some(error);
            }
        }
    }
}

/// The lines of the log that are not repeated.
#[derive(Default)]
struct LoggedLines {
    problems: HashSet<String>,
    kept: usize,
    has_many_missing: bool,
}

impl LoggedLines {
    /// Logs a commit and its new problems. A report of the whole site has all problems.
    fn log(&mut self, report: &PushReport, is_whole: bool) {
        let lines: HashSet<String> = report.problems.iter().map(ToString::to_string).collect();
        lines.difference(&self.problems).for_each(|line| tracing::warn!("not pushed: {line}"));
        if is_whole {
            self.problems.clear();
        }
        self.problems.extend(lines);
        match &report.many_missing {
            Some(error) if !std::mem::replace(&mut self.has_many_missing, true) => {
                tracing::error!("no lost file is removed from the bucket: {error}");
            }
            None if is_whole => self.has_many_missing = false,
            _ => {}
        }
        let (files, removed) = (report.pushed.len(), report.removed.len());
        if files + removed > 0 {
            tracing::info!(files, removed, commit = report.seq, "pushed");
        }
    }

    fn log_kept(&mut self, files: usize) {
        if std::mem::replace(&mut self.kept, files) != files && files > 0 {
            tracing::info!(files, "the site lacks files of the bucket; push with --delete to remove them");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dropped_events_give_an_error() {
        let (add, mut events) = SiteEvents::new(2);
        let event = |name: &str| Ok(Event::new(EventKind::Any).add_path(name.into()));
        add(event("a"));
        assert_eq!(events.next().await.expect("an event").paths, [Path::new("a")]);
        ["b", "c", "d", "e"].iter().for_each(|name| add(event(name)));
        assert!(events.next().await.is_err());
        for name in ["b", "c"] {
            assert_eq!(events.next().await.expect("an event").paths, [Path::new(name)]);
        }
        add(event("f"));
        assert_eq!(events.next().await.expect("an event").paths, [Path::new("f")]);
    }
}
