//! `cargo xtask setup`: installs what `cargo xtask ci` uses beyond Rust and a C compiler, on Debian and its kin. Does nothing
//! where everything is there already.

use std::path::PathBuf;
use std::process::Command;

use nix::unistd::geteuid;

use crate::metadata::Metadata;
use crate::python::Packages;
use crate::servers::Kind;
use crate::workspace::{cargo, find_program};
use crate::{Result, metadata, openapi, process, python, redis, tools, walk};

pub(crate) fn command() -> Result {
    let missing: Vec<Kind> = [Kind::Postgres, Kind::Mariadb].into_iter().filter(|kind| !kind.is_installed()).collect();
    let mut apt = Apt::default();
    if !missing.is_empty() {
        apt.install(&missing.iter().map(|kind| kind.package()).collect::<Vec<_>>())?;
    }
    if let Some(kind) = missing.iter().find(|kind| !kind.is_installed()) {
        return Err(format!("{} is installed, and yet there are no server binaries", kind.package()));
    }
    if redis::server().is_none() {
        apt.install(&[redis::PACKAGE])?;
    }
    println!("servers: postgres, mariadb and redis are installed");
    if find_program("curl", &[]).is_none() {
        apt.install(&["curl"])?;
    }
    // Their absence is said by `cargo xtask walk`.
    if walk::missing_browser().is_some()
        && let Err(why) = apt.install(&walk::BROWSER)
    {
        println!("skipped the browser: {why}");
    }
    components()?;
    let metadata = metadata::load()?;
    tools::DENY.install(&metadata)?;
    println!("tools: {} {} is installed", tools::DENY.name, tools::DENY.version);
    // Their absence is said by `cargo xtask test`, and fails nothing.
    let packages = [
        ("openapi validator", openapi::VALIDATOR),
        ("password hashes", python::HASHES),
        ("mail server", python::SINK),
        ("valkey", python::VALKEY),
        ("synmetrix client", python::SYNMETRIX),
        ("browser driver", python::BROWSER),
    ];
    for (name, packages) in packages {
        match install(&packages, &metadata, &mut apt) {
            Ok(()) => println!("python: {} is installed", packages.names.join(", ")),
            Err(why) => println!("skipped {name}: {why}"),
        }
    }
    Ok(())
}

/// rustfmt and clippy, which minimal toolchains come without.
fn components() -> Result {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !process::succeeds(cargo().args([command, "--version"])) {
            process::run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    println!("rust: rustfmt and clippy are installed");
    Ok(())
}

/// Debian's package manager, whose lists are refreshed once, before the first use.
#[derive(Default)]
struct Apt {
    updated: bool,
}

impl Apt {
    fn install(&mut self, packages: &[&str]) -> Result {
        let list = packages.join(" ");
        if find_program("apt-get", &[]).is_none() {
            return Err(format!("no apt-get on this machine; install by other means: {list}"));
        }
        println!("installing {list}");
        if !self.updated {
            process::run(&mut apt_get(&["update", "-qq"]))?;
            self.updated = true;
        }
        let mut install = apt_get(&["install", "-qq", "-y", "--no-install-recommends"]);
        process::run(install.args(packages))
    }
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = if geteuid().is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        // Without a question that nobody answers.
        sudo.args(["-n", "--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        sudo
    };
    command.args(["-o", "Acquire::Retries=3"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
    command
}

/// Installs packages in the virtual environment, which is made where there is none.
fn install(packages: &Packages, metadata: &Metadata, apt: &mut Apt) -> Result {
    if packages.python(metadata).is_some() {
        return Ok(());
    }
    let directory = python::environment(metadata);
    let program = directory.join("bin/python3");
    if !process::succeeds(Command::new(&program).args(["-m", "pip", "--version"]))
        && make_environment(&directory).is_err()
    {
        apt.install(&["python3", "python3-venv"])?;
        make_environment(&directory)?;
    }
    process::output(Command::new(program).args(["-m", "pip", "install", "--quiet"]).args(packages.names)).map(drop)
}

fn make_environment(directory: &PathBuf) -> Result {
    process::output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(directory)).map(drop)
}
