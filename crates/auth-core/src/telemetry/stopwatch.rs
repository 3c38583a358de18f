//! How long something takes.

use std::time::Duration;

use tokio::time::Instant;

use super::facade::IS_MEASURED;

/// Measures how long something takes. Not the `Clock` of the app: that tells the date.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Option<Instant>);

impl Stopwatch {
    /// Starts. Reads no clock where nothing is measured.
    #[must_use]
    pub fn start() -> Self {
        Self::start_if(IS_MEASURED)
    }

    /// Starts, if somebody wants to know.
    #[must_use]
    pub fn start_if(wanted: bool) -> Self {
        Self((IS_MEASURED || wanted).then(Instant::now))
    }

    /// How long it has run; `None` where nobody wants to know.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.map(|began| began.elapsed())
    }
}
