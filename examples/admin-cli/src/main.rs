//! The admin command of the example apps: reads their environment and works on their database.

use std::io::{BufReader, stdin, stdout};
use std::process::ExitCode;

use app_support::{Failure, open};

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let auth = open().await?;
    let mut input = BufReader::new(stdin());
    Ok(match auth_cli::run(&auth, &arguments, &mut input, &mut stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    })
}
