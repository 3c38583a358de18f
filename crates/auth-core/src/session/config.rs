//! How long sessions live, and how many a user may have.

use std::time::Duration;

/// How long sessions live, and how many a user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session that is not used for so long ends.
    pub idle: Duration,
    /// A session ends so long after login whatever happens.
    pub absolute: Duration,
    /// How long a login counts as recent for sensitive actions.
    pub recent: Duration,
    /// How many sessions one user may have; the oldest ends when one more begins.
    pub per_user: u64,
}

impl Default for SessionLimits {
    /// Idle 7 days, absolute 30 days (NIST SP 800-63B, AAL1), recent 10 minutes, 100 for each user.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { idle: 7 * DAY, absolute: 30 * DAY, recent: Duration::from_secs(600), per_user: 100 }
    }
}
