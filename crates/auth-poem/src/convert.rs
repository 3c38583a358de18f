//! Between poem's types and those of the wire.

use std::fmt;
use std::net::IpAddr;

use auth_http::Problem;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use poem::error::ResponseError;
use poem::http::StatusCode;
use poem::{Body, Request, RequestParts, Response};

/// A refusal in the library's own shape, as a poem error. The extractors fail with it, and a handler that returns it
/// can use `?` on what the library's methods return.
///
/// ```no_run
/// use auth_poem::auth_core::Auth;
/// use auth_poem::{CurrentUser, Refusal};
/// use poem::handler;
/// use poem::web::Data;
///
/// #[handler]
/// async fn count_sessions(Data(auth): Data<&Auth>, CurrentUser(user): CurrentUser) -> Result<String, Refusal> {
///     Ok(auth.sessions().list_all(&user).await?.len().to_string())
/// }
/// # let _ = poem::Route::new().at("/", poem::get(count_sessions));
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

impl std::error::Error for Refusal {}

impl ResponseError for Refusal {
    fn status(&self) -> StatusCode {
        self.0.status()
    }

    fn as_response(&self) -> Response {
        response(self.0.clone().into_response())
    }
}

/// An answer of the wire as poem's.
///
/// ```no_run
/// use auth_poem::auth_core::ErrorCode;
/// use auth_poem::{Problem, response};
/// use poem::error::NotFoundError;
/// use poem::{EndpointExt, Route};
///
/// let app = Route::new()
///     .catch_error(async |_: NotFoundError| response(Problem::new(ErrorCode::NotFound).into_response()));
/// # let _ = app;
/// ```
pub fn response(answer: http::Response<Bytes>) -> Response {
    let (parts, body) = answer.into_parts();
    let mut response = Response::builder().status(parts.status).body(body);
    *response.headers_mut() = parts.headers;
    response
}

/// The answer to `HEAD`. Over HTTP/2, poem's server would send a body, and clients would end the stream with an error
/// (RFC 9113, section 8.1.1).
pub(crate) fn without_body(mut answer: http::Response<Bytes>) -> http::Response<Bytes> {
    let body = std::mem::take(answer.body_mut());
    if !body.is_empty() {
        answer.headers_mut().insert(CONTENT_LENGTH, body.len().into());
    }
    answer
}

/// A request as the wire takes it.
pub(crate) fn request(request: Request) -> (Parts, Body) {
    // Nested routes take the beginning off.
    let uri = request.original_uri().clone();
    let (RequestParts { method, version, headers, extensions, .. }, body) = request.into_parts();
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = method;
    parts.uri = uri;
    parts.version = version;
    parts.headers = headers;
    parts.extensions = extensions;
    (parts, body)
}

/// The refusal of a request, whose body nobody reads.
pub(crate) async fn refuse(problem: Problem, request: &Request, body: Body) -> Refusal {
    let (version, headers) = (request.version(), request.headers());
    let chunks = body.into_bytes_stream();
    Refusal(auth_http::body::leave(problem, version, headers, chunks).await)
}

/// The other end of the connection.
pub(crate) fn peer(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(|peer| peer.ip())
}
