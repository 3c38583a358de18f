//! How long the audit log keeps events.

use std::time::Duration;

/// The configuration of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// How long it keeps an event.
    pub retention: Duration,
}

impl Default for AuditConfig {
    /// 180 days.
    fn default() -> Self {
        Self { retention: Duration::from_secs(180 * 24 * 60 * 60) }
    }
}
