//! A server as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::Result;
use crate::load::Wire;
use crate::routes;

/// The line with which a server says that it is there.
pub(crate) const READY: &str = "listening on ";

/// Clock ticks of `/proc` per second, the same on every Linux that Rust runs on.
const TICKS: f64 = 100.0;

/// A running server, ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts this program as a server. `counting` makes it count its statements, and slow.
    pub(crate) fn start(framework: &str, database: &str, counting: bool) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", framework, database]).args(counting.then_some("--count"));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        // From here on the process ends whatever happens.
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix(READY).ok_or_else(|| format!("the {framework} server did not start"))?;
        server.address = address.parse()?;
        Ok(server)
    }

    /// Processor seconds that the server took so far, where the system tells.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // After the name, which may contain anything, the fields of user and system time are the 12th and 13th.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<f64>().ok());
        ticks.sum::<Option<f64>>().map(|ticks| ticks / TICKS)
    }

    /// How many statements the server has run.
    pub(crate) async fn statements(&self) -> Result<u64> {
        let mut wire = Wire::connect(self.address).await?;
        let request = routes::get("/statements", "");
        Ok(std::str::from_utf8(wire.exchange(&request, "200").await?)?.parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
