//! The load of the archive, with its progress and its result on the terminal or in the log.

use std::error::Error;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use finews::archive::updater::Updater;
use finews::archive::{Progress, Severity, Snapshot};
use finews::config::Config;
use finews::web::paths;
use indicatif::{ProgressBar, ProgressStyle};

/// Loads the archive and shows progress: a bar on a terminal, otherwise one log line.
pub(super) fn load_archive(config: Arc<Config>) -> Result<Updater, Box<dyn Error>> {
    let start = Instant::now();
    let progress = Progress::default();
    let (missing_url_warning, folder) = (config.missing_url_warning(), config.root.clone());
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
    report(&updater.archive(), &folder, start.elapsed());
    if let Some(sentence) = missing_url_warning {
        tracing::info!("{sentence}");
    }
    Ok(updater)
}

fn report(archive: &Snapshot, folder: &Path, took: Duration) {
    let problems = archive.problems();
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    let posts = archive.len();
    tracing::info!(posts, errors, warnings, took_ms = took.as_millis() as u64, "archive loaded");
    warn_of_errors(errors, folder);
}

/// Logs the errors of the archive in a folder that was loaded with new settings.
pub(super) fn report_errors(archive: &Snapshot, folder: &Path) {
    let problems = archive.problems();
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    warn_of_errors(errors, folder);
}

fn warn_of_errors(errors: usize, folder: &Path) {
    if errors > 0 {
        let folder = folder.display();
        tracing::warn!(
            "errors in site files that hide content from readers: {errors}; run `finews check {folder}`"
        );
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("reading posts {bar:30} {human_pos}/{human_len} {per_sec} {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
