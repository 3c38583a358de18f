//! poem.

use std::net::TcpListener;

use auth_core::{Auth, User};
use auth_http::Group;
use auth_poem::AuthData;
use auth_testkit::ROLE;
use futures_util::{SinkExt, StreamExt, stream};
use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
#[cfg(unix)]
use poem::listener::UnixListener;
use poem::web::Data;
use poem::web::sse::{Event, SSE};
use poem::web::websocket::{CloseCode, Message, WebSocket};
use poem::{EndpointExt, IntoResponse, Response, Route, Server, get, handler};

use super::host::{OPEN, Preferences, SCOPES, SESSION_ENDED, handlers, other};
use super::{NOT_FOUND, Stop};

handlers!(auth_poem, handler);

#[handler]
async fn secret(Data(user): Data<&User>) -> String {
    user.email.clone().unwrap_or_default()
}

#[handler]
async fn open() -> &'static str {
    OPEN
}

#[handler]
async fn events(Data(auth): Data<&Auth>, session: CurrentSession) -> SSE {
    let hello = stream::iter([Event::message(OPEN)]);
    SSE::new(hello.chain(stream::pending()).take_until(session.ended(auth)))
}

#[handler]
async fn socket(Data(auth): Data<&Auth>, session: CurrentSession, upgrade: WebSocket) -> impl IntoResponse {
    let ended = session.ended(auth);
    upgrade.on_upgrade(|mut socket| async move {
        socket.send(Message::text(OPEN)).await.expect("a client");
        ended.await;
        let close = (CloseCode::from(SESSION_ENDED), String::new());
        socket.send(Message::Close(Some(close))).await.expect("a client");
    })
}

fn host(auth: &Auth) -> Route {
    let mut members = AuthMiddleware::new(auth).exclude("/public/*");
    let gated = Route::new()
        .at("/secret", get(secret).post(secret))
        .at("/twice", get(twice))
        .at("/public/page", get(open))
        .at(members.open("/about"), get(open))
        .with(members);
    let scoped = Route::new().at("/secret", get(secret)).with(AuthMiddleware::new(auth).scopes(SCOPES));
    let editors = AuthMiddleware::new(auth).require(Requirement::new().role(ROLE));
    let editors = Route::new().at("/secret", get(secret)).with(editors);
    Route::new()
        .at("/current", get(current_user).post(current_user))
        .at("/current-db", get(current_user_of_db))
        .at("/optional", get(optional_user).post(optional_user))
        .at("/verified", get(verified_user))
        .at("/superuser", get(superuser))
        .at("/editor", get(editor))
        .at("/editor-db", get(editor_of_db))
        .at("/session", get(current_session))
        .at("/recent", get(recent_login))
        .at("/claims", get(access_claims))
        .at("/twice", get(twice))
        .at("/scoped-session", get(scoped_session))
        .at("/scoped-claims", get(scoped_claims))
        .at("/preferences", get(preferences))
        .at("/events", get(events))
        .at("/socket", get(socket))
        .nest("/gated", gated)
        .nest("/scoped", scoped)
        .nest("/editors", editors)
}

/// A handler with extractors of one handle, behind the middleware of another.
fn mixed(auth: &Auth) -> Route {
    let other = other(auth);
    let login = auth_poem::group(&other, Group::Auth).expect("a table");
    let gated = Route::new()
        .at("/current", get(current_user))
        .at("/optional", get(optional_user))
        .at("/superuser", get(superuser))
        .with(AuthMiddleware::new(auth));
    let inner = Route::new().at("/current", get(current_user)).with(AuthMiddleware::new(&other));
    let both = inner.with(AuthMiddleware::new(auth));
    let all = Route::new().nest("/auth", login).nest("/twice", both).nest("/gated", gated);
    Route::new().nest("/", all.with(AuthData::new(&other)))
}

pub(super) fn start(listener: TcpListener, auth: &Auth) -> Stop {
    let not_found = async |_: NotFoundError| {
        Response::builder().status(StatusCode::NOT_FOUND).content_type("application/json").body(NOT_FOUND)
    };
    let app = auth_poem::routes(auth)
        .expect("a table")
        .nest("/host", host(auth))
        .nest("/host/other", mixed(auth))
        .with(AuthData::new(auth))
        .catch_error(not_found);
    let acceptor = TcpAcceptor::from_std(listener).expect("a runtime");
    super::abort(tokio::spawn(Server::new_with_acceptor(acceptor).run(app)))
}

#[cfg(unix)]
pub(super) fn start_on_unix_socket(path: &std::path::Path, auth: &Auth) -> Stop {
    let app = auth_poem::routes(auth).expect("a table").with(AuthData::new(auth));
    super::abort(tokio::spawn(Server::new(UnixListener::bind(path.to_owned())).run(app)))
}
