//! Two servers of the example apps behind a balancer, with users who never pause and a fault every few seconds: at the end
//! everything that was acknowledged must be there, and nothing that was revoked.
//!
//! `cargo xtask soak` starts the database and runs it.
#![allow(clippy::expect_used, clippy::panic, reason = "what the program itself needs must work")]
#![allow(clippy::print_stdout, reason = "a command line tool talks on standard output")]

mod action;
mod balancer;
mod check;
mod client;
mod cluster;
mod fault;
mod flood;
mod instance;
mod journal;
mod ledger;
mod mail;
mod secrets;
mod user;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use auth_testkit::SeededRandom;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::journal::Journal;
use crate::user::User;

/// How many users there are.
const USERS: usize = 120;

/// What is left of the time for users once the last fault has begun.
const LAST: Duration = Duration::from_secs(5);

/// What the program is told.
struct Orders {
    seconds: u64,
    seed: u64,
    postgres: String,
    redis: Option<String>,
}

impl Orders {
    #[allow(clippy::disallowed_methods, reason = "the one place where the program reads the environment")]
    fn read() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let number =
            |name: &str| variable(name).map(|text| text.parse().map_err(|_| format!("{name}: {text:?}"))).transpose();
        Ok(Self {
            seconds: number("SOAK_SECONDS")?.unwrap_or(60),
            seed: number("SOAK_SEED")?.unwrap_or_else(|| u64::from(std::process::id())),
            postgres: variable("TEST_POSTGRES_URL").ok_or("run it by `cargo xtask soak`")?,
            redis: variable("TEST_REDIS_SERVER"),
        })
    }
}

fn main() -> ExitCode {
    let orders = match Orders::read() {
        Ok(orders) => orders,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(soak(&orders))
}

async fn soak(orders: &Orders) -> ExitCode {
    let (seconds, seed) = (orders.seconds, orders.seed);
    println!("{seconds} seconds with SOAK_SEED={seed}");
    let random = SeededRandom::new(seed);
    let journal = Arc::new(Journal::default());
    let cluster = Cluster::start(&orders.postgres, orders.redis.as_deref(), &journal, random.below(3)).await;
    let end = Instant::now() + Duration::from_secs(seconds);
    let users: Vec<_> = (0..USERS).map(|number| User::new(number, random.below(u64::MAX), &cluster)).collect();
    let running: Vec<_> = users.into_iter().map(|user| tokio::spawn(user.live(end))).collect();
    fault::visit(&cluster, &random, end - LAST.min(Duration::from_secs(seconds / 4))).await;
    let mut phase = Instant::now();
    let mut took = |what: &str| {
        journal.note(format!("{what} took {:.1} s", phase.elapsed().as_secs_f64()));
        phase = Instant::now();
    };
    let mut users = Vec::new();
    for user in running {
        users.push(user.await.expect("a user does not panic"));
    }
    took("the end of the work");
    flood::run(&cluster).await;
    took("the flood");
    check::everything(&cluster, users).await;
    took("the checks");
    cluster.end().await;
    journal.print();
    if journal.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
