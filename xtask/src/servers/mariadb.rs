//! MariaDB.

use std::path::PathBuf;

use nix::sys::signal::Signal;

use super::{Kind, Place, Recipe};
use crate::workspace::find_program;

/// Room for one pool per test beside each other.
const MAX_CONNECTIONS: u32 = 500;

/// One statement per line, as older versions demand.
const ACCOUNT: &str = "\
CREATE DATABASE app CHARACTER SET utf8mb4;
CREATE USER 'app'@'127.0.0.1' IDENTIFIED BY 'app';
GRANT ALL PRIVILEGES ON *.* TO 'app'@'127.0.0.1' WITH GRANT OPTION;
";

pub(super) fn recipe() -> Option<Recipe> {
    // Debian puts servers into a directory that is not in everybody's `PATH`.
    let directories = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let server = find_program("mariadbd", &directories)?;
    let installer = find_program("mariadb-install-db", &directories)?;
    Some(Recipe {
        kind: Kind::Mariadb,
        user: "mysql",
        installer: Some((installer, prepare)),
        init: Some(ACCOUNT),
        server: (server, serve),
        ready: "ready for connections",
        // An orderly end would write everything to disk first.
        stop: Signal::SIGKILL,
        url: |port| format!("mysql://app:app@127.0.0.1:{port}/app"),
    })
}

fn prepare(place: &Place) -> Vec<String> {
    let data = format!("--datadir={}", place.path("data"));
    // The options about defaults have to come first.
    ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", &data].map(str::to_owned).to_vec()
}

fn serve(place: &Place) -> Vec<String> {
    vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", place.path("data")),
        format!("--socket={}", place.path("socket")),
        format!("--pid-file={}", place.path("pid")),
        format!("--init-file={}", place.init_file()),
        format!("--port={}", place.port),
        "--bind-address=127.0.0.1".to_owned(),
        // The account above is known by its address, whatever a name service says.
        "--skip-name-resolve".to_owned(),
        format!("--max-connections={MAX_CONNECTIONS}"),
        "--character-set-server=utf8mb4".to_owned(),
        "--skip-log-bin".to_owned(),
        "--innodb-flush-log-at-trx-commit=0".to_owned(),
        "--debug-no-sync".to_owned(),
    ]
}
