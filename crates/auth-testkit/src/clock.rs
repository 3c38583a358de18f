//! A clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use auth_core::Clock;
use time::OffsetDateTime;

/// 2026-01-15T12:00:00Z, in seconds since the Unix epoch.
const START: i64 = 1_768_478_400;

/// A clock that tests move. Clones show the same time.
#[derive(Clone, Debug)]
pub struct MockClock(Arc<AtomicI64>);

impl Default for MockClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(START * 1000)))
    }
}

impl MockClock {
    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(milliseconds(by), Ordering::SeqCst);
    }

    /// Sets the clock back, as an administrator might.
    pub fn set_back(&self, by: Duration) {
        self.0.fetch_sub(milliseconds(by), Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> OffsetDateTime {
        let milliseconds = self.0.load(Ordering::SeqCst);
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_for_every_clone() {
        let clock = MockClock::default();
        let (other, start) = (clock.clone(), clock.now());
        clock.advance(Duration::from_millis(1500));
        assert_eq!(other.now() - start, time::Duration::milliseconds(1500));
        other.set_back(Duration::from_secs(2));
        assert_eq!(clock.now() - start, time::Duration::milliseconds(-500));
    }
}
