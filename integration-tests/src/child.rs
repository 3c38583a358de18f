//! Processes of a scenario's own: each says in its first line how it is reached, and ends when nobody can write to it any more.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

/// Starts one, and waits until it is ready: the process, the rest of what it says, and its first line.
pub(crate) async fn start<T: DeserializeOwned>(mut command: Command) -> (Child, BufReader<ChildStdout>, T) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let started = tokio::task::spawn_blocking(move || {
        let mut process = command.spawn().expect("the program is there");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("its first line");
        (process, output, line)
    });
    let (process, output, line) = started.await.expect("it starts");
    let ready = serde_json::from_str(&line).unwrap_or_else(|cause| panic!("{cause}: {line:?}"));
    (process, output, ready)
}
