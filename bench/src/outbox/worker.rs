//! The process that is measured: the library's workers, and nothing beside them.

use std::io::Write;

use crate::process::Process;
use crate::{Result, config, serve};

/// What it says when it is connected.
const READY: &str = "ready to deliver";

/// Delivers once it is told to, until the process is ended.
pub(crate) fn run(database: &str, smtp: &str) -> Result {
    serve::multi_threaded()?.block_on(async {
        let auth = config::auth(config::connect(database, false).await?, Some(smtp))?;
        let mut output = std::io::stdout();
        writeln!(output, "{READY}")?;
        output.flush()?;
        // Nothing else runs yet that would have to wait.
        std::io::stdin().read_line(&mut String::new())?;
        let _workers = auth.spawn_workers();
        std::future::pending().await
    })
}

/// Starts such a process, which waits to be told.
pub(super) fn start(database: &str, smtp: &str) -> Result<Process> {
    let (process, line) = Process::start(["deliver", database, smtp])?;
    if line == READY { Ok(process) } else { Err("the worker did not start".into()) }
}

/// Tells it to begin.
pub(super) fn begin(process: &mut Process) -> Result {
    process.tell("deliver")
}
