//! `finews serve`: loads a site and serves it until the process is stopped.

use std::error::Error;
use std::fmt::Display;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use finews::archive::watch::{WatchCommand, WatchUpdate};
use finews::archive::{store, watch as follow};
use finews::bucket::replica::{CopyServer, Replica};
use finews::config::{Config, ListenAddress};
use finews::web::notify::live;
use finews::web::server::{self, Limits, Listener, Observer};
use finews::web::{self, App, FastPath, paths};
use hyper_util::service::TowerToHyperService;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::bucket_flags::BucketFlags;
use super::site_args::SiteArgs;
use super::{CommandResult, logging, progress};

/// Time limit for the whole shutdown. Containers are killed after 10 s.
const GRACE: Duration = Duration::from_millis(7500);

/// The open listeners of the process.
struct BoundListeners {
    public: Listener,
    /// The operator's listener.
    admin: Option<Listener>,
    /// True if the service manager opened the public one.
    is_inherited: bool,
}

/// Starts the log and the runtime, and serves the site.
pub(crate) fn run(site: &SiteArgs, bucket: &BucketFlags) -> CommandResult {
    let replica = match site.bucket()? {
        Some(url) => Some(Replica::open(url, bucket.options(), &site.cache_dir()?)?),
        None => None,
    };
    let site = replica.as_ref().map_or_else(|| site.clone(), |replica| site.for_copy(replica.site_folder()));
    let config = Arc::new(first_config(&site, replica.as_ref())?);
    let log = logging::start(config.server.log_format);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(serve(site, config, replica))?;
    // Writes the remaining log lines, but none of the requests that the end of the process cuts off.
    drop(log);
    // The writer runs until the process ends, so the runtime must not wait for it.
    runtime.shutdown_background();
    Ok(code)
}

/// The configuration at the start. A replica without a valid configuration begins with the flags and the environment;
/// a commit that it has not read yet may contain one.
fn first_config(site: &SiteArgs, replica: Option<&Replica>) -> Result<Config, Box<dyn Error>> {
    match (site.config(), replica) {
        (Err(error), Some(replica)) => {
            let mut config = site.for_copy(replica.folder()).config()?;
            config.warnings.push(error.to_string());
            Ok(config)
        }
        (config, _) => config,
    }
}

async fn serve(site: SiteArgs, config: Arc<Config>, replica: Option<Replica>) -> CommandResult {
    let listeners = bind(&config).await?;
    let mut stop_signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let hangup = signal(SignalKind::hangup())?;
    tracing::info!("listening on {}", listeners.public);
    if let Some(admin) = &listeners.admin {
        tracing::info!("admin listener on {admin}");
    }

    let app = App::new(&config);
    app.search().start(config.server.cache_dir.clone());
    let (stop, stopping) = watch::channel(false);
    let (loaded, is_loaded) = watch::channel(!listeners.is_inherited);
    let servers = spawn_servers(&app, &config, listeners, is_loaded, stopping);
    tokio::spawn(send_heartbeats(Arc::clone(&app)));
    let (commands, receiver) = mpsc::channel();
    let settings = Arc::new(Settings { site, first: Arc::clone(&config), last: Mutex::new(config) });
    let copy = replica.map(|replica| follow_bucket(replica, &app, &settings, commands.clone()));
    if copy.is_none() {
        app.connect_watch(commands.clone());
    }
    let writer = spawn_writer(&app, &settings, copy, loaded, (commands.clone(), receiver));
    wait_for_stop(writer, &mut stop_signals, hangup, || settings.reload(&commands)).await?;
    shut_down(&app, servers, &stop, &mut stop_signals).await;
    Ok(ExitCode::SUCCESS)
}

/// Opens the listeners, unless the service manager passes them to the process.
async fn bind(config: &Config) -> Result<BoundListeners, Box<dyn Error>> {
    let mut inherited = Listener::inherited()
        .map_err(|error| format!("cannot use an inherited socket: {error}"))?
        .into_iter();
    if inherited.len() > 2 {
        return Err(
            "more than two inherited sockets; expected the public listener, then the admin listener".into()
        );
    }
    let is_inherited = inherited.len() > 0;
    let public = match inherited.next() {
        Some(listener) => listener,
        None => listen(&config.server.listen).await?,
    };
    let admin = match inherited.next() {
        Some(listener) => Some(listener),
        None => admin_listener(config).await?,
    };
    Ok(BoundListeners { public, admin, is_inherited })
}

