//! The only place that turns an error into a status and a body.

mod hasura;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Error, ErrorClass, ErrorCode, telemetry};
use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::headers::secure;

/// What `Connection` says before the server closes it (RFC 9112, section 9.6).
pub(crate) const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// How long a client waits before it comes back to an overloaded server, in seconds.
const RETRY_AFTER_SECONDS: u32 = 2;

/// A field that does not validate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldProblem {
    /// The kind of mistake, stable.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where it is: `body`, `query` or `path`, then the field.
    pub loc: Vec<String>,
    /// What to do about it.
    pub msg: String,
}

impl FieldProblem {
    /// A mistake in one field of the body or the query, or in a parameter of the path.
    pub fn new(kind: &'static str, place: &str, field: &str, msg: impl Into<String>) -> Self {
        Self { kind, loc: vec![place.to_owned(), field.to_owned()], msg: msg.into() }
    }
}

/// How a group of routes writes its problems down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `{"detail": …}`, with a code.
    #[default]
    Detail,
    /// That of hasura-backend-plus: `{"statusCode": …, "error": …, "message": …}`.
    Hasura,
}

/// A request that failed, on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    code: ErrorCode,
    shape: Shape,
    reason: Option<String>,
    fields: Vec<FieldProblem>,
    extra: Option<Value>,
    allow: Option<String>,
    challenge: bool,
    closes: bool,
    retry_after: Option<NonZeroU32>,
    /// What the client is not told, for the log.
    cause: Option<Arc<Error>>,
}

impl Problem {
    /// A problem that its code says all about.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            shape: Shape::Detail,
            reason: None,
            fields: Vec::new(),
            extra: None,
            allow: None,
            challenge: false,
            closes: false,
            retry_after: None,
            cause: None,
        }
    }

    /// Fields that do not validate.
    #[must_use]
    pub fn validation(fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..Self::new(ErrorCode::Validation) }
    }

    /// An error of what the path names: an invalid value is there, and not in the body.
    pub(crate) fn of_path(error: Error) -> Self {
        match error {
            Error::Invalid { field, kind, message } => {
                Self::validation(vec![FieldProblem::new(kind, "path", field, message)])
            }
            error => error.into(),
        }
    }

    /// A body that is not what its type says.
    pub(crate) fn malformed(msg: impl Into<String>) -> Self {
        Self::validation(vec![FieldProblem { kind: "json_invalid", loc: vec!["body".to_owned()], msg: msg.into() }])
    }

    /// A method that a path does not have; `allow` lists those that it does.
    #[must_use]
    pub fn method_not_allowed(allow: &str) -> Self {
        Self { allow: Some(allow.to_owned()), ..Self::new(ErrorCode::MethodNotAllowed) }
    }

    /// A request without a valid token; `challenge` asks for a bearer token (RFC 6750, section 3).
    #[must_use]
    pub fn unauthorized(challenge: bool) -> Self {
        Self { challenge, ..Self::new(ErrorCode::Unauthorized) }
    }

    /// Asks for a bearer token, if that would help.
    #[must_use]
    pub(crate) fn with_challenge(self, takes_bearer: bool) -> Self {
        Self { challenge: takes_bearer && self.status() == StatusCode::UNAUTHORIZED, ..self }
    }

    /// The same as a group writes it down.
    #[must_use]
    pub(crate) fn shaped(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    /// Announces that the connection ends.
    #[must_use]
    pub(crate) fn closing(self) -> Self {
        Self { closes: true, ..self }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// The status that goes with the code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.shape {
            Shape::Detail => status(self.code),
            Shape::Hasura => hasura::status(self.code, status(self.code)),
        }
    }

    /// Why, in words for a person, where a policy or a hook refused.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The fields that do not validate.
    #[must_use]
    pub fn fields(&self) -> &[FieldProblem] {
        &self.fields
    }

    /// What a program needs in order to go on, such as the `scopes` that are missing.
    #[must_use]
    pub fn extra(&self) -> Option<&Value> {
        self.extra.as_ref()
    }

    /// How many seconds to wait before the next attempt, where waiting helps.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self.retry_after {
            Some(seconds) => Some(seconds.get()),
            None => (self.code == ErrorCode::Overloaded).then_some(RETRY_AFTER_SECONDS),
        }
    }

    /// The whole answer. Logs the cause of what the client is told nothing about.
    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        self.log();
        let (status, retry_after) = (self.status(), self.retry_after());
        let body = match self.shape {
            Shape::Detail => self.detail(),
            Shape::Hasura => hasura::body(status, &self.message()),
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        secure(headers);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.closes {
            headers.insert(CONNECTION, CLOSE);
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self.allow.and_then(|allow| HeaderValue::try_from(allow).ok()) {
            headers.insert(ALLOW, allow);
        }
        response
    }

    /// The body, in the shape that most groups have.
    fn detail(&self) -> Value {
        let code = self.code.as_str();
        let detail = match (self.code, &self.reason) {
            (ErrorCode::Validation, _) => json!(self.fields),
            (_, Some(reason)) => json!({ "code": code, "reason": reason }),
            (_, None) => Value::from(code),
        };
        match &self.extra {
            Some(extra) => json!({ "detail": detail, "extra": extra }),
            None => json!({ "detail": detail }),
        }
    }

    /// What happened, in words for a person.
    fn message(&self) -> String {
        match (self.fields.first(), &self.reason) {
            (Some(FieldProblem { kind, loc, msg }), _) => {
                hasura::invalid(kind, loc.get(1).and(loc.last()).map(String::as_str), msg)
            }
            (None, Some(reason)) => reason.clone(),
            (None, None) => hasura::message(self.code).to_owned(),
        }
    }

    fn log(&self) {
        match self.cause.as_deref() {
            Some(Error::Store(cause)) if self.code == ErrorCode::Overloaded => {
                telemetry::database_unavailable();
                tracing::warn!(%cause, "the database is unavailable");
            }
            Some(Error::Store(cause)) => tracing::error!(%cause, "the database refused a statement"),
            Some(Error::Internal(cause)) => tracing::error!(%cause, "internal error"),
            Some(cause) => tracing::error!(%cause, "an error of a kind that this version does not know"),
            None => {}
        }
    }
}

