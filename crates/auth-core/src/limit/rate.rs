//! How often something may be done.

use std::time::Duration;

/// A number of attempts per time window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often, from the first time on, until the window is over.
    pub times: u32,
    /// How long the window is.
    pub per: Duration,
}

impl Rate {
    /// As often as anybody likes; not even counted.
    pub const UNLIMITED: Self = Self { times: u32::MAX, per: Duration::ZERO };

    /// So often in an hour.
    #[must_use]
    pub const fn per_hour(times: u32) -> Self {
        Self { times, per: Duration::from_secs(60 * 60) }
    }

    /// So often in a day.
    #[must_use]
    pub const fn per_day(times: u32) -> Self {
        Self { times, per: Duration::from_secs(24 * 60 * 60) }
    }

    pub(super) fn scaled(self, factor: u32) -> Self {
        Self { times: self.times.saturating_mul(factor), ..self }
    }
}
