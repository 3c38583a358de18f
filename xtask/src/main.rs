//! The project's commands, run as `cargo xtask <command>`. Links none of the workspace's crates, so that it works while
//! they do not compile, and needs nothing on the machine but Rust and a C compiler: what else is missing is skipped by
//! name.
#![allow(clippy::print_stdout, reason = "a command line tool talks on standard output")]
#![allow(
    clippy::disallowed_methods,
    reason = "a command line tool reads the environment and measures how long its steps take"
)]

mod advisories;
mod bench;
mod ci;
mod codegen;
mod counts;
mod fuzz;
mod hosts;
mod metadata;
mod new_feature;
mod openapi;
mod packages;
mod price;
mod process;
mod python;
mod redis;
mod servers;
mod setup;
mod soak;
mod steps;
mod test;
mod thorough;
mod tidy;
mod tools;
mod walk;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask <command>

  test [--target direct|axum|actix|poem]... [--db sqlite|postgres|mariadb]... [--full|--ci] [FILTER]
                      start throwaway servers and run the tests; any of --target, --db and FILTER
                      narrows the run to the contract suite; --full is every framework on every database,
                      --ci what `ci` runs of them
  tidy [--write]      check the rules of the architecture (or lower the numbers in docs/style.md)
  codegen [--check]   write (or compare) the generated files in docs/
  walk                paste examples/README.md beside each example app
  hosts               test the apps outside of the workspace that embed the library
  bench [ARGS]        run the benchmarks in bench/, in release
  new-feature NAME    write the files of a new feature and register them
  alone               check every package by itself
  doc                 document every package, with warnings as errors
  fuzz [--seconds N] [--runs N] [TARGET…]
                      give the fuzz targets, or some of them, inputs of libFuzzer; 60 seconds each by default
  features            check every package with each of its features
  package [--verify]  pack what is published (and build it from the packages)
  price               make a feature in a copy, and count what it costs
  advisories DIR      rewrite xtask/advisories.txt from a checkout of the RustSec database
  deny                licences, sources and banned dependencies
  soak [SECONDS]      two servers under load with a fault every few seconds, 60 seconds by default; SOAK_SEED repeats one
  setup               install what `ci` needs on Debian
  ci                  everything that decides whether a change lands
  thorough [STEP…]    what takes longer, by hand before a release, or these steps of it
";

/// What a command answers: an error is one message for the terminal.
type Result<T = ()> = std::result::Result<T, String>;

fn main() -> ExitCode {
    match process::install_signal_handling().and_then(|()| run(std::env::args().skip(1).collect())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if process::interrupted() => ExitCode::from(130),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Vec<String>) -> Result {
    let Some((command, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    match command.as_str() {
        "test" => test::command(rest),
        "bench" => bench::command(rest),
        "codegen" => codegen::command(rest),
        "new-feature" => new_feature::command(rest),
        "tidy" => tidy::command(rest),
        "walk" => no_arguments(rest).and_then(|()| walk::command()),
        "hosts" => no_arguments(rest).and_then(|()| hosts::run()),
        "setup" => no_arguments(rest).and_then(|()| setup::command()),
        "alone" => no_arguments(rest).and_then(|()| packages::alone().map(|note| println!("alone: {note}"))),
        "doc" => no_arguments(rest).and_then(|()| packages::doc()),
        "fuzz" => fuzz::command(rest),
        "features" => no_arguments(rest).and_then(|()| packages::features().map(|note| println!("checked: {note}"))),
        "package" => packages::command(rest),
        "price" => no_arguments(rest).and_then(|()| price::run().map(|note| println!("a feature: {note}"))),
        "advisories" => advisories::command(rest),
        "deny" => no_arguments(rest).and_then(|()| tools::deny(&tools::OFFLINE_CHECKS)),
        "soak" => soak::command(rest),
        "thorough" => thorough::command(rest),
        "ci" => no_arguments(rest).and_then(|()| ci::command()),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("unknown command `{other}`\n\n{HELP}")),
    }
}

fn no_arguments(args: &[String]) -> Result {
    match args.first() {
        None => Ok(()),
        Some(extra) => Err(format!("unexpected argument `{extra}`")),
    }
}
