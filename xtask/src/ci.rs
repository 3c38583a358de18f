//! `cargo xtask ci`: everything that decides whether a change lands, cheap steps first, ending at the first failure.

use std::time::{Duration, Instant};

use crate::counts::Counts;
use crate::test::{self, Options};
use crate::workspace::{cargo, has_cargo_command};
use crate::{Result, codegen, process, tidy, walk};

/// A step with its name and the command that repeats it alone.
struct Step {
    name: &'static str,
    rerun: &'static str,
    run: fn() -> Result<Outcome>,
}

enum Outcome {
    Done,
    Skipped(&'static str),
    Tested(Counts),
}

const CLIPPY: [&str; 6] = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

const STEPS: [Step; 7] = [
    Step { name: "format", rerun: "cargo fmt --all", run: || cargo_step(&["fmt", "--all", "--check"]) },
    Step { name: "tidy", rerun: "cargo xtask tidy", run: || tidy::command().map(|()| Outcome::Done) },
    Step { name: "deny", rerun: "cargo deny check bans licenses sources", run: deny },
    // Before the tests although it checks the dependencies once more (some 140 CPU seconds in an empty target directory,
    // nothing later): a warning is then known minutes before the suite has been built.
    Step {
        name: "clippy",
        rerun: "cargo clippy --workspace --all-targets -- -D warnings",
        run: || cargo_step(&CLIPPY),
    },
    Step { name: "codegen", rerun: "cargo xtask codegen --check", run: || codegen::run(true).map(|()| Outcome::Done) },
    Step { name: "test", rerun: "cargo xtask test --full", run: full_test },
    Step { name: "walk", rerun: "cargo xtask walk", run: walk },
];

pub(crate) fn command() -> Result {
    let mut report = vec![];
    let mut counts = None;
    for step in &STEPS {
        println!("==> {}", step.name);
        let start = Instant::now();
        let outcome =
            (step.run)().map_err(|e| format!("{e}\n\n{} failed; rerun it with: {}", step.name, step.rerun))?;
        let result = match outcome {
            Outcome::Done => "ok".to_owned(),
            Outcome::Skipped(why) => format!("skipped: {why}"),
            Outcome::Tested(sum) => {
                counts = Some(sum);
                "ok".to_owned()
            }
        };
        let line = line(step.name, start.elapsed(), &result);
        println!("{line}");
        report.push(line);
    }
    println!("\nsummary of ci\n{}", report.join("\n"));
    if let Some(counts) = counts {
        println!("{counts}");
    }
    Ok(())
}

fn line(name: &str, elapsed: Duration, result: &str) -> String {
    format!("  {name:<8} {:>7.1} s  {result}", elapsed.as_secs_f64())
}

fn cargo_step(args: &[&str]) -> Result<Outcome> {
    process::run(cargo().args(args)).map(|()| Outcome::Done)
}

fn deny() -> Result<Outcome> {
    if !has_cargo_command("deny") {
        return Ok(Outcome::Skipped("cargo-deny is not installed; install with: cargo install --locked cargo-deny"));
    }
    // Advisories need a database from the network: see deny.toml.
    cargo_step(&["deny", "check", "bans", "licenses", "sources"])
}

fn walk() -> Result<Outcome> {
    match walk::missing() {
        Some(why) => Ok(Outcome::Skipped(why)),
        None => walk::run().map(|()| Outcome::Done),
    }
}

fn full_test() -> Result<Outcome> {
    test::run(&Options::full()).map(Outcome::Tested)
}
