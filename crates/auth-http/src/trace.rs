//! What is told of a request: its span, which `docs/logging.md` promises, and its metrics.

use auth_core::telemetry::{self, Outcome, Stopwatch};
use auth_core::{Auth, ErrorCode};
use http::StatusCode;
use tracing::Span;
use tracing::field::Empty;

use crate::endpoint::Endpoint;

/// The span of one request, and when it began.
pub(crate) struct Trace<'a> {
    auth: &'a Auth,
    endpoint: &'a Endpoint,
    span: Span,
    watch: Stopwatch,
    outcome: Outcome,
}

impl<'a> Trace<'a> {
    /// Begins the span. Where nobody subscribes to it and nothing is measured, that costs the look at one flag, and no clock
    /// is read.
    pub(crate) fn begin(auth: &'a Auth, endpoint: &'a Endpoint) -> Self {
        let route = &*endpoint.id;
        let span = tracing::info_span!(target: "auth::request", "request", route, status = Empty, duration_us = Empty);
        let watch = Stopwatch::start_if(!span.is_disabled());
        Self { auth, endpoint, span, watch, outcome: Outcome::Abandoned }
    }

    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Completes the span with the answer's status, and the code if it is a problem.
    pub(crate) fn end(mut self, status: StatusCode, code: Option<ErrorCode>) {
        self.outcome = code.map_or(Outcome::Ok, Outcome::Failed);
        if let Some(took) = self.watch.elapsed().filter(|_| !self.span.is_disabled()) {
            let duration = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            self.span.record("status", status.as_u16()).record("duration_us", duration);
        }
    }
}

impl Drop for Trace<'_> {
    /// Also when the client hangs up.
    fn drop(&mut self) {
        if !telemetry::IS_MEASURED {
            return;
        }
        let name = self.endpoint.backend();
        let backend = self.auth.backends().iter().find(|backend| name == Some(&backend.name));
        telemetry::request(self.endpoint.action(), backend, self.outcome, &self.watch);
    }
}
