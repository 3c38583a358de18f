//! The contract suite. `cargo xtask test` starts the database servers and runs it; by itself it runs on SQLite.

use std::process::ExitCode;

use integration_tests::{Environment, victim};
use libtest_mimic::Arguments;

#[allow(clippy::disallowed_methods, reason = "the one place where the suite reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn list(name: &str) -> Vec<String> {
    variable(name).map(|text| text.split(',').map(|name| name.trim().to_owned()).collect()).unwrap_or_default()
}

fn main() -> ExitCode {
    if let Some(orders) = variable(victim::VARIABLE) {
        return victim::serve(&orders);
    }
    integration_tests::logs::init(variable("RUST_LOG").as_deref());
    integration_tests::metrics::init();
    let environment = Environment {
        postgres: variable("TEST_POSTGRES_URL"),
        mariadb: variable("TEST_MARIADB_URL"),
        python: variable("TEST_HASHES_PYTHON"),
        sink_python: variable("TEST_SINK_PYTHON"),
        redis: variable("TEST_REDIS_SERVER"),
        valkey: variable("TEST_VALKEY_SERVER"),
        targets: list("SUITE_TARGETS"),
        databases: list("SUITE_DBS"),
        full: variable("SUITE_FULL").is_some(),
        pairs: list("SUITE_PAIRS"),
    };
    integration_tests::run(&environment, Arguments::from_args())
}
