//! Redis, without persistence.

use std::path::PathBuf;

use nix::sys::signal::Signal;

use super::{Kind, Place, Recipe};
use crate::workspace::find_program;

pub(super) fn recipe() -> Option<Recipe> {
    let server = find_program("redis-server", &[PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/bin")])?;
    Some(Recipe {
        kind: Kind::Redis,
        user: "redis",
        installer: None,
        init: None,
        server: (server, serve),
        ready: "Ready to accept connections",
        stop: Signal::SIGTERM,
        url: |port| format!("redis://127.0.0.1:{port}"),
    })
}

fn serve(place: &Place) -> Vec<String> {
    let mut words = vec!["--port".to_owned(), place.port.to_string()];
    words.extend(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"].map(str::to_owned));
    words.push(place.path(""));
    words
}
