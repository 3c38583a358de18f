//! The time that limits go by: that of the database, because they hold on all servers at once and the clocks of those differ.

use std::sync::atomic::{AtomicI64, Ordering};

use sea_orm::{DatabaseConnection, DbBackend};

use super::claim::millis;
use crate::clock::Clock;
use crate::db;

/// How often the clocks are compared, in milliseconds.
const EVERY: u64 = 60 * 1000;

/// A difference that is worth nothing, in milliseconds: the database says its time to the second.
const NOTHING: i64 = 2 * 1000;

/// How far the clock of the database is ahead of that of this server, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct SharedClock {
    ahead: AtomicI64,
    compared_at: AtomicI64,
}

impl SharedClock {
    /// The present moment, as far as it was compared before.
    pub(super) fn now(&self, clock: &dyn Clock) -> i64 {
        millis(clock.now()) + self.ahead.load(Ordering::Relaxed)
    }

    /// Compares the clocks if that is due. One caller does; others go on with what is known. Not within a transaction, which may
    /// have the only connection.
    pub(super) async fn compare(&self, db: &DatabaseConnection, clock: &dyn Clock) {
        // Those who share a file share the machine.
        if !clock.is_of_machine() || db.get_database_backend() == DbBackend::Sqlite {
            return;
        }
        let (now, last) = (millis(clock.now()), self.compared_at.load(Ordering::Relaxed));
        if !is_due(now, last)
            || self.compared_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        match db::time(db).await {
            Ok(theirs) => {
                let own = now.midpoint(millis(clock.now()));
                self.ahead.store(ahead(millis(theirs), own), Ordering::Relaxed);
            }
            Err(cause) => tracing::debug!(%cause, "the clock of the database could not be read"),
        }
    }
}

/// Whether the clocks were compared long ago, or by a clock that was set since.
fn is_due(now: i64, last: i64) -> bool {
    now.abs_diff(last) >= EVERY
}

/// How far the clock of the database is ahead when it says a second, halfway between question and answer by the own clock.
fn ahead(second: i64, own: i64) -> i64 {
    // In the middle of the second.
    let ahead = second + 500 - own;
    if ahead.abs() < NOTHING { 0 } else { ahead }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_compared_once_a_minute() {
        let now = 1_796_000_000_000;
        for (last, due) in [(now, false), (now - 59_999, false), (now - 60_000, true), (now + 59_999, false)] {
            assert_eq!(is_due(now, last), due, "{last}");
        }
        assert!(is_due(now, now + 60_000), "the clock was set back");
        assert!(is_due(now, 0), "they never were");
    }

    #[test]
    fn what_a_clock_to_the_second_cannot_tell_is_no_difference() {
        let second = 1_796_000_000_000;
        for (own, expected) in [
            (second, 0),
            (second + 500, 0),
            (second + 2_499, 0),
            (second + 2_500, -2_000),
            (second - 1_499, 0),
            (second - 1_500, 2_000),
            (second - 3_600_000, 3_600_500),
        ] {
            assert_eq!(ahead(second, own), expected, "{}", own - second);
        }
    }
}
