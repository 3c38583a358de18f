//! Between actix-web's types, which are of http 0.2, and those of the wire.

use std::fmt;
use std::net::IpAddr;

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use auth_core::{Auth, Error};
use auth_http::Problem;
use auth_http::cookie::{Due, PRIVATE};
use bytes::Bytes;
use http::Version;
use http::request::Parts;

/// A refusal in the library's own shape, as an actix-web error. The extractors fail with it, and a handler that returns
/// it can use `?` on what the library's methods return.
///
/// ```no_run
/// use actix_web::web;
/// use auth_actix::auth_core::Auth;
/// use auth_actix::{CurrentUser, Refusal};
///
/// async fn count_sessions(auth: web::Data<Auth>, CurrentUser(user): CurrentUser) -> Result<String, Refusal> {
///     Ok(auth.sessions().list_all(&user).await?.len().to_string())
/// }
/// # let _ = actix_web::App::new().route("/", web::get().to(count_sessions));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub Problem);

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code().as_str())
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        status(self.0.status())
    }

    fn error_response(&self) -> HttpResponse {
        response(self.0.clone().into_response())
    }
}

/// An answer of the wire as actix-web's.
///
/// ```no_run
/// use actix_web::{HttpResponse, web};
/// use auth_actix::auth_core::ErrorCode;
/// use auth_actix::{Problem, response};
///
/// async fn not_found() -> HttpResponse {
///     response(Problem::new(ErrorCode::NotFound).into_response())
/// }
/// # let _ = actix_web::App::new().default_service(web::to(not_found));
/// ```
pub fn response(answer: http::Response<Bytes>) -> HttpResponse {
    let (parts, body) = answer.into_parts();
    let mut response = HttpResponse::with_body(status(parts.status), BoxBody::new(body));
    // actix-web says so by itself, and on HTTP/1.1 only.
    if parts.headers.contains_key(http::header::CONNECTION) {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    for (name, value) in &parts.headers {
        // What is valid in one version of the crate is valid in the other.
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The head of a request. A header that cannot be carried over fails it, because the check of its origin may rest on
/// it.
pub(crate) fn head(request: &HttpRequest) -> Result<Parts, Problem> {
    let version = if request.version() < actix_web::http::Version::HTTP_2 { Version::HTTP_11 } else { Version::HTTP_2 };
    let builder = http::Request::builder().version(version).method(request.method().as_str());
    let mut builder = builder.uri(request.uri().to_string());
    for (name, value) in request.headers() {
        builder = builder.header(name.as_str(), value.as_bytes());
    }
    let (parts, ()) = builder.body(()).map_err(Error::internal)?.into_parts();
    Ok(parts)
}

/// Prolongs a cookie with an answer.
pub(crate) async fn prolong(headers: &mut HeaderMap, due: Due, auth: &Auth) {
    let values = |name| headers.get_all(name).map(HeaderValue::as_bytes);
    let Some(prolonged) = due.settle(auth, values(SET_COOKIE), values(CACHE_CONTROL)).await else { return };
    let value = |value: &http::HeaderValue| HeaderValue::from_bytes(value.as_bytes());
    if let (true, Ok(private)) = (prolonged.makes_private, value(&PRIVATE)) {
        headers.insert(CACHE_CONTROL, private);
    }
    if let Ok(cookie) = value(&prolonged.cookie) {
        headers.append(SET_COOKIE, cookie);
    }
}

/// The refusal of a request, whose body nobody reads.
pub(crate) async fn refuse(problem: Problem, request: &HttpRequest, payload: Payload) -> Refusal {
    Refusal(match head(request) {
        Ok(parts) => auth_http::body::leave(problem, parts.version, &parts.headers, payload).await,
        Err(problem) => problem,
    })
}

/// The other end of the connection.
pub(crate) fn peer(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip())
}
