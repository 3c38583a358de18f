//! `cargo xtask fuzz [--seconds N] [--runs N] [TARGET…]`: gives the fuzz targets of auth-http inputs of libFuzzer, beginning with
//! the corpus in `fuzz/corpus`. New inputs stay in the target directory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::workspace::{cargo, root};
use crate::{Result, metadata, process};

/// How long each target runs by default, in seconds.
const SECONDS: u32 = 60;

/// The longest input, in bytes. A body may have more, but not more kinds of content.
const LONGEST: u32 = 4096;

/// The instrumentation of libFuzzer, as a stable compiler takes it.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

const USAGE: &str = "usage: cargo xtask fuzz [--seconds N] [--runs N] [TARGET…]";

/// Which targets run, and for how long. A run ends at the first limit that it reaches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    seconds: Option<u32>,
    runs: Option<u64>,
    targets: Vec<String>,
}

impl Options {
    /// All targets, for the default time.
    pub(crate) fn all() -> Self {
        Self { seconds: Some(SECONDS), runs: None, targets: vec![] }
    }

    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self { seconds: None, ..Self::all() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--seconds" => options.seconds = Some(number(args.next())?),
                "--runs" => options.runs = Some(number(args.next())?),
                flag if flag.starts_with('-') => return Err(format!("unknown option `{flag}`\n{USAGE}")),
                target => options.targets.push(target.to_owned()),
            }
        }
        if options.seconds.is_none() && options.runs.is_none() {
            options.seconds = Some(SECONDS);
        }
        Ok(options)
    }
}

/// libFuzzer takes 0 for no limit.
fn number<T: std::str::FromStr + Default + PartialEq>(text: Option<&String>) -> Result<T> {
    let number = text.and_then(|text| text.parse().ok()).filter(|number| *number != T::default());
    number.ok_or_else(|| format!("write a number above 0 after the option\n{USAGE}"))
}

pub(crate) fn command(args: &[String]) -> Result {
    run(&Options::parse(args)?).map(|note| println!("fuzzed: {note}"))
}

/// Runs the targets one after the other.
pub(crate) fn run(options: &Options) -> Result<String> {
    let targets = chosen(&all_targets()?, &options.targets)?;
    let directory = metadata::load()?.target_directory.join("fuzz");
    let mut build = cargo();
    // A target triple, so that build scripts and macros are built without the instrumentation.
    build.args(["build", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host()?]);
    process::run(build.env("CARGO_TARGET_DIR", &directory).env("RUSTFLAGS", FLAGS.join(" ")))?;
    let program = directory.join(host()?).join("debug/auth-fuzz");
    let mut sum = 0;
    for target in &targets {
        let start = Instant::now();
        let runs = run_target(&program, &directory, target, options)?;
        let milliseconds = start.elapsed().as_millis().max(1);
        println!("  {target:<14} {runs:>12} runs, {:>8} per second", u128::from(runs) * 1000 / milliseconds);
        sum += runs;
    }
    Ok(format!("{} targets, {sum} runs", targets.len()))
}

/// The number of runs, where libFuzzer says it at the end.
fn runs_in(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

/// Runs one target, and counts its runs.
fn run_target(program: &Path, directory: &Path, target: &str, options: &Options) -> Result<u64> {
    let (learned, crashes) = (directory.join("corpus").join(target), directory.join("crashes").join(target));
    for place in [&learned, &crashes] {
        fs::create_dir_all(place).map_err(|e| format!("{}: {e}", place.display()))?;
    }
    let mut fuzzer = Command::new(program);
    fuzzer.current_dir(root()).env("FUZZ_TARGET", target);
    // New inputs go to the first folder; the others are only read.
    fuzzer.arg(learned).arg(Path::new("fuzz/corpus").join(target));
    fuzzer.arg(format!("-artifact_prefix={}/", crashes.display())).arg(format!("-max_len={LONGEST}"));
    fuzzer.args(options.seconds.map(|seconds| format!("-max_total_time={seconds}")));
    fuzzer.args(options.runs.map(|runs| format!("-runs={runs}")));
    fuzzer.args(["-print_final_stats=1", "-verbosity=0"]).stderr(Stdio::piped());
    let mut running = process::Running::start(&mut fuzzer)?;
    let mut runs = 0;
    for line in running.child().stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')) {
        let line = line.map_err(|e| format!("{target}: {e}"))?;
        let line = String::from_utf8_lossy(&line);
        match runs_in(&line) {
            Some(number) => runs = number,
            None if line.starts_with("stat::") => {}
            None => eprintln!("{line}"),
        }
    }
    let status = running.wait()?;
    if status.success() { Ok(runs) } else { Err(format!("{target}: {status}; the input is in {}", crashes.display())) }
}

/// The targets, by their corpora. A unit test of auth-http compares those with its list.
fn all_targets() -> Result<Vec<String>> {
    let corpus = root().join("fuzz/corpus");
    let entries = fs::read_dir(&corpus).map_err(|e| format!("{}: {e}", corpus.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn chosen(all: &[String], wanted: &[String]) -> Result<Vec<String>> {
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        return Err(format!("unknown target `{unknown}`: name some of {}", all.join(", ")));
    }
    Ok(if wanted.is_empty() { all.to_vec() } else { wanted.to_vec() })
}

/// The platform that the compiler runs on.
fn host() -> Result<String> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say what its host is".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn limits_and_targets_are_read() {
        let options = |text: &str| Options::parse(&words(text));
        let expected = |seconds, runs, targets: &str| Ok(Options { seconds, runs, targets: words(targets) });
        assert_eq!(options(""), Ok(Options::all()));
        assert_eq!(options("--seconds 5 json jwt"), expected(Some(5), None, "json jwt"));
        assert_eq!(options("cookie --runs 10000000"), expected(None, Some(10_000_000), "cookie"));
        assert_eq!(options("--runs 7 --seconds 1"), expected(Some(1), Some(7), ""));
        for wrong in ["--seconds", "--seconds x", "--runs 0", "--runs -1", "--fast"] {
            assert!(options(wrong).is_err_and(|message| message.contains(USAGE)), "{wrong}");
        }
    }

    #[test]
    fn unknown_targets_are_named() {
        let all = words("json jwt");
        assert_eq!(chosen(&all, &[]), Ok(all.clone()));
        assert_eq!(chosen(&all, &words("jwt")), Ok(words("jwt")));
        assert!(chosen(&all, &words("jwt xml")).is_err_and(|message| message.contains("`xml`")));
    }

    #[test]
    fn runs_are_read() {
        assert_eq!(runs_in("stat::number_of_executed_units: 1234"), Some(1234));
        assert_eq!(runs_in("stat::average_exec_per_sec:     56"), None);
        assert_eq!(runs_in("thread panicked"), None);
    }
}
