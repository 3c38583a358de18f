//! `cargo xtask ci`: everything that decides whether a change lands, cheap steps first, ending at the first failure.

use crate::steps::{self, OnFailure, Outcome, Step, cargo_step};
use crate::test::{self, Options};
use crate::{Result, codegen, hosts, packages, price, setup, soak, tidy, tools, walk};

const STEPS: [Step; 15] = [
    Step { name: "setup", rerun: "cargo xtask setup", run: || setup::command().map(|()| Outcome::Done) },
    Step { name: "format", rerun: "cargo fmt --all", run: || cargo_step(&["fmt", "--all", "--check"]) },
    Step { name: "tidy", rerun: "cargo xtask tidy", run: || tidy::check().map(|()| Outcome::Done) },
    Step {
        name: "deny",
        rerun: "cargo xtask deny",
        run: || tools::deny(&tools::OFFLINE_CHECKS).map(|()| Outcome::Done),
    },
    // Before the tests although it checks the dependencies once more (some 140 CPU seconds in an empty target
    // directory, nothing later): a warning is then known minutes before the suite has been built.
    Step {
        name: "clippy",
        rerun: "cargo clippy --workspace --all-targets -- -D warnings",
        run: || cargo_step(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    },
    Step {
        name: "build",
        rerun: "cargo test --workspace --no-run",
        run: || cargo_step(&["test", "--workspace", "--no-run"]),
    },
    Step { name: "codegen", rerun: "cargo xtask codegen --check", run: || codegen::run(true).map(|()| Outcome::Done) },
    Step { name: "test", rerun: "cargo xtask test --ci", run: || test::run(&Options::ci()).map(Outcome::Tested) },
    Step { name: "soak", rerun: "cargo xtask soak", run: || soak::run(soak::SHORT) },
    Step { name: "walk", rerun: "cargo xtask walk", run: walk },
    Step { name: "alone", rerun: "cargo xtask alone", run: || packages::alone().map(Outcome::Noted) },
    Step { name: "hosts", rerun: "cargo xtask hosts", run: || hosts::run().map(|()| Outcome::Done) },
    Step { name: "doc", rerun: "cargo xtask doc", run: || packages::doc().map(|()| Outcome::Done) },
    Step { name: "price", rerun: "cargo xtask price", run: price },
    Step { name: "package", rerun: "cargo xtask package", run: || packages::package(false).map(Outcome::Noted) },
];

pub(crate) fn command() -> Result {
    steps::run("ci", &STEPS, OnFailure::End)
}

fn price() -> Result<Outcome> {
    if !price::applies() {
        return Ok(Outcome::Skipped("nothing changed that it depends on".to_owned()));
    }
    price::run().map(Outcome::Noted)
}

fn walk() -> Result<Outcome> {
    match walk::missing() {
        Some(why) => Ok(Outcome::Skipped(why.to_owned())),
        None => walk::run().map(|()| Outcome::Done),
    }
}
