//! A server: the process of an example app.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};

use crate::mail::Mails;

/// What servers run, one after the other.
pub(crate) const APPS: [&str; 3] = ["axum-app", "actix-app", "poem-app"];

/// Where the programs are, and what all of them are told.
pub(crate) struct Site {
    pub(crate) programs: PathBuf,
    pub(crate) directory: PathBuf,
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A process, which ends with this value.
pub(crate) struct Instance {
    process: Child,
    pub(crate) app: &'static str,
    pub(crate) address: SocketAddr,
}

impl Instance {
    /// Starts an app, and waits until it listens. Its log is read for mails, and appended to a file.
    pub(crate) async fn start(
        site: &Site,
        app: &'static str,
        slot: usize,
        database: &str,
        mails: &Arc<Mails>,
    ) -> Option<Self> {
        let mut command = Command::new(site.programs.join(app));
        command.env("BIND", "127.0.0.1:0").env("DATABASE_URL", database).envs(site.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(&site.directory);
        let log = log_file(&site.directory, slot);
        let mails = Arc::clone(mails);
        let starting = tokio::task::spawn_blocking(move || {
            let mut process = command.spawn().expect("the app was built");
            let errors = BufReader::new(process.stderr.take().expect("its log"));
            std::thread::spawn(move || keep(errors, log, &mails));
            let output = BufReader::new(process.stdout.take().expect("its output"));
            let mut lines = output.lines().map_while(Result::ok);
            let address = lines.find_map(|line| line.strip_prefix("listening on http://")?.parse().ok());
            std::thread::spawn(move || lines.count());
            (process, address)
        });
        let (mut process, address) = starting.await.expect("no panic");
        if address.is_none() {
            // It said why in its log.
            let _ = process.wait();
        }
        Some(Self { process, app, address: address? })
    }

    /// Ends it at once and without a word.
    pub(crate) fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Lets it stand still.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(process, signal);
        }
    }

    /// Its memory, in MiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes =
            line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
        kibibytes.unwrap_or_default() / 1024
    }

    /// How many files and sockets it has open.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).map(Iterator::count).unwrap_or_default()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where the log of a place for servers is.
pub(crate) fn log_file(directory: &Path, slot: usize) -> PathBuf {
    directory.join(format!("server-{slot}.log"))
}

fn keep(errors: impl BufRead, path: PathBuf, mails: &Mails) {
    let mut file = File::options().create(true).append(true).open(path).expect("a file for the log");
    let mut reader = mails.reader();
    for line in errors.lines().map_while(Result::ok) {
        reader.read(&line);
        writeln!(file, "{line}").expect("room for the log");
    }
}
