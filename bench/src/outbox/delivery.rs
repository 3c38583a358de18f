//! How fast what waits is delivered.

use std::time::{Duration, Instant};

use super::queue::{self, Kind};
use super::sink::{Manner, Sink};
use super::worker;
use crate::database::Bench;
use crate::{Result, config};

/// What was measured of one kind.
pub(crate) struct Delivery {
    pub(crate) kind: Kind,
    pub(crate) mails: usize,
    pub(crate) filled_per_second: f64,
    pub(crate) per_second: f64,
    pub(crate) connections: usize,
    /// Processor time of the worker for one mail, in milliseconds.
    pub(crate) cpu: f64,
}

/// Delivers `mails` from an outbox that holds nothing else.
pub(super) async fn measure(bench: &Bench, kind: Kind, mails: usize) -> Result<Delivery> {
    queue::clear(&bench.db).await?;
    let filled_per_second = queue::fill(bench, kind, mails).await?;
    let mut sink = Sink::start(Manner::Healthy)?;
    let mut process = worker::start(&bench.url, &sink.url())?;
    let before = process.cpu_seconds();
    let begin = Instant::now();
    worker::begin(&mut process)?;
    sink.has_accepted(mails).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let after = process.cpu_seconds();
    nothing_is_left(bench).await?;
    if sink.accepted() != mails {
        return Err(format!("{} mails were sent instead of {mails}", sink.accepted()).into());
    }
    let cpu = after.zip(before).map_or(f64::NAN, |(after, before)| after - before);
    Ok(Delivery {
        kind,
        mails,
        filled_per_second,
        per_second: mails as f64 / seconds,
        connections: sink.connections(),
        cpu: cpu / mails as f64 * 1e3,
    })
}

/// Each mail left once: none waits, and none was given up.
async fn nothing_is_left(bench: &Bench) -> Result {
    const PATIENCE: Duration = Duration::from_secs(10);
    let auth = config::auth(bench.db.clone(), None)?;
    let begin = Instant::now();
    loop {
        let state = auth.mail().state().await?;
        if state.waiting == 0 && state.failed == 0 {
            return Ok(());
        }
        if begin.elapsed() > PATIENCE {
            return Err(format!("mails are left in the outbox: {state:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
