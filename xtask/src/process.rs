//! Child processes. Each runs in a process group of its own, so that ending it ends what it started too.
//!
//! Ctrl-C ends the commands in the foreground only: the one who waits for them sees a failure, unwinds as after any other,
//! and thereby stops the servers and removes their directories.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::Mutex;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::Result;

/// The process groups in the foreground, and how often the user asked us to stop.
struct Foreground {
    groups: BTreeSet<i32>,
    interrupts: u32,
}

static FOREGROUND: Mutex<Foreground> = Mutex::new(Foreground { groups: BTreeSet::new(), interrupts: 0 });

fn foreground() -> std::sync::MutexGuard<'static, Foreground> {
    FOREGROUND.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Turns SIGINT, SIGTERM and SIGHUP into an orderly end.
pub(crate) fn install_signal_handling() -> Result {
    ctrlc::set_handler(interrupt).map_err(|e| format!("cannot handle signals: {e}"))
}

fn interrupt() {
    let mut state = foreground();
    state.interrupts += 1;
    // A second interrupt means: do not wait.
    let signal = if state.interrupts == 1 { Signal::SIGTERM } else { Signal::SIGKILL };
    eprintln!("\ninterrupted: stopping what runs");
    for group in &state.groups {
        // The group may have ended by itself in the meantime.
        let _ = killpg(Pid::from_raw(*group), signal);
    }
}

/// Whether the user asked us to stop.
pub(crate) fn interrupted() -> bool {
    foreground().interrupts > 0
}

/// A running command in the foreground, ended together with its children when dropped before its time.
pub(crate) struct Running {
    child: Child,
    group: i32,
}

impl Running {
    /// Starts a command; refuses once the user has asked us to stop.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut state = foreground();
        if state.interrupts > 0 {
            return Err("interrupted".to_owned());
        }
        let child = start_in_own_group(command)?;
        let group = group_of(&child);
        state.groups.insert(group);
        Ok(Self { child, group })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        self.child.wait().map_err(|e| format!("cannot wait for a command: {e}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = killpg(Pid::from_raw(self.group), Signal::SIGKILL);
            let _ = self.child.wait();
        }
        foreground().groups.remove(&self.group);
    }
}

/// Starts a command that Ctrl-C does not reach.
pub(crate) fn start_in_own_group(command: &mut Command) -> Result<Child> {
    command.process_group(0).spawn().map_err(|e| format!("cannot run {}: {e}", program(command)))
}

/// The process group of a child that leads one.
pub(crate) fn group_of(child: &Child) -> i32 {
    // Process ids fit: Linux ends at 2^22.
    i32::try_from(child.id()).unwrap_or(i32::MAX)
}

/// Runs a command on our terminal and fails when it fails.
pub(crate) fn run(command: &mut Command) -> Result {
    let status = Running::start(command)?.wait()?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", program(command))) }
}

/// Runs a command and keeps both its outputs; the error shows what it wrote.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    use std::process::Stdio;
    let spawned = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut running = spawned?;
    let (stdout, stderr) = (running.child().stdout.take(), running.child().stderr.take());
    // Read beside each other: a full pipe would stop the command.
    let (stdout, stderr) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| read_all(stderr));
        (read_all(stdout), errors.join().unwrap_or_default())
    });
    let status = running.wait()?;
    if status.success() {
        return Ok(stdout);
    }
    Err(format!("{} failed ({status})\n{}{}", program(command), stdout, stderr).trim_end().to_owned())
}

fn read_all(pipe: Option<impl std::io::Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What cannot be read is missing from a message, no more.
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn program(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Whether a command can be run and succeeds; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    output(command).is_ok()
}
