//! axum.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};

use auth_core::{Auth, User};
use auth_http::Group;
use auth_testkit::ROLE;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::{Stream, StreamExt, stream};

use super::host::{OPEN, Preferences, SCOPES, SESSION_ENDED, handlers, other};
use super::{NOT_FOUND, Stop};

handlers!(auth_axum);

async fn secret(Extension(user): Extension<User>) -> String {
    user.email.unwrap_or_default()
}

async fn events(
    State(auth): State<Auth>,
    session: CurrentSession,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let hello = stream::iter([Ok(Event::default().data(OPEN))]);
    Sse::new(hello.chain(stream::pending()).take_until(session.ended(&auth)))
}

async fn socket(State(auth): State<Auth>, session: CurrentSession, upgrade: WebSocketUpgrade) -> Response {
    let ended = session.ended(&auth);
    upgrade.on_upgrade(|mut socket| async move {
        socket.send(Message::Text(OPEN.into())).await.expect("a client");
        ended.await;
        let close = CloseFrame { code: SESSION_ENDED, reason: "".into() };
        socket.send(Message::Close(Some(close))).await.expect("a client");
    })
}

fn host(auth: &Auth) -> Router<Auth> {
    let open = || async { OPEN };
    let mut members = AuthMiddleware::new(auth).exclude("/public/*");
    let gated = Router::new()
        .route("/secret", get(secret).post(secret))
        .route("/twice", get(twice))
        .route("/public/page", get(open))
        .route(members.open("/about"), get(open))
        .layer(members);
    let scoped = Router::new().route("/secret", get(secret)).layer(AuthMiddleware::new(auth).scopes(SCOPES));
    let editors = AuthMiddleware::new(auth).require(Requirement::new().role(ROLE));
    let editors = Router::new().route("/secret", get(secret)).layer(editors);
    Router::new()
        .route("/current", get(current_user).post(current_user))
        .route("/current-db", get(current_user_of_db))
        .route("/optional", get(optional_user).post(optional_user))
        .route("/verified", get(verified_user))
        .route("/superuser", get(superuser))
        .route("/editor", get(editor))
        .route("/editor-db", get(editor_of_db))
        .route("/session", get(current_session))
        .route("/recent", get(recent_login))
        .route("/claims", get(access_claims))
        .route("/twice", get(twice))
        .route("/scoped-session", get(scoped_session))
        .route("/scoped-claims", get(scoped_claims))
        .route("/preferences", get(preferences))
        .route("/events", get(events))
        .route("/socket", get(socket))
        .nest("/gated", gated)
        .nest("/scoped", scoped)
        .nest("/editors", editors)
}

/// A handler with extractors of one handle, behind the middleware of another.
fn mixed(auth: &Auth) -> Router<Auth> {
    let other = other(auth);
    let login = auth_axum::group(&other, Group::Auth).expect("a table");
    let gated = Router::new()
        .route("/current", get(current_user))
        .route("/optional", get(optional_user))
        .route("/superuser", get(superuser))
        .layer(AuthMiddleware::new(auth));
    let inner = Router::new().route("/current", get(current_user)).layer(AuthMiddleware::new(&other));
    let both = Router::new().nest("/twice", inner).layer(AuthMiddleware::new(auth));
    Router::new().nest("/gated", gated).merge(both).nest("/auth", login).with_state(other)
}

pub(super) fn start(listener: TcpListener, auth: &Auth) -> Stop {
    let not_found = || async { (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/json")], NOT_FOUND) };
    let app = Router::new().nest("/host", host(auth)).nest("/host/other", mixed(auth)).with_state(auth.clone());
    let app = app.merge(auth_axum::router(auth).expect("a table")).fallback(not_found);
    let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
    let serve = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    super::abort(tokio::spawn(async move { serve.await }))
}

#[cfg(unix)]
pub(super) fn start_on_unix_socket(path: &std::path::Path, auth: &Auth) -> Stop {
    let listener = tokio::net::UnixListener::bind(path).expect("a new path");
    let serve = axum::serve(listener, auth_axum::router::<()>(auth).expect("a table"));
    super::abort(tokio::spawn(async move { serve.await }))
}
