//! The time that limits go by: that of the database, because they hold on all servers at once and the clocks of those differ.

use std::sync::atomic::{AtomicI64, Ordering};

use sea_orm::{DatabaseConnection, DbBackend};

use super::claim::millis;
use crate::clock::Clock;
use crate::db;

/// How often the clocks are compared, in milliseconds.
const EVERY: i64 = 60 * 1000;

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
        let is_due = now.abs_diff(last) >= EVERY.unsigned_abs();
        if !is_due || self.compared_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        match db::time(db).await {
            Ok(theirs) => {
                // Halfway between question and answer, and in the middle of the second.
                let own = now.midpoint(millis(clock.now()));
                let ahead = millis(theirs) + 500 - own;
                self.ahead.store(if ahead.abs() < NOTHING { 0 } else { ahead }, Ordering::Relaxed);
            }
            Err(cause) => tracing::debug!(%cause, "the clock of the database could not be read"),
        }
    }
}
