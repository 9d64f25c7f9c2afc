//! Identifies the build of finews, so that files and ETags of one build are never used by another.

use std::sync::LazyLock;

/// A hash of the running program. It changes with each build, and all replicas of a build share it.
static ID: LazyLock<u64> = LazyLock::new(|| {
    let program = std::env::current_exe().and_then(std::fs::read).unwrap_or_else(|_| {
        // If the program's file cannot be read, each start counts as a build of its own.
        format!("{} {:?}", env!("CARGO_PKG_VERSION"), std::time::SystemTime::now()).into_bytes()
    });
    xxhash_rust::xxh3::xxh3_64(&program)
});

/// Returns the number of this build. The first call reads the whole program file.
pub fn id() -> u64 {
    *ID
}
