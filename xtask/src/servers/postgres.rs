//! PostgreSQL. Debian keeps its binaries outside `PATH`, one directory per version.

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::{Kind, Place, Recipe};
use crate::workspace::find_program;

/// Room for one pool per test beside each other.
const MAX_CONNECTIONS: u32 = 400;

pub(super) fn recipe() -> Option<Recipe> {
    // Both programs from one installation: `initdb` insists on a `postgres` of its own version.
    let server = find_program("postgres", &versions(Path::new("/usr/lib/postgresql")))?.canonicalize().ok()?;
    let initdb = server.with_file_name("initdb");
    initdb.is_file().then_some(Recipe {
        kind: Kind::Postgres,
        user: "postgres",
        installer: Some((initdb, prepare)),
        init: None,
        server: (server, serve),
        ready: "database system is ready to accept connections",
        // "Immediate shutdown".
        stop: Signal::SIGQUIT,
        url: |port| format!("postgres://postgres@127.0.0.1:{port}/postgres"),
    })
}

/// The `bin` directories of the installed versions, the newest first.
fn versions(base: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(base).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

fn prepare(place: &Place) -> Vec<String> {
    let locale = if cfg!(target_os = "linux") { "C.UTF-8" } else { "C" };
    let mut words = vec!["-D".to_owned(), place.path("data")];
    words.extend(["-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale", locale].map(str::to_owned));
    words
}

fn serve(place: &Place) -> Vec<String> {
    let mut words = vec!["-D".to_owned(), place.path("data")];
    let settings = [
        format!("port={}", place.port),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        format!("max_connections={MAX_CONNECTIONS}"),
        "fsync=off".to_owned(),
        "synchronous_commit=off".to_owned(),
        "full_page_writes=off".to_owned(),
        "wal_level=minimal".to_owned(),
        "max_wal_senders=0".to_owned(),
        // It would visit hundreds of databases that live for seconds.
        "autovacuum=off".to_owned(),
    ];
    words.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_version_first() {
        let base = std::env::temp_dir().join(format!("auth-xtask-versions-{}", std::process::id()));
        for version in ["9", "15", "16", "notes"] {
            std::fs::create_dir_all(base.join(version)).unwrap();
        }
        let found = versions(&base);
        std::fs::remove_dir_all(&base).unwrap();
        assert_eq!(found, ["16", "15", "9"].map(|version| base.join(version).join("bin")));
    }
}
