//! Time as an argument.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

/// The longest time that a setting may ask for: browsers keep no cookie longer (RFC 6265bis), and anything beyond it is a
/// mistake in the unit.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Tells the time. Tests bring one that they can move.
pub trait Clock: Send + Sync + 'static {
    /// The present moment in UTC.
    fn now(&self) -> OffsetDateTime;

    /// How long ago some moment is, always the same one: a time that is never set back, for what must not depend on the calendar.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn uptime(&self) -> Duration {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }

    /// Whether it is the clock of a machine, from which those of other servers may differ. What has to hold on all of them at once
    /// goes by the clock of the database then.
    fn is_of_machine(&self) -> bool {
        false
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn is_of_machine(&self) -> bool {
        true
    }
}

/// Cuts to milliseconds, the precision of every stored time, so that a value equals itself after a round trip.
pub(crate) fn milliseconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000).unwrap_or(at)
}

/// The moment that is so long ago, or the beginning of the calendar that stored times are counted in.
pub(crate) fn before(now: OffsetDateTime, age: Duration) -> OffsetDateTime {
    now.checked_sub(age.try_into().unwrap_or_default()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