/// Two problems are the same when clients cannot tell their answers apart.
impl PartialEq for Problem {
    fn eq(&self, other: &Self) -> bool {
        let Self { code, shape, reason, fields, extra, allow, challenge, closes, retry_after, cause: _ } = self;
        *code == other.code
            && *shape == other.shape
            && *reason == other.reason
            && *fields == other.fields
            && *extra == other.extra
            && *allow == other.allow
            && *challenge == other.challenge
            && *closes == other.closes
            && *retry_after == other.retry_after
    }
}

impl From<ErrorCode> for Problem {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Self::new(error.code());
        match error {
            Error::Refused { details: Some(details), .. } => {
                let retry_after = details.retry_after.and_then(whole_seconds);
                Self { reason: details.reason, extra: details.extra, retry_after, ..problem }
            }
            Error::Refused { details: None, .. } => problem,
            Error::Invalid { field, kind, message } => {
                Self::validation(vec![FieldProblem::new(kind, "body", field, message)])
            }
            cause => Self { cause: Some(Arc::new(cause)), ..problem },
        }
    }
}

/// Never too early: a second that has begun counts.
fn whole_seconds(wait: Duration) -> Option<NonZeroU32> {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    NonZeroU32::new(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// The one table of statuses.
fn status(code: ErrorCode) -> StatusCode {
    match code.class() {
        ErrorClass::Invalid => StatusCode::BAD_REQUEST,
        ErrorClass::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorClass::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorClass::Forbidden => StatusCode::FORBIDDEN,
        ErrorClass::NotFound => StatusCode::NOT_FOUND,
        ErrorClass::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorClass::Conflict => StatusCode::CONFLICT,
        ErrorClass::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorClass::Timeout => StatusCode::REQUEST_TIMEOUT,
        ErrorClass::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorClass::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorClass::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorClass::NotImplemented => StatusCode::NOT_IMPLEMENTED,
        ErrorClass::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorClass::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_of_token_pairs_is_that_of_their_clients() {
        let field = |kind, field| Problem::validation(vec![FieldProblem::new(kind, "body", field, "Shorten it")]);
        let cases = [
            (field("missing", "password"), 400, "Bad Request", "\"password\" is required"),
            (field("email_invalid", "email"), 400, "Bad Request", "\"email\" must be a valid email"),
            (field("string_too_long", "email"), 400, "Bad Request", "\"email\": Shorten it"),
            (Problem::malformed("no JSON"), 400, "Bad Request", "no JSON"),
            (ErrorCode::LoginBadCredentials.into(), 401, "Unauthorized", "Username and password do not match"),
            (ErrorCode::RateLimited.into(), 429, "Too Many Requests", "You are being rate limited."),
            (ErrorCode::NoPublicKeys.into(), 501, "Not Implemented", "JWKS is not implemented on this server."),
            (ErrorCode::RefusedByApp.because("not today").into(), 403, "Forbidden", "not today"),
        ];
        for (problem, status, error, message) in cases {
            let problem = problem.shaped(Shape::Hasura);
            assert_eq!(problem.status().as_u16(), status);
            let answer = problem.into_response();
            assert_eq!(answer.status().as_u16(), status);
            let body: Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!(body, json!({ "statusCode": status, "error": error, "message": message }));
        }
    }
}
