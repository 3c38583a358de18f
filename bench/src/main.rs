//! The benchmarks of the library: `cargo xtask bench [--quick] [--write]`. See `docs/benchmarks.md`.
//!
//! The program that is started generates the load and judges it; it starts itself once more, as a server, for each
//! framework and database, and as a worker that delivers mail.
#![allow(clippy::disallowed_methods, reason = "a measuring tool reads the environment and the clock")]
#![allow(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod config;
mod crowd;
mod database;
mod handwritten;
mod instructions;
mod load;
mod logins;
mod machine;
mod networks;
mod outbox;
mod page;
mod plan;
mod process;
mod raw;
mod report;
mod routes;
mod seed;
mod serve;
mod server;
mod statements;
mod timing;

use std::process::ExitCode;

const USAGE: &str = "\
usage: auth-bench [--quick] [--write] [--only NAME]...
       auth-bench --instructions [--write]
  --quick      shorter rounds: about seven minutes, for a first impression
  --write      put the tables into docs/benchmarks.md
  --instructions  count the instructions of single requests with valgrind, and nothing else
  --only NAME  leave out what is not named: axum, actix, poem; sqlite, postgres; routes, logins, crowd, timing, networks,
               outbox; bare, claims, handwritten, session, jwt
";

/// What anything here answers.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["serve", framework, database, rest @ ..] => {
            serve::Extras::parse(rest).and_then(|extras| serve::run(framework, database, extras))
        }
        ["judge"] => instructions::judge::run(),
        ["attack", database, count] => networks::run(database, count),
        ["deliver", database, smtp] => outbox::worker::run(database, smtp),
        ["--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        ["--instructions"] => instructions::run(false),
        ["--instructions", "--write"] => instructions::run(true),
        words => plan::Options::parse(words).and_then(|options| plan::run(&options)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause}");
            ExitCode::FAILURE
        }
    }
}
