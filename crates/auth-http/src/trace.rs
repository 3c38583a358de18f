//! The span of a request: what `docs/logging.md` promises.

use http::StatusCode;
use tracing::Span;
use tracing::field::Empty;

/// The span of one request, and when it began.
pub(crate) struct Trace {
    span: Span,
    began: Option<tokio::time::Instant>,
}

impl Trace {
    /// Begins the span. Where nobody subscribes to it, that costs the look at one flag, and no clock is read.
    pub(crate) fn begin(route: &str) -> Self {
        let span = tracing::info_span!(target: "auth::request", "request", route, status = Empty, duration_us = Empty);
        // Not the `Clock` of the app: that tells the date, and this is a measurement that only logs see.
        let began = (!span.is_disabled()).then(tokio::time::Instant::now);
        Self { span, began }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Completes the span with the answer's status.
    pub(crate) fn end(self, status: StatusCode) {
        if let Some(began) = self.began {
            let duration = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.span.record("status", status.as_u16()).record("duration_us", duration);
        }
    }
}
