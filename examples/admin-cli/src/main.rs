//! The admin command of the example apps: reads their environment and works on their database.

use std::io::{self, BufReader, Stdout, Write, stdin, stdout};
use std::process::ExitCode;

use app_support::{Failure, in_variables, open};

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let auth = open().await?;
    let mut input = BufReader::new(stdin());
    Ok(match auth_cli::run(&auth, &arguments, &mut input, &mut Output(stdout())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {}", in_variables(&message));
            ExitCode::FAILURE
        }
    })
}

/// The standard output, on which the settings of the library have the names of the variables that they are read from.
struct Output(Stdout);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The command writes whole lines.
        self.0.write_all(in_variables(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
