//! What the library measures: numbers for the recorder that the app has installed, by the
//! [`metrics`](https://docs.rs/metrics) facade, with the cargo feature `metrics`. Without the feature nothing is measured,
//! and without a recorder nothing is kept.
//!
//! [`METRICS`] has every metric, and `docs/metrics.md` says what to alert on. A function of this module is the only way to
//! measure something, and takes names of the code as its labels: the number of time series is bounded, whatever clients send.

mod facade;
mod stopwatch;
mod table;

use std::time::Duration;

use time::OffsetDateTime;

pub use facade::IS_MEASURED;
#[cfg(feature = "metrics")]
pub use facade::describe;
use facade::{Value, add, count, observe, set};
pub use stopwatch::Stopwatch;
pub use table::{METRICS, Metric, MetricKind};

use crate::backend::BuiltBackend;
use crate::error::{ErrorClass, ErrorCode};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered as it should be.
    Ok,
    /// It was answered with this code.
    Failed(ErrorCode),
    /// The client hung up before it was answered.
    Abandoned,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(code) => code.as_str(),
            Self::Abandoned => "abandoned",
        }
    }

    /// Whose fault it was; `None` for a request without an answer.
    fn result(self) -> Option<&'static str> {
        match self {
            Self::Ok => Some("ok"),
            Self::Failed(code) => match code.class() {
                ErrorClass::Internal | ErrorClass::Unavailable => Some("failed"),
                _ => Some("refused"),
            },
            Self::Abandoned => None,
        }
    }
}

/// Counts a request. For the wire: `route` is the id of a route without its backend.
#[doc(hidden)]
pub fn request(route: &'static str, backend: Option<&BuiltBackend>, outcome: Outcome, watch: &Stopwatch) {
    let route = Value::Name(route);
    count(&table::REQUESTS, [route, Value::Backend(backend), Value::Name(outcome.name())]);
    if let (Some(result), Some(took)) = (outcome.result(), watch.elapsed()) {
        observe(&table::REQUEST_DURATION, [route, Value::Name(result)], took.as_secs_f64());
    }
}

/// Counts a request that failed because the database was unavailable.
#[doc(hidden)]
pub fn database_unavailable() {
    count(&table::DATABASE_UNAVAILABLE, []);
}

/// Counts an event that is committed, by its name.
pub(crate) fn event(name: &'static str) {
    count(&table::EVENTS, [Value::Name(name)]);
}

/// Counts a refused login, by the name of the reason.
pub(crate) fn login_failed(reason: &'static str) {
    count(&table::LOGIN_FAILURES, [Value::Name(reason)]);
}

/// Counts what a limit refused.
pub(crate) fn limit_refused(limit: &'static str) {
    count(&table::LIMIT_REFUSALS, [Value::Name(limit)]);
}

/// Counts a session that was looked up where sessions are remembered.
pub(crate) fn session_looked_up(was_remembered: bool) {
    count(&table::SESSION_CACHE, [Value::Name(if was_remembered { "hit" } else { "miss" })]);
}

/// Counts a reading of the list of changes.
pub(crate) fn changes_read(succeeded: bool) {
    count(&table::CHANGE_READINGS, [Value::Name(if succeeded { "ok" } else { "failed" })]);
}

/// Says how old what is known of changes is.
pub(crate) fn change_age(age: Duration) {
    set(&table::CHANGE_AGE, age.as_secs_f64());
}

/// Says what is in the outbox.
#[allow(clippy::cast_precision_loss, reason = "no outbox has that many rows")]
pub(crate) fn outbox(waiting: u64, failed: u64, oldest: Option<OffsetDateTime>, now: OffsetDateTime) {
    set(&table::OUTBOX_WAITING, waiting as f64);
    set(&table::OUTBOX_FAILED, failed as f64);
    set(&table::OUTBOX_AGE, oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0)));
}

/// What became of an attempt to send a mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    Sent,
    Postponed,
    GivenUp,
}

/// Counts an attempt to send a mail of a declared kind.
pub(crate) fn mail(kind: &'static str, attempt: Attempt) {
    let result = match attempt {
        Attempt::Sent => "sent",
        Attempt::Postponed => "postponed",
        Attempt::GivenUp => "given_up",
    };
    count(&table::MAILS, [Value::Name(kind), Value::Name(result)]);
}

/// Counts a job that was given up, by the declared kind of mail that it would have led to.
pub(crate) fn job_given_up(kind: &'static str) {
    count(&table::JOBS_GIVEN_UP, [Value::Name(kind)]);
}

/// Counts a caller that the hasher turned away.
pub(crate) fn hash_refused() {
    count(&table::HASHES_REFUSED, []);
}

/// Says how long a caller has waited for a turn to hash.
pub(crate) fn hash_waited(watch: &Stopwatch) {
    watch.elapsed().into_iter().for_each(|waited| observe(&table::HASH_WAIT, [], waited.as_secs_f64()));
}

/// Says how long a hash took.
pub(crate) fn hash_took(watch: &Stopwatch) {
    watch.elapsed().into_iter().for_each(|took| observe(&table::HASH_DURATION, [], took.as_secs_f64()));
}

/// Something that goes on: counted from its beginning until it is dropped.
#[derive(Debug)]
pub(crate) struct Ongoing(&'static Metric);

impl Ongoing {
    /// A caller that waits for a turn to hash.
    pub(crate) fn hash_waits() -> Self {
        Self::begin(&table::HASHES_WAITING)
    }

    /// A hash that is computed.
    pub(crate) fn hash_runs() -> Self {
        Self::begin(&table::HASHES_RUNNING)
    }

    fn begin(metric: &'static Metric) -> Self {
        add(metric, 1.0);
        Self(metric)
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        add(self.0, -1.0);
    }
}
