//! Answers that are not problems, and the headers of every answer.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::Problem;

/// Headers that every answer carries. A map is copied in a fraction of the time that it takes to build one.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::VARY, "Cookie, Authorization, Origin"),
    ];
    headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
});

/// The room for a body that most answers fit in, in bytes.
const USUAL_BODY: usize = 512;

/// Begins the headers of an answer with those of every answer. Answers belong to one caller, are data and not pages,
/// and say nothing to other sites.
pub(crate) fn secure(headers: &mut HeaderMap) {
    headers.clone_from(&HEADERS);
}

/// An answer under construction.
#[derive(Debug)]
pub(crate) struct Reply(Response<Bytes>);

impl Reply {
    fn new(status: StatusCode, body: Bytes) -> Self {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        secure(response.headers_mut());
        Self(response)
    }

    /// 204 without a body.
    pub(crate) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, Bytes::new())
    }

    /// A JSON body.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        let mut bytes = Vec::with_capacity(USUAL_BODY);
        serde_json::to_writer(&mut bytes, body).map_err(auth_core::Error::internal)?;
        let mut reply = Self::new(status, bytes.into());
        reply.0.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(reply)
    }

    /// 202 that says nothing, the same to everybody.
    pub(crate) fn accepted() -> Result<Self, Problem> {
        Self::json(StatusCode::ACCEPTED, &())
    }

    /// 200 with a JSON body.
    pub(crate) fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// One more cookie.
    #[must_use]
    pub(crate) fn cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        if let Some(cookie) = cookie {
            self.0.headers_mut().append(header::SET_COOKIE, cookie);
        }
        self
    }

    /// One more header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers_mut().insert(name, HeaderValue::from_static(value));
        self
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        self.0
    }
}
