//! `cargo xtask test`: servers, then one `cargo test` over the workspace, then the generated OpenAPI document.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::counts::Counts;
use crate::metadata::{self, Metadata};
use crate::process::Running;
use crate::python::{HASHES, SINK};
use crate::servers::{Kind, Servers};
use crate::workspace::cargo;
use crate::{Result, openapi, process, redis};

const SUITE: &str = "integration-tests";
const TARGETS: [&str; 5] = ["direct", "pair", "axum", "actix", "poem"];
const DATABASES: [&str; 3] = ["sqlite", "postgres", "mariadb"];

/// What to run. Empty lists leave the choice to the suite.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    targets: Vec<String>,
    databases: Vec<String>,
    filter: Option<String>,
    full: bool,
    ci: bool,
}

/// What CI runs besides the suite's default: the servers that apps are run with. The rest of the product is for
/// `cargo xtask thorough`.
const CI_PAIRS: &str = "pair:postgres,axum:postgres,actix:postgres,poem:postgres,axum:mariadb";

impl Options {
    /// Every target on every database that is there, and all unit tests.
    pub(crate) fn full() -> Self {
        Self { full: true, ..Self::default() }
    }

    /// What decides whether a change lands.
    pub(crate) fn ci() -> Self {
        Self { ci: true, ..Self::default() }
    }

    /// One filter on every target and database.
    pub(crate) fn full_with(filter: &str) -> Self {
        Self { filter: Some(filter.to_owned()), ..Self::full() }
    }

    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (name, value) = arg.split_once('=').map_or((arg.as_str(), None), |(name, value)| (name, Some(value)));
            let mut value = || value.or_else(|| args.next().map(String::as_str)).unwrap_or_default();
            match name {
                "--target" => choose(name, value(), &TARGETS, &mut options.targets)?,
                "--db" => choose(name, value(), &DATABASES, &mut options.databases)?,
                "--full" => options.full = true,
                "--ci" => options.ci = true,
                _ if arg.starts_with('-') => return Err(format!("unknown option `{arg}`")),
                _ if options.filter.is_some() => return Err(format!("a second filter: `{arg}`")),
                _ => options.filter = Some(arg.clone()),
            }
        }
        Ok(options)
    }

    /// Whether only a part of the contract suite is asked for.
    fn narrow(&self) -> bool {
        !self.targets.is_empty() || !self.databases.is_empty() || self.filter.is_some()
    }

    fn wants(&self, kind: Kind) -> bool {
        self.databases.is_empty() || self.databases.iter().any(|name| name == kind.name())
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let lists = [("SUITE_TARGETS", self.targets.join(",")), ("SUITE_DBS", self.databases.join(","))];
        let full = self.full.then(|| ("SUITE_FULL", "1".to_owned()));
        let pairs = self.ci.then(|| ("SUITE_PAIRS", CI_PAIRS.to_owned()));
        lists.into_iter().filter(|(_, list)| !list.is_empty()).chain(full).chain(pairs).collect()
    }

    fn arguments(&self, metadata: &Metadata) -> Vec<String> {
        let mut words: Vec<String> = ["test", "--workspace", "--no-fail-fast"].map(str::to_owned).to_vec();
        if self.narrow() {
            // Not `-p`: another set of packages means other features of what they depend on, and a second build of it
            // all.
            let suite = metadata.packages.iter().filter(|package| package.name == SUITE);
            words.extend(suite.flat_map(|package| &package.tests).flat_map(|test| ["--test".to_owned(), test.clone()]));
        }
        if let Some(filter) = &self.filter {
            words.extend(["--".to_owned(), filter.clone()]);
        }
        words
    }
}

fn choose(option: &str, value: &str, known: &[&str], chosen: &mut Vec<String>) -> Result {
    for name in value.split(',') {
        if !known.contains(&name) {
            return Err(format!("{option} is one of {}, not `{name}`", known.join(", ")));
        }
        if !chosen.iter().any(|earlier| earlier == name) {
            chosen.push(name.to_owned());
        }
    }
    Ok(())
}

pub(crate) fn command(args: &[String]) -> Result {
    run(&Options::parse(args)?).map(drop)
}

/// Runs the tests and prints a summary whose last line is the counts.
pub(crate) fn run(options: &Options) -> Result<Counts> {
    let metadata = metadata::load()?;
    let wanted = [Kind::Postgres, Kind::Mariadb].into_iter().filter(|kind| options.wants(*kind));
    let servers = Servers::start(&wanted.collect::<Vec<_>>())?;
    for note in &servers.notes {
        println!("{note}");
    }
    let named = |kind: &Kind| options.databases.iter().any(|name| name == kind.name());
    if let Some(kind) = servers.missing.iter().find(|kind| named(kind)) {
        return Err(format!("{} was asked for by name and is not there", kind.name()));
    }
    let (counts, status) = run_cargo(options, &metadata, &servers)?;
    if process::interrupted() {
        return Err("interrupted".to_owned());
    }
    let document = openapi::validate(&metadata);
    let notes = servers.notes.clone();
    drop(servers);
    println!("\nsummary");
    println!("  suite      {}", describe(options));
    for note in notes.iter().chain([&document.note]) {
        println!("  {note}");
    }
    let failure = verdict(counts, status, options, document.valid);
    if let Err(why) = &failure {
        println!("  failed: {why}");
    }
    println!("{counts}");
    failure.map(|()| counts)
}

