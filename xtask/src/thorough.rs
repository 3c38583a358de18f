//! `cargo xtask thorough`: what takes longer than a change should wait for, by hand before a release; with
//! names of steps, these alone. A step that fails does not end it: the summary is of all of them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::counts::Counts;
use crate::steps::{self, OnFailure, Outcome, Step};
use crate::test::{self, Options};
use crate::workspace::{cargo, root};
use crate::{Result, fuzz, metadata, packages, price, process, soak, tools};

const STEPS: [Step; 11] = [
    Step { name: "test", rerun: "cargo xtask test --full", run: || test::run(&Options::full()).map(Outcome::Tested) },
    Step { name: "races", rerun: "cargo xtask thorough races", run: || races().map(Outcome::Tested) },
    Step { name: "soak", rerun: "cargo xtask soak 600", run: || soak::run(LONG) },
    Step { name: "properties", rerun: "cargo xtask thorough properties", run: properties },
    Step { name: "price", rerun: "cargo xtask price", run: || price::run().map(Outcome::Noted) },
    Step { name: "features", rerun: "cargo xtask features", run: || packages::features().map(Outcome::Noted) },
    Step {
        name: "package",
        rerun: "cargo xtask package --verify",
        run: || packages::package(true).map(Outcome::Noted),
    },
    Step { name: "bench", rerun: "cargo xtask thorough bench", run: bench },
    Step { name: "advisories", rerun: "cargo xtask thorough advisories", run: advisories },
    Step { name: "fuzz", rerun: "cargo xtask fuzz", run: || fuzz::run(&fuzz::Options::all()).map(Outcome::Noted) },
    Step { name: "mutants", rerun: "cargo xtask thorough mutants", run: mutants },
];

/// Scenarios in which much happens at once, or a server or a connection dies at some moment.
const RACES: [&str; 7] =
    ["killed_process", "broken_connection", "busy_database", "hang_up", "storage", "saturation", "one_time_token"];

/// How often each of them runs.
const ROUNDS: usize = 3;

/// How long the soak takes, in seconds.
const LONG: u64 = 600;

/// Cases of each property; usually there are 256.
const CASES: &str = "2000";

/// What decides about security and has unit tests of its own: a change of it that no test notices is a gap. The whole
/// workspace would take days.
const MUTATED: [&str; 9] = [
    "crates/auth-core/src/json.rs",
    "crates/auth-core/src/redirect.rs",
    "crates/auth-core/src/scope.rs",
    "crates/auth-core/src/seal.rs",
    "crates/auth-core/src/weakness.rs",
    "crates/auth-core/src/jwt/read.rs",
    "crates/auth-core/src/jwt/verify.rs",
    "crates/auth-core/src/identifier/text.rs",
    "crates/auth-http/src/cookie.rs",
];

/// In how many parts mutants are tried.
const PARTS: u32 = 12;

pub(crate) fn command(names: &[String]) -> Result {
    steps::run("thorough", steps::named(&STEPS, names)?, OnFailure::GoOn)
}

fn races() -> Result<Counts> {
    let mut sum = Counts::default();
    for _ in 0..ROUNDS {
        for name in RACES {
            sum += test::run(&Options::full_with(name))?;
        }
    }
    Ok(sum)
}

fn properties() -> Result<Outcome> {
    process::run(cargo().args(["test", "--workspace", "--lib"]).env("PROPTEST_CASES", CASES))?;
    Ok(Outcome::Noted(format!("{CASES} cases of each property")))
}

/// The benchmarks are a workspace of their own, which no other step builds.
fn bench() -> Result<Outcome> {
    let mut command = cargo();
    command.args(["clippy", "--locked", "--all-targets", "--manifest-path", "bench/Cargo.toml"]);
    process::run(command.args(["--", "-D", "warnings"])).map(|()| Outcome::Done)
}

/// The database of advisories is fetched from the network.
fn advisories() -> Result<Outcome> {
    const DATABASE: &str = "https://github.com/RustSec/advisory-db";
    if !process::succeeds(Command::new("git").args(["ls-remote", "--exit-code", DATABASE, "HEAD"])) {
        let why = format!("{DATABASE} cannot be reached; tidy compares with xtask/advisories.txt all the same");
        return Ok(Outcome::Skipped(why));
    }
    tools::deny(&["advisories"]).map(|()| Outcome::Done)
}

/// Changes the code in small ways and looks whether a unit test notices. Mutants that live are for a person to judge:
/// some are equal to the code. All of them take hours, so that each commit tries another part.
fn mutants() -> Result<Outcome> {
    let metadata = metadata::load()?;
    tools::MUTANTS.install(&metadata)?;
    let program = tools::MUTANTS.program(&metadata).ok_or("cargo-mutants is missing")?;
    let commits = process::output(Command::new("git").current_dir(root()).args(["rev-list", "--count", "HEAD"]))?;
    let commits: u32 = commits.trim().parse().map_err(|_| format!("git counts `{commits}` commits"))?;
    let part = format!("{}/{PARTS}", commits % PARTS);
    let out = metadata.target_directory.join("mutants");
    let mut command = Command::new(program);
    command.current_dir(root()).args(["mutants", "--shard", &part, "--output"]).arg(&out);
    command.args(MUTATED.iter().flat_map(|file| ["--file", file])).args(["--", "--lib"]);
    command.env("CARGO_TARGET_DIR", out.join("build")).env("CARGO_PROFILE_DEV_DEBUG", "none");
    let finished = process::run(&mut command);
    let note = tally(&out.join("mutants.out/outcomes.json"))?;
    match finished {
        Err(_) if process::interrupted() => Err("interrupted".to_owned()),
        // It fails when a mutant lives.
        _ => Ok(Outcome::Noted(format!("{note}, in part {part}"))),
    }
}

fn tally(outcomes: &Path) -> Result<String> {
    let text = std::fs::read_to_string(outcomes).map_err(|e| format!("{}: {e}", outcomes.display()))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", outcomes.display()))?;
    let number = |name: &str| value[name].as_u64().ok_or_else(|| format!("{}: no {name}", outcomes.display()));
    let (caught, missed, timeout) = (number("caught")?, number("missed")?, number("timeout")?);
    Ok(format!("{} mutants noticed, {missed} not", caught + timeout))
}
