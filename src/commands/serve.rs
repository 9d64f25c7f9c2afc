//! `finews serve`: loads a site and serves it until the process is stopped.

use std::error::Error;
use std::io::IsTerminal;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use finews::archive::updater::Updater;
use finews::archive::watch::{self as follow, WatchCommand, WatchUpdate};
use finews::archive::{Progress, Severity, Snapshot, store};
use finews::config::{Config, ListenAddress, LogFormat};
use finews::web::server::{self, Limits, Listener, Observer};
use finews::web::{self, App, FastPath, live, paths};
use hyper_util::service::TowerToHyperService;
use indicatif::{ProgressBar, ProgressStyle};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing_appender::non_blocking::WorkerGuard;

use super::CommandResult;
use super::site_args::SiteArgs;

/// Time limit for the whole shutdown. Containers are killed after 10 s.
const GRACE: Duration = Duration::from_millis(7500);

/// Starts the log and the runtime, and serves the site.
pub(crate) fn run(site: &SiteArgs) -> CommandResult {
    let config = Arc::new(site.config()?);
    let log = start_log(config.log_format);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(
        site.clone(),
        config,
        log,
    ))
}

async fn serve(site: SiteArgs, config: Arc<Config>, log: WorkerGuard) -> CommandResult {
    let mut inherited = Listener::inherited()
        .map_err(|error| format!("cannot use an inherited socket: {error}"))?
        .into_iter();
    if inherited.len() > 2 {
        return Err(
            "more than two inherited sockets; expected the public listener, then the admin listener".into()
        );
    }
    let is_inherited = inherited.len() > 0;
    let listener = match inherited.next() {
        Some(listener) => listener,
        None => listen(&config.listen).await?,
    };
    let admin = match inherited.next() {
        Some(listener) => Some(listener),
        None => admin_listener(&config).await?,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tracing::info!("listening on {listener}");
    if let Some(admin) = &admin {
        tracing::info!("admin listener on {admin}");
    }

    let app = App::new(&config);
    app.search().start(config.cache_dir.clone());
    let (stop, stopping) = watch::channel(false);
    let mut servers = JoinSet::new();
    let limits = Limits::new(config.max_connections, config.max_requests);
    app.live().limit_clients(limits.connections);
    let (loaded, mut is_loaded) = watch::channel(!is_inherited);
    servers.spawn({
        let (front, limits, observer) = (FastPath::service(&app), limits.clone(), Arc::clone(app.observer()));
        let stopping = stopping.clone();
        async move {
            // On an inherited socket, clients wait until the archive is loaded, or for the next process.
            tokio::select! {
                is_loaded = is_loaded.wait_for(|is_loaded| *is_loaded) => if is_loaded.is_err() { return },
                () = stop_requested(stopping.clone()) => return,
            }
            server::run(listener, front, limits, observer, stop_requested(stopping)).await;
        }
    });
    if let Some(admin) = admin {
        let pages = TowerToHyperService::new(web::admin::router(Arc::clone(&app)));
        let service = move |_| pages.clone();
        servers.spawn(server::run(admin, service, limits, Observer::disabled(), stop_requested(stopping)));
    }
    tokio::spawn({
        let app = Arc::clone(&app);
        async move {
            loop {
                tokio::time::sleep(live::HEARTBEAT).await;
                app.live().send_heartbeat();
            }
        }
    });
    let (commands, receiver) = mpsc::channel();
    let mut writer = {
        let (app, config, sender) = (Arc::clone(&app), Arc::clone(&config), commands.clone());
        tokio::task::spawn_blocking(move || follow(&app, config, &loaded, (sender, receiver)))
    };
    loop {
        tokio::select! {
            ended = &mut writer => {
                ended??;
                break;
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => reload(&site, &config, &commands),
        }
    }
    tracing::info!("stopping");
    let since = Instant::now();
    notify(NotifyState::Stopping);
    app.drain();
    tokio::select! {
        () = app.readiness().wait_for_probe() => {}
        // A second signal ends the wait.
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.send_replace(true);
    if tokio::time::timeout(GRACE.saturating_sub(since.elapsed()), servers.join_all()).await.is_err() {
        tracing::warn!("shutdown timeout: remaining connections were closed");
    }
    // A load in progress has nothing to save; a write in progress needs little more time.
    if !store::finish_writing(GRACE.saturating_sub(since.elapsed())) {
        tracing::warn!("shutdown timeout: cached archive not written; the next start reads all files");
    }
    app.search().close();
    // Flushes the remaining log lines.
    drop(log);
    std::process::exit(0)
}

/// Loads the archive, then updates it as files change, until the program ends.
fn follow(
    app: &App,
    config: Arc<Config>,
    loaded: &watch::Sender<bool>,
    commands: (mpsc::Sender<WatchCommand>, mpsc::Receiver<WatchCommand>),
) -> Result<(), String> {
    let updater = open(config).map_err(|error| error.to_string())?;
    follow::run(updater, paths::RESERVED_PATHS, commands, &mut |update| match update {
        WatchUpdate::Updated(update) => {
            app.publish_update(update);
            loaded.send_replace(true);
            // Service managers ignore repeated notifications.
            notify(NotifyState::Ready);
        }
        WatchUpdate::Reloaded(config, update) => {
            app.reload(&config, &update);
            tracing::info!("configuration and archive reloaded");
        }
        WatchUpdate::Refused(error) => {
            tracing::error!("reload failed, keeping the current configuration: {error}");
        }
    });
    Ok(())
}

/// Handles SIGHUP: reads the configuration again, then all files with it.
fn reload(site: &SiteArgs, first: &Config, commands: &mpsc::Sender<WatchCommand>) {
    match site.config() {
        Ok(config) => {
            config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            let waiting = config.changes_needing_restart(first);
            if !waiting.is_empty() {
                tracing::warn!("restart required to apply: {}", waiting.join(", "));
            }
            // The receiver exists as long as the program runs.
            let _ = commands.send(WatchCommand::Reload(Arc::new(config)));
        }
        Err(error) => tracing::error!("reload failed, keeping the current configuration: {error}"),
    }
}

async fn listen(address: &ListenAddress) -> Result<Listener, String> {
    Listener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Notifies the service manager of the process state, if there is one.
fn notify(state: NotifyState<'_>) {
    // A service manager that does not listen would not receive an error either.
    let _ = sd_notify::notify(&[state]);
}

/// Opens the operator's listener. The default address may be in use by another finews; this is only a
/// warning.
async fn admin_listener(config: &Config) -> Result<Option<Listener>, String> {
    if let Some(address) = &config.admin_listen {
        return listen(address).await.map(Some);
    }
    match listen(&ListenAddress::Tcp(web::admin::DEFAULT_ADDRESS.into())).await {
        Ok(listener) => Ok(Some(listener)),
        Err(reason) => {
            tracing::warn!("admin listener disabled: {reason}; set --admin-listen to another address");
            Ok(None)
        }
    }
}

/// Completes when the server must stop.
async fn stop_requested(mut stopping: watch::Receiver<bool>) {
    // The sender exists as long as the program runs.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Loads the archive and shows progress: a bar on a terminal, otherwise one log line.
fn open(config: Arc<Config>) -> Result<Updater, Box<dyn Error>> {
    let start = Instant::now();
    let progress = Progress::default();
    let missing_url_warning = config.missing_url_warning();
    let updater = if std::io::stderr().is_terminal() {
        std::thread::scope(|scope| {
            let bar = ProgressBar::new(0).with_style(style());
            let loading = scope.spawn(|| Updater::open(config, paths::RESERVED_PATHS, &progress));
            while !loading.is_finished() {
                bar.set_length(progress.total() as u64);
                bar.set_position(progress.done() as u64);
                std::thread::sleep(Duration::from_millis(100));
            }
            bar.finish_and_clear();
            loading.join().map_err(|_| "the thread that loads the archive panicked")
        })??
    } else {
        Updater::open(config, paths::RESERVED_PATHS, &progress)?
    };
    report(&updater.archive(), start.elapsed());
    if let Some(sentence) = missing_url_warning {
        tracing::info!("{sentence}");
    }
    Ok(updater)
}

fn report(archive: &Snapshot, took: Duration) {
    let problems = archive.problems();
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let posts = archive.len();
    tracing::info!(posts, errors, warnings, took_ms = took.as_millis() as u64, "archive loaded");
    if errors > 0 {
        tracing::warn!("{errors} errors in site files hide content from readers; run `finews check`");
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("reading posts {bar:30} {human_pos}/{human_len} {per_sec} {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Starts the log. Another thread writes it until the returned guard is dropped. If the output is not read,
/// lines are lost, so that requests never wait for the log.
fn start_log(format: LogFormat) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_writer(writer).with_target(false);
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    guard
}
