//! Faults of files and folders under a running finews, with no effect on its readers.

mod archive_cache;
mod file_changes;
mod folders;
mod io_errors;
mod links;
mod search_index;
mod signals;
mod versions;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{Server, folder, post, serve};

const CONFIG: &str = "title: Daily\ntimezone: Asia/Shanghai\n";
/// Time limit for a change to become visible. An idle machine needs far less.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The folder of a site, written to as the operator and scrapers do.
struct Files {
    folder: TempDir,
}

impl Files {
    /// A site with one post, `/x/2024/01/01/a.html`.
    fn new() -> Self {
        Self::from_files(&[("_posts/2024-01-01-a.md", &post("First", "2024-01-01 08:00", "x"))])
    }

    fn from_files(files: &[(&str, &str)]) -> Self {
        let folder = folder(&[&[("_config.yml", CONFIG)], files].concat());
        // `serve_unprivileged` reads the folder as another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
        Self { folder }
    }

    /// A site with `count` posts, `/x/2024/01/01/n0.html` and so on.
    fn with_posts(count: usize) -> Self {
        let files = Self::from_files(&[]);
        fs::create_dir(files.path("_posts")).expect("a folder");
        (0..count).for_each(|n| files.write(&post_path(n), &post(&format!("No {n}."), "2024-01-01", "x")));
        files
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// Writes a file in place.
    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().expect("a parent")).expect("a folder");
        fs::write(self.path(path), text).expect("a file");
    }

    /// Writes a temporary file and renames it into place.
    fn write_by_rename(&self, path: &str, text: &str) {
        let temporary = format!("{path}.tmp");
        self.write(&temporary, text);
        self.rename(&temporary, path);
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("a file or folder");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("a file");
    }

    fn set_mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).expect("permissions");
    }

    fn serve(&self, flags: &[&str]) -> Server {
        Server::new(self.root(), flags)
    }
}

/// Path of the post file behind `/x/2024/01/01/n<number>.html`.
fn post_path(n: usize) -> String {
    format!("_posts/2024-01-01-n{n}.md")
}

/// The command that serves a site as an ordinary user: for root, file permissions have no effect.
fn serve_unprivileged(site: &Path, flags: &[&str]) -> Command {
    let program = serve(site, flags);
    if fs::metadata("/proc/self").expect("a process").uid() != 0 {
        return program;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.arg(program.get_program()).args(program.get_args());
    command
}
