//! `cargo xtask soak`: a database, and the program in integration-tests/src/bin/soak that runs two servers of the example apps
//! under load, with a fault every few seconds.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::process::Running;
use crate::servers::{Kind, Servers};
use crate::steps::Outcome;
use crate::workspace::{cargo, root};
use crate::{Result, metadata, process, redis};

/// How long the users are at work when nothing is said, in seconds.
const USUAL: u64 = 60;

/// The same in `cargo xtask ci`: enough for about half of the faults, and with the checks one minute and a half.
pub(crate) const SHORT: u64 = 45;

pub(crate) fn command(args: &[String]) -> Result {
    match run(seconds(args)?)? {
        Outcome::Skipped(why) => println!("skipped the soak: {why}"),
        Outcome::Noted(note) => println!("soak: {note}"),
        Outcome::Done | Outcome::Tested(_) => {}
    }
    Ok(())
}

fn seconds(args: &[String]) -> Result<u64> {
    match args {
        [] => Ok(USUAL),
        [number] => number.parse().map_err(|_| format!("`{number}` must be a number of seconds")),
        [_, extra, ..] => Err(format!("unexpected argument `{extra}`")),
    }
}

/// Runs it, or says what is missing.
pub(crate) fn run(seconds: u64) -> Result<Outcome> {
    let servers = Servers::start(&[Kind::Postgres])?;
    // One that was given to us is not ours to crash.
    let Some((variable, url)) = servers.environment.first() else {
        return Ok(Outcome::Skipped(servers.notes.join(", ")));
    };
    process::run(cargo().args(["build", "--workspace", "--bins"]))?;
    let metadata = metadata::load()?;
    let mut command = Command::new(metadata.target_directory.join("debug/soak"));
    command.current_dir(root()).env(variable, url).env("SOAK_SECONDS", seconds.to_string());
    command.envs(redis::environment(&metadata));
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut last = String::new();
    if let Some(stdout) = running.child().stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(std::io::Result::ok) {
            println!("{line}");
            last = line;
        }
    }
    if running.wait()?.success() { Ok(Outcome::Noted(last)) } else { Err(format!("the soak failed: {last}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_a_number() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(seconds(&[]), Ok(USUAL));
        assert_eq!(seconds(&words("600")), Ok(600));
        assert!(seconds(&words("long")).unwrap_err().contains("`long`"));
        assert!(seconds(&words("1 2")).unwrap_err().contains("`2`"));
    }
}