fn describe(options: &Options) -> String {
    let or = |list: &[String], otherwise: &str| {
        if list.is_empty() { otherwise.to_owned() } else { list.join(", ") }
    };
    let (targets, databases) = match (options.full, options.ci) {
        (true, _) => ("every target", "every database that is there"),
        (_, true) => {
            ("every target on postgres, axum on mariadb, and the suite's default targets", "its default databases")
        }
        _ => ("the suite's default targets", "its default databases"),
    };
    let filter = options.filter.as_ref().map(|filter| format!(", names with `{filter}`")).unwrap_or_default();
    format!("{} on {}{filter}", or(&options.targets, targets), or(&options.databases, databases))
}

fn verdict(counts: Counts, succeeded: bool, options: &Options, document_is_valid: bool) -> Result {
    if counts.failed > 0 {
        return Err(format!("{} tests failed", counts.failed));
    }
    if !succeeded {
        return Err("cargo test ended with an error outside of a test: see above".to_owned());
    }
    if counts.passed == 0 {
        let filter = options.filter.as_deref().unwrap_or_default();
        return Err(format!("no test ran; does a name contain `{filter}`?"));
    }
    if document_is_valid { Ok(()) } else { Err("docs/openapi.json is not a valid OpenAPI document".to_owned()) }
}

/// Runs cargo, shows what it prints and sums the results. The flag says whether cargo itself was content.
fn run_cargo(options: &Options, metadata: &Metadata, servers: &Servers) -> Result<(Counts, bool)> {
    let mut command = cargo();
    command.args(options.arguments(metadata)).envs(options.environment()).envs(servers.environment.iter().cloned());
    // Without them the suite says what it skips.
    command.envs(HASHES.python(metadata).map(|python| ("TEST_HASHES_PYTHON", python)));
    command.envs(SINK.python(metadata).map(|python| ("TEST_SINK_PYTHON", python)));
    command.envs(redis::environment(metadata));
    let mut running = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let mut counts = Counts::default();
    if let Some(stdout) = running.child().stdout.take() {
        let mut stdout = BufReader::new(stdout);
        let mut line = Vec::new();
        while stdout.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            // Our own output may be closed; the tests go on all the same.
            let _ = std::io::stdout().write_all(&line);
            counts += Counts::from_line(&String::from_utf8_lossy(&line)).unwrap_or_default();
            line.clear();
        }
    }
    Ok((counts, running.wait()?.success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn options_become_cargo_arguments_and_environment() {
        let metadata = metadata::parse(
            r#"{"target_directory":"t","packages":[
                {"name":"integration-tests","targets":[{"kind":["lib"],"name":"x"},{"kind":["test"],"name":"contract"}]},
                {"name":"other","targets":[{"kind":["test"],"name":"elsewhere"}]}]}"#,
        )
        .unwrap();
        let all = "test --workspace --no-fail-fast";
        let suite = "test --workspace --no-fail-fast --test contract";
        for (args, arguments, environment) in [
            ("", all.to_owned(), vec![]),
            ("--full", all.to_owned(), vec![("SUITE_FULL", "1")]),
            ("--ci", all.to_owned(), vec![("SUITE_PAIRS", CI_PAIRS)]),
            ("totp", format!("{suite} -- totp"), vec![]),
            (
                "--target axum --target=poem --db sqlite x::y",
                format!("{suite} -- x::y"),
                vec![("SUITE_TARGETS", "axum,poem"), ("SUITE_DBS", "sqlite")],
            ),
            ("--db mariadb,postgres --db mariadb", suite.to_owned(), vec![("SUITE_DBS", "mariadb,postgres")]),
        ] {
            let options = Options::parse(&words(args)).unwrap();
            assert_eq!(options.arguments(&metadata), words(&arguments), "{args}");
            let expected: Vec<_> = environment.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
            assert_eq!(options.environment(), expected, "{args}");
        }
    }

    #[test]
    fn wrong_arguments_are_named() {
        for (args, part) in [
            ("--target rocket", "`rocket`"),
            ("--db", "--db is one of sqlite, postgres, mariadb"),
            ("--fast", "`--fast`"),
            ("one two", "`two`"),
        ] {
            let message = Options::parse(&words(args)).unwrap_err();
            assert!(message.contains(part), "{args}: {message}");
        }
    }

    #[test]
    fn only_servers_that_matter_are_started() {
        for (args, expected) in [
            ("", [true, true]),
            ("--db sqlite", [false, false]),
            ("--db postgres", [true, false]),
            ("--db mariadb --full", [false, true]),
        ] {
            let options = Options::parse(&words(args)).unwrap();
            assert_eq!([Kind::Postgres, Kind::Mariadb].map(|kind| options.wants(kind)), expected, "{args}");
        }
    }

    #[test]
    fn a_run_without_tests_or_with_a_broken_build_fails() {
        let counts = |passed, failed| Counts { passed, failed, skipped: 0 };
        for (counts, succeeded, valid, good) in [
            (counts(3, 0), true, true, true),
            (counts(3, 1), false, true, false),
            (counts(3, 0), false, true, false),
            (counts(0, 0), true, true, false),
            (counts(3, 0), true, false, false),
        ] {
            assert_eq!(verdict(counts, succeeded, &Options::default(), valid).is_ok(), good, "{counts}");
        }
    }
}
