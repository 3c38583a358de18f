//! The outbox: how fast mail leaves, what memory a long queue takes, and what requests feel of a mail server that
//! hangs.

mod delivery;
mod hanging;
mod memory;
mod queue;
mod sink;
pub(crate) mod worker;

use std::time::Duration;

pub(crate) use self::delivery::Delivery;
pub(crate) use self::hanging::Hanging;
pub(crate) use self::memory::Memory;
use self::queue::Kind;
pub(crate) use self::queue::clear;
pub(crate) use self::sink::{Manner, Sink};
use crate::Result;
use crate::database::Bench;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Mails whose delivery is timed, one for each of so many users.
    mails: usize,
    /// Mails in the long queue, and how long they are delivered.
    long_queue: usize,
    deliver: Duration,
    /// Rounds of requests, and how long one takes.
    rounds: usize,
    requests: Duration,
}

impl Pace {
    pub(crate) const QUICK: Self = Self {
        mails: 1_000,
        long_queue: 10_000,
        deliver: Duration::from_secs(3),
        rounds: 2,
        requests: Duration::from_secs(2),
    };
    pub(crate) const FULL: Self = Self {
        mails: 5_000,
        long_queue: 100_000,
        deliver: Duration::from_secs(10),
        rounds: 5,
        requests: Duration::from_secs(10),
    };
}

/// What was found out about the outbox in one database.
pub(crate) struct Finding {
    pub(crate) database: &'static str,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) memory: Memory,
    pub(crate) hanging: Hanging,
}

pub(crate) async fn measure(bench: &Bench, pace: Pace) -> Result<Finding> {
    let database = bench.name;
    eprintln!("outbox in {database}: orders");
    let orders = delivery::measure(bench, Kind::Order, pace.mails).await?;
    eprintln!("outbox in {database}: a long queue");
    let memory = memory::measure(bench, pace.long_queue, pace.deliver).await?;
    eprintln!("outbox in {database}: a mail server that hangs");
    let hanging = hanging::measure(bench, pace.rounds, pace.requests).await?;
    eprintln!("outbox in {database}: mails that are made");
    // The last, because each costs a user.
    let mails = delivery::measure(bench, Kind::Mail, pace.mails).await?;
    Ok(Finding { database, deliveries: vec![orders, mails], memory, hanging })
}
