//! This program, started once more as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;

/// Clock ticks of `/proc` per second, the same on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// A running process, ended when dropped.
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Starts it; answers the first line that it says, too.
    pub(crate) fn start(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<(Self, String)> {
        Self::run(Command::new(std::env::current_exe()?), args)
    }

    /// The same below valgrind. Whenever it counts its statements, the number of instructions since then goes into a
    /// file, whose name is `counts` with a number behind it.
    pub(crate) fn start_counted(
        counts: &Path,
        args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<(Self, String)> {
        let mut command = Command::new("valgrind");
        command.args(["--quiet", "--tool=callgrind", "--dump-before=auth_bench::statements::count*"]);
        command.arg(format!("--callgrind-out-file={}", counts.display())).arg(std::env::current_exe()?);
        Self::run(command, args).map_err(|cause| format!("valgrind: {cause}; is it installed?").into())
    }

    fn run(mut command: Command, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<(Self, String)> {
        let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("the process has no output")?;
        // From here on the process ends whatever happens.
        let process = Self { child };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok((process, line.trim().to_owned()))
    }

    /// Says a line to it.
    pub(crate) fn tell(&mut self, line: &str) -> Result {
        let input = self.child.stdin.as_mut().ok_or("the process has no input")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// Processor seconds that it took so far, where the system tells.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // After the name, which may contain anything, the fields of user and system time are the 12th and 13th.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().ok());
        ticks.sum::<Option<f64>>().map(|ticks| ticks / TICKS)
    }

    /// Begins anew to look for the most memory that it holds.
    pub(crate) fn forget_peak(&self) -> Result {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// MiB that it holds in memory, where the system tells: now, and at the most so far.
    pub(crate) fn memory(&self) -> Option<(f64, f64)> {
        memory_of(&self.child.id().to_string())
    }
}

/// The same of a process by its number, or of this one, `self`.
pub(crate) fn memory_of(process: &str) -> Option<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mib = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        line.split_whitespace().next()?.parse().ok().map(|kib: f64| kib / 1024.0)
    };
    Some((mib("VmRSS:")?, mib("VmHWM:")?))
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
