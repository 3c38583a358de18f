//! Answers that are not problems.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::conditional::PublicDocument;
use crate::headers::secure;
use crate::problem::Problem;

/// The room for a body that most answers fit in, in bytes.
const USUAL_BODY: usize = 512;

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

    /// 202 with `null`, the same for every caller.
    pub(crate) fn accepted() -> Result<Self, Problem> {
        Self::json(StatusCode::ACCEPTED, &())
    }

    /// 200 with a JSON body.
    pub(crate) fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// A JSON body that is the same for everybody, unless the headers of the request say that the client has it.
    pub(crate) fn public(request: &HeaderMap, body: &impl Serialize) -> Result<Self, Problem> {
        let document = PublicDocument::new(serde_json::to_vec(body).map_err(auth_core::Error::internal)?);
        Ok(Self(document.answer(request.get_all(header::IF_NONE_MATCH).iter().map(HeaderValue::as_bytes))))
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

    /// A token in a header.
    pub(crate) fn token(mut self, name: HeaderName, token: &str) -> Result<Self, Problem> {
        let mut value = HeaderValue::from_str(token).map_err(auth_core::Error::internal)?;
        value.set_sensitive(true);
        self.0.headers_mut().insert(name, value);
        Ok(self)
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        self.0
    }
}
