//! `cargo xtask fuzz [SECONDS]`: feeds what reads bytes of strangers with inputs that libFuzzer makes up. What it has
//! learned stays in the target directory.

use std::fs;
use std::process::Command;

use crate::workspace::{cargo, root};
use crate::{Result, metadata, process};

/// The targets in `fuzz/targets`.
const TARGETS: [&str; 4] = ["json", "jwt", "identifier", "language"];

/// How long each runs when nobody says.
pub(crate) const SECONDS: u32 = 60;

/// The longest input, in bytes: what is read is limited before it is parsed.
const LONGEST: u32 = 4096;

/// The instrumentation of libFuzzer, as a stable compiler takes it.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

pub(crate) fn command(args: &[String]) -> Result {
    let seconds = match args {
        [] => SECONDS,
        [seconds] => seconds.parse().map_err(|_| format!("`{seconds}` is not a number of seconds"))?,
        _ => return Err("usage: cargo xtask fuzz [SECONDS]".to_owned()),
    };
    run(seconds).map(|note| println!("fuzzed: {note}"))
}

/// Runs every target for so many seconds.
pub(crate) fn run(seconds: u32) -> Result<String> {
    let directory = metadata::load()?.target_directory.join("fuzz");
    let mut build = cargo();
    // A target triple, so that build scripts and macros are built without the instrumentation.
    build.args(["build", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host()?]);
    process::run(build.env("CARGO_TARGET_DIR", &directory).env("RUSTFLAGS", FLAGS.join(" ")))?;
    for target in TARGETS {
        let (corpus, crashes) = (directory.join("corpus").join(target), directory.join("crashes").join(target));
        for place in [&corpus, &crashes] {
            fs::create_dir_all(place).map_err(|e| format!("{}: {e}", place.display()))?;
        }
        let mut fuzzer = Command::new(directory.join(host()?).join("debug").join(target));
        fuzzer.current_dir(root()).arg(corpus).arg(format!("-artifact_prefix={}/", crashes.display()));
        fuzzer.args([format!("-max_total_time={seconds}"), format!("-max_len={LONGEST}")]);
        process::run(fuzzer.args(["-print_final_stats=1", "-verbosity=0"]))
            .map_err(|e| format!("{target}: {e}; the input is in {}", crashes.display()))?;
    }
    Ok(format!("{} targets for {seconds} s each", TARGETS.len()))
}

/// The platform that the compiler runs on.
fn host() -> Result<String> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say what its host is".to_owned())
}
