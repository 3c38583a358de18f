//! A server as a process of its own.

use std::net::SocketAddr;
use std::path::Path;

use crate::Result;
use crate::load::Wire;
use crate::process::Process;
use crate::routes;

/// The line with which a server says that it is there.
pub(crate) const READY: &str = "listening on ";

/// A running server, ended when dropped.
pub(crate) struct Server {
    process: Process,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts this program as a server with limits.
    pub(crate) fn start(framework: &str, database: &str) -> Result<Self> {
        Self::start_with(&["serve", framework, database, "--guarded"])
    }

    /// A server without limits that counts its statements, and is slow.
    pub(crate) fn start_counting(framework: &str, database: &str) -> Result<Self> {
        Self::start_with(&["serve", framework, database, "--count"])
    }

    /// The same with workers, which hand mails over to the SMTP server at `smtp`.
    pub(crate) fn start_mailing(framework: &str, database: &str, smtp: &str) -> Result<Self> {
        Self::start_with(&["serve", framework, database, "--smtp", smtp])
    }

    /// A server with one thread, one connection to its database and cheap hashes, whose instructions valgrind counts.
    pub(crate) fn start_counted(framework: &str, database: &str, counts: &Path) -> Result<Self> {
        let args = ["serve", framework, database, "--single"];
        Self::ready(Process::start_counted(counts, args)?, &args)
    }

    fn start_with(args: &[&str]) -> Result<Self> {
        Self::ready(Process::start(args)?, args)
    }

    fn ready((process, line): (Process, String), args: &[&str]) -> Result<Self> {
        let address = line.strip_prefix(READY).ok_or_else(|| format!("`{}` did not start", args.join(" ")))?;
        Ok(Self { process, address: address.parse()? })
    }

    /// Processor seconds that the server took so far, where the system tells.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        self.process.cpu_seconds()
    }

    /// MiB that it holds in memory: now, and at the most so far.
    pub(crate) fn memory(&self) -> Result<(f64, f64)> {
        self.process.memory().ok_or_else(|| "the system does not tell how much memory a process has".into())
    }

    /// Begins anew to look for the most memory that it holds.
    pub(crate) fn forget_peak(&self) -> Result {
        self.process.forget_peak()
    }

    /// How many statements the server has run.
    pub(crate) async fn statements(&self) -> Result<u64> {
        let mut wire = Wire::connect(self.address).await?;
        let request = routes::get("/statements", "");
        Ok(std::str::from_utf8(wire.exchange(&request, "200").await?)?.parse()?)
    }
}
