//! Between axum's types and those of the wire.

use std::net::{IpAddr, SocketAddr};

use auth_http::Problem;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{Extensions, Response};
use axum::response::IntoResponse;
use bytes::Bytes;

/// A refusal in the library's own shape, as an axum response. The extractors reject with it, and a handler that returns
/// it can use `?` on what the library's methods return.
///
/// ```no_run
/// use auth_axum::{CurrentUser, Refusal};
/// use auth_axum::auth_core::Auth;
/// use axum::extract::State;
///
/// async fn count_sessions(State(auth): State<Auth>, CurrentUser(user): CurrentUser) -> Result<String, Refusal> {
///     Ok(auth.sessions().list_all(&user).await?.len().to_string())
/// }
/// # let _: axum::Router<Auth> = axum::Router::new().route("/", axum::routing::get(count_sessions));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(pub Problem);

impl<P: Into<Problem>> From<P> for Refusal {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        response(self.0.into_response())
    }
}

/// An answer of the wire as axum's.
///
/// ```no_run
/// use auth_axum::auth_core::ErrorCode;
/// use auth_axum::{Problem, response};
///
/// async fn not_found() -> axum::response::Response {
///     response(Problem::new(ErrorCode::NotFound).into_response())
/// }
/// # let _: axum::Router = axum::Router::new().fallback(not_found);
/// ```
pub fn response(response: Response<Bytes>) -> axum::response::Response {
    response.map(Body::from)
}

/// The refusal of a request, whose body nobody reads.
pub(crate) async fn refuse(problem: Problem, request: Request) -> Refusal {
    let (parts, body) = request.into_parts();
    Refusal(auth_http::body::leave(problem, parts.version, &parts.headers, body.into_data_stream()).await)
}

/// The other end of the connection, which a server tells that was made with
/// [`into_make_service_with_connect_info`](axum::Router::into_make_service_with_connect_info).
pub(crate) fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}
