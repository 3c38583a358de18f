//! Cargo subcommands from crates.io, in pinned versions, installed in the target directory beside what they were built
//! from.

use std::path::PathBuf;
use std::process::Command;

use crate::metadata::Metadata;
use crate::workspace::cargo;
use crate::{Result, metadata, process};

/// A subcommand of cargo.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

pub(crate) const MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// The checks of cargo-deny that need no network: see deny.toml.
pub(crate) const OFFLINE_CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

impl Tool {
    /// The program, if it is there in its version.
    pub(crate) fn program(&self, metadata: &Metadata) -> Option<PathBuf> {
        let program = directory(metadata).join("bin").join(self.name);
        // Called as cargo calls its subcommands, which some insist on.
        let subcommand = self.name.trim_start_matches("cargo-");
        let version = process::output(Command::new(&program).args([subcommand, "--version"])).ok()?;
        version.split_whitespace().any(|word| word == self.version).then_some(program)
    }

    /// Installs it, once for each target directory.
    pub(crate) fn install(&self, metadata: &Metadata) -> Result {
        if self.program(metadata).is_some() {
            return Ok(());
        }
        println!("installing {} {}", self.name, self.version);
        let directory = directory(metadata);
        let mut install = cargo();
        install.args(["install", "--locked", "--quiet", "--force", "--version", self.version, self.name, "--root"]);
        install.arg(&directory).env("CARGO_TARGET_DIR", directory.join("build"));
        // It runs for seconds: to build it fast matters more.
        install.envs([
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
            ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
        ]);
        process::run(&mut install)
    }
}

fn directory(metadata: &Metadata) -> PathBuf {
    metadata.target_directory.join("tools")
}

/// Runs checks of cargo-deny.
pub(crate) fn deny(checks: &[&str]) -> Result {
    let program = DENY.program(&metadata::load()?);
    let program = program.ok_or("cargo-deny is missing; install it with: cargo xtask setup")?;
    // Called as cargo calls its subcommands.
    let mut command = Command::new(program);
    command.current_dir(crate::workspace::root()).args(["--locked", "check"]).args(checks);
    process::run(&mut command)
}