async fn listen(address: &ListenAddress) -> Result<Listener, String> {
    Listener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// Opens the operator's listener. The default address may be in use by another finews; this is only a
/// warning.
async fn admin_listener(config: &Config) -> Result<Option<Listener>, String> {
    if let Some(address) = &config.server.admin_listen {
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

/// Spawns the public server and the operator's server, which run until `stopping` becomes true.
fn spawn_servers(
    app: &Arc<App>,
    config: &Config,
    BoundListeners { public, admin, is_inherited: _ }: BoundListeners,
    mut is_loaded: watch::Receiver<bool>,
    stopping: watch::Receiver<bool>,
) -> JoinSet<()> {
    let limits = Limits::new(config.server.max_connections, config.server.max_requests);
    app.live().limit_clients(limits.connections);
    let mut servers = JoinSet::new();
    servers.spawn({
        let (front, limits, observer) = (FastPath::service(app), limits.clone(), Arc::clone(app.observer()));
        let stopping = stopping.clone();
        async move {
            // On an inherited socket, clients wait until the archive is loaded, or for the next process.
            tokio::select! {
                is_loaded = is_loaded.wait_for(|is_loaded| *is_loaded) => if is_loaded.is_err() { return },
                () = stop_requested(stopping.clone()) => return,
            }
            server::run(public, front, limits, observer, stop_requested(stopping)).await;
        }
    });
    if let Some(admin) = admin {
        let pages = TowerToHyperService::new(web::admin::router(Arc::clone(app)));
        let service = move |_| pages.clone();
        servers.spawn(server::run(admin, service, limits, Observer::disabled(), stop_requested(stopping)));
    }
    servers
}

/// Completes when the server must stop.
async fn stop_requested(mut stopping: watch::Receiver<bool>) {
    // The sender exists as long as the program runs.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Keeps the connections of `/live` open, as long as the program runs.
async fn send_heartbeats(app: Arc<App>) {
    loop {
        tokio::time::sleep(live::HEARTBEAT).await;
        app.live().send_heartbeat();
    }
}

/// The settings of the running server.
struct Settings {
    site: SiteArgs,
    /// The settings of the start.
    first: Arc<Config>,
    /// The settings that were read last.
    last: Mutex<Arc<Config>>,
}

impl Settings {
    /// Reads the configuration again.
    fn read(&self) -> Result<Arc<Config>, String> {
        let config = Arc::new(self.site.config().map_err(|error| error.to_string())?);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&config);
        Ok(config)
    }

    /// Reads the configuration again, and returns it if it has changed.
    fn read_changed(&self) -> Result<Option<Arc<Config>>, String> {
        let last = self.last();
        let changed = Some(self.read()?).filter(|config| !config.has_settings_of(&last));
        changed.iter().for_each(|config| self.log_warnings(config));
        Ok(changed)
    }

    fn log_warnings(&self, config: &Config) {
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let waiting = config.server.changes_needing_restart(&self.first.server);
        if !waiting.is_empty() {
            tracing::warn!("restart required to apply: {}", waiting.join(", "));
        }
    }

    fn last(&self) -> Arc<Config> {
        Arc::clone(&self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Handles SIGHUP: reads the configuration again, then all files with it.
    fn reload(&self, commands: &mpsc::Sender<WatchCommand>) {
        match self.read() {
            Ok(config) => {
                self.log_warnings(&config);
                // The receiver exists as long as the program runs.
                let _ = commands.send(WatchCommand::Reload(config));
            }
            Err(error) => log_refused(&error),
        }
    }
}

fn log_refused(error: &dyn Display) {
    tracing::error!("reload failed, keeping the current configuration: {error}");
}

/// Spawns the thread that copies the bucket of a replica, and then follows it until the program ends. The receiver gets
/// the result of the copy.
fn follow_bucket(
    mut replica: Replica,
    app: &Arc<App>,
    settings: &Arc<Settings>,
    commands: mpsc::Sender<WatchCommand>,
) -> mpsc::Receiver<Result<(), String>> {
    let (copied, copy) = mpsc::channel();
    let (lookups, receiver) = mpsc::channel();
    app.connect_watch(lookups);
    let (app, settings) = (Arc::clone(app), Arc::clone(settings));
    tokio::task::spawn_blocking(move || {
        replica.on_answer(move |position| app.record_bucket_answer(position));
        let result = replica.start().map_err(|error| error.to_string());
        let is_copied = result.is_ok();
        // The receiver is gone when the program exits.
        if copied.send(result).is_ok() && is_copied {
            let changed_config = Arc::new(move || {
                settings.read_changed().unwrap_or_else(|error| {
                    log_refused(&error);
                    None
                })
            });
            replica.follow(&CopyServer { commands, changed_config }, &receiver);
        }
    });
    copy
}

/// Spawns the thread that loads the archive, of a replica after its copy, and then updates it as files change until the
/// program ends.
fn spawn_writer(
    app: &Arc<App>,
    settings: &Arc<Settings>,
    copy: Option<mpsc::Receiver<Result<(), String>>>,
    loaded: watch::Sender<bool>,
    commands: (mpsc::Sender<WatchCommand>, mpsc::Receiver<WatchCommand>),
) -> JoinHandle<Result<(), String>> {
    let (app, settings) = (Arc::clone(app), Arc::clone(settings));
    tokio::task::spawn_blocking(move || {
        let mut copied_config = None;
        if let Some(copy) = copy {
            copy.recv().map_err(|error| error.to_string())??;
            copied_config = settings.read_changed()?;
        }
        let updater = progress::load_archive(settings.last()).map_err(|error| error.to_string())?;
        follow::run(updater, paths::RESERVED_PATHS, commands, &mut |update| match update {
            WatchUpdate::Updated(update) => {
                match copied_config.take() {
                    Some(config) => app.reload(&config, &update),
                    None => app.publish_update(update),
                }
                loaded.send_replace(true);
                // Service managers ignore repeated notifications.
                notify(NotifyState::Ready);
            }
            WatchUpdate::Reloaded(config, update) => {
                app.reload(&config, &update);
                tracing::info!("configuration and archive reloaded");
                progress::report_errors(&update.archive, &config.root);
            }
            WatchUpdate::Refused(error) => log_refused(&error),
        });
        Ok(())
    })
}

/// Waits for a signal to stop, or for the end of the writer. SIGHUP runs `reload`.
async fn wait_for_stop(
    mut writer: JoinHandle<Result<(), String>>,
    stop_signals: &mut [Signal; 2],
    mut hangup: Signal,
    reload: impl Fn(),
) -> Result<(), Box<dyn Error>> {
    loop {
        tokio::select! {
            ended = &mut writer => return ended?.map_err(Into::into),
            () = stop_signal(stop_signals) => return Ok(()),
            _ = hangup.recv() => reload(),
        }
    }
}

/// Completes at a signal to stop.
async fn stop_signal([terminate, interrupt]: &mut [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Stops the servers and waits for a write of the archive, both within [`GRACE`].
async fn shut_down(
    app: &App,
    servers: JoinSet<()>,
    stop: &watch::Sender<bool>,
    stop_signals: &mut [Signal; 2],
) {
    tracing::info!("stopping");
    let since = Instant::now();
    let left = || GRACE.saturating_sub(since.elapsed());
    notify(NotifyState::Stopping);
    app.drain();
    tokio::select! {
        () = app.readiness().wait_for_probe() => {}
        // A second signal ends the wait.
        () = stop_signal(stop_signals) => {}
    }
    stop.send_replace(true);
    if tokio::time::timeout(left(), servers.join_all()).await.is_err() {
        tracing::warn!("shutdown timeout: remaining connections were closed");
    }
    // A load in progress has nothing to save; a write in progress needs little more time.
    if !store::finish_writing(left()) {
        tracing::warn!("shutdown timeout: cached archive not written; the next start reads all files");
    }
    app.search().close();
}

/// Notifies the service manager of the process state, if there is one.
fn notify(state: NotifyState<'_>) {
    // A service manager that does not listen would not receive an error either.
    let _ = sd_notify::notify(&[state]);
}
