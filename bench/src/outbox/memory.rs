//! What memory a long queue takes: it should stay in the database.

use std::time::Duration;

use super::queue::{self, Kind};
use super::sink::{Manner, Sink};
use super::worker;
use crate::Result;
use crate::database::Bench;

/// What was measured, in MiB.
pub(crate) struct Memory {
    pub(crate) queued: usize,
    pub(crate) delivered: usize,
    /// What the process held before its workers began.
    pub(crate) before: f64,
    /// How much more it held at the most.
    pub(crate) growth: f64,
}

/// Delivers for a while from an outbox that holds `queued` mails.
pub(super) async fn measure(bench: &Bench, queued: usize, deliver: Duration) -> Result<Memory> {
    queue::clear(&bench.db).await?;
    queue::fill(bench, Kind::Order, queued).await?;
    let sink = Sink::start(Manner::Healthy)?;
    let mut process = worker::start(&bench.url, &sink.url())?;
    let before = process.memory().map_or(f64::NAN, |(now, _)| now);
    worker::begin(&mut process)?;
    tokio::time::sleep(deliver).await;
    // The peak may be that of the start, which makes the growth greater than it was.
    let peak = process.memory().map_or(f64::NAN, |(_, peak)| peak);
    Ok(Memory { queued, delivered: sink.accepted(), before, growth: peak - before })
}
