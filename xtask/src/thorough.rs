//! `cargo xtask thorough`: what takes longer than a change should wait for. By hand, before a release.

use crate::steps::{self, OnFailure, Outcome, Step};
use crate::test::{self, Options};
use crate::{Result, packages};

const STEPS: [Step; 3] = [
    Step { name: "test", rerun: "cargo xtask test --full", run: || test::run(&Options::full()).map(Outcome::Tested) },
    Step { name: "features", rerun: "cargo xtask thorough", run: || packages::features().map(Outcome::Noted) },
    Step { name: "package", rerun: "cargo package", run: || packages::package(true).map(Outcome::Noted) },
];

pub(crate) fn command() -> Result {
    steps::run("thorough", &STEPS, OnFailure::GoOn)
}
