//! Which build of finews this is: what one build has made is never taken for another's.

use std::sync::LazyLock;

/// Changes with every build: a hash of the running program, which replicas of one build share.
static ID: LazyLock<u64> = LazyLock::new(|| {
    let program = std::env::current_exe().and_then(std::fs::read).unwrap_or_else(|_| {
        // Without the program's file each start counts as a build of its own.
        format!("{} {:?}", env!("CARGO_PKG_VERSION"), std::time::SystemTime::now()).into_bytes()
    });
    xxhash_rust::xxh3::xxh3_64(&program)
});

/// The number of this build. The first call reads the whole program.
pub fn id() -> u64 {
    *ID
}
