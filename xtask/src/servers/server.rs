//! One running server: its directory, its process, and a watchdog for the case that we are killed ourselves.

use std::fs::{self, DirBuilder, File};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, User, geteuid};

use super::{Arguments, Place, Recipe};
use crate::{Result, process};

/// Generous, for a machine with other things to do: an idle one needs a second.
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// Another program may take the port between our choice and the server's start.
const ATTEMPTS: u32 = 3;

/// Whom a server runs as.
pub(super) struct Account(Option<User>);

impl Account {
    /// Ourselves, or the server's own user when we are root. The error is a reason to skip the server.
    pub(super) fn choose(name: &str) -> std::result::Result<Self, String> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        match User::from_name(name) {
            Ok(Some(user)) => Ok(Self(Some(user))),
            _ => Err(format!("it does not run as root, and there is no user `{name}`")),
        }
    }

    fn command(&self, (program, arguments): &(PathBuf, Arguments), place: &Place) -> Command {
        let mut command = Command::new(program);
        command.args(arguments(place)).current_dir(&place.directory).stdin(Stdio::null());
        if let Some(user) = &self.0 {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    fn own(&self, path: &Path) -> std::io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |user| chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())))
    }
}

/// A server that runs until it is dropped.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) place: Place,
    stop: Signal,
    process: Option<(Child, Watchdog)>,
}

impl Server {
    pub(super) fn start(recipe: &Recipe, account: &Account) -> Result<Self> {
        let name = recipe.kind.name();
        let directory = make_directory(name, account).map_err(|e| format!("no directory for {name}: {e}"))?;
        // From here on dropping it removes the directory.
        let place = Place { directory, port: 0 };
        let mut server = Self { url: String::new(), place, stop: recipe.stop, process: None };
        server.prepare(recipe, account)?;
        let mut failure = String::new();
        for _ in 0..ATTEMPTS {
            match server.serve(recipe, account) {
                Ok(()) => return Ok(server),
                Err(message) => failure = message,
            }
            server.end();
            if process::interrupted() {
                break;
            }
        }
        Err(format!("{name} did not start: {failure}"))
    }

    fn prepare(&self, recipe: &Recipe, account: &Account) -> Result {
        if let Some(sql) = recipe.init {
            let path = self.place.init_file();
            let written = fs::write(&path, sql).and_then(|()| account.own(Path::new(&path)));
            written.map_err(|e| format!("cannot write {path}: {e}"))?;
        }
        match &recipe.installer {
            Some(installer) => process::output(&mut account.command(installer, &self.place)).map(drop),
            None => Ok(()),
        }
    }

    fn serve(&mut self, recipe: &Recipe, account: &Account) -> Result {
        self.place.port = free_port().map_err(|e| format!("no free port: {e}"))?;
        self.url = (recipe.url)(self.place.port);
        let log_path = self.place.directory.join("log");
        let log = File::create(&log_path).and_then(|log| Ok((log.try_clone()?, log)));
        let (stdout, stderr) = log.map_err(|e| format!("no log file: {e}"))?;
        let mut command = account.command(&recipe.server, &self.place);
        let child = process::start_in_own_group(command.stdout(stdout).stderr(stderr))?;
        let watchdog = Watchdog::start(self.stop, process::group_of(&child), &self.place.directory)?;
        let (child, _) = self.process.insert((child, watchdog));
        wait_until_ready(child, &log_path, recipe.ready)
    }

    /// Ends the process, cleanly where that works in time.
    fn end(&mut self) {
        let Some((mut child, watchdog)) = self.process.take() else {
            return;
        };
        let group = Pid::from_raw(process::group_of(&child));
        let _ = killpg(group, self.stop);
        let start = Instant::now();
        while matches!(child.try_wait(), Ok(None)) && start.elapsed() < STOP_LIMIT {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Whatever is left of the group; nothing in the usual case.
        let _ = killpg(group, Signal::SIGKILL);
        let _ = child.wait();
        watchdog.dismiss();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
        if let Err(e) = fs::remove_dir_all(&self.place.directory) {
            eprintln!("cannot remove {}: {e}", self.place.directory.display());
        }
    }
}

/// A shell that waits for the end of its input, which comes when we die in whatever way, and then cleans up for us.
struct Watchdog(Child);

impl Watchdog {
    const SCRIPT: &str = r#"cat; kill -s "$1" -- "-$2"; sleep 1; kill -s KILL -- "-$2"; rm -rf -- "$3""#;

    fn start(stop: Signal, group: i32, directory: &Path) -> Result<Self> {
        let mut command = Command::new("sh");
        let signal = stop.as_str().trim_start_matches("SIG");
        command.args(["-c", Self::SCRIPT, "watchdog", signal]).arg(group.to_string()).arg(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        process::start_in_own_group(&mut command).map(Self)
    }

    fn dismiss(mut self) {
        // The whole group: the shell and what it waits for.
        let _ = killpg(Pid::from_raw(process::group_of(&self.0)), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

fn make_directory(name: &str, account: &Account) -> std::io::Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("auth-test-{name}-{}-{number}", std::process::id()));
    // Ours alone, and an error where somebody else has made it before.
    DirBuilder::new().mode(0o700).create(&directory)?;
    account.own(&directory)?;
    Ok(directory)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_until_ready(child: &mut Child, log: &Path, ready: &str) -> Result {
    let start = Instant::now();
    loop {
        let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
        if text.contains(ready) {
            return Ok(());
        }
        let ended = !matches!(child.try_wait(), Ok(None));
        if ended || start.elapsed() > START_LIMIT || process::interrupted() {
            return Err(last_lines(&text, 12));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_of_short_and_long_texts() {
        for (text, count, expected) in [("", 2, ""), ("a\n", 2, "a"), ("a\nb\nc\n", 2, "b\nc")] {
            assert_eq!(last_lines(text, count), expected);
        }
    }

    #[test]
    fn a_free_port_can_be_bound() {
        let port = free_port().unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
