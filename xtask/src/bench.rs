//! `cargo xtask bench`: the benchmarks are a release package outside of the workspace.

use crate::servers::{Kind, Servers};
use crate::workspace::{cargo, find_program, root};
use crate::{Result, process};

pub(crate) fn command(args: &[String]) -> Result {
    let manifest = root().join("bench/Cargo.toml");
    if !manifest.is_file() {
        return Err(format!("there is no {}", manifest.display()));
    }
    let counts = args.iter().any(|arg| arg == "--instructions");
    if counts && find_program("valgrind", &[]).is_none() {
        return Err("install valgrind, which counts the instructions: apt-get install valgrind".to_owned());
    }
    // Instructions are counted on SQLite alone.
    let servers = Servers::start(if counts { &[] } else { &[Kind::Postgres] })?;
    for note in &servers.notes {
        println!("{note}");
    }
    let mut command = cargo();
    command.args(["run", "--release", "--manifest-path"]).arg(manifest).arg("--").args(args);
    let given = std::env::var("TEST_POSTGRES_URL").ok().filter(|url| !url.is_empty());
    let started = servers.environment.first().map(|(_, url)| url.clone());
    if let Some(url) = given.or(started) {
        command.env("BENCH_POSTGRES_URL", url);
    }
    process::run(&mut command)
}
