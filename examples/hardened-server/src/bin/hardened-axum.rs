//! An axum app with accounts on the hardened server.

use std::net::SocketAddr;

use app_support::{App, Failure, start, stopped};
use auth_axum::auth_core::Auth;
use auth_axum::{CurrentUser, router};
use axum::Router;
use axum::extract::{ConnectInfo, FromRef};
use axum::routing::get;
use hardened_server::serve;
use tower::ServiceExt;

#[derive(Clone)]
struct AppState(App);

impl FromRef<AppState> for Auth {
    fn from_ref(AppState(app): &AppState) -> Auth {
        app.auth.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (app, listener) = start().await?;
    let routes = Router::new().route("/", get(hello)).merge(router(&app.auth)?).with_state(AppState(app));
    let handle = move |mut request: axum::http::Request<_>, peer: SocketAddr| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = routes.clone().oneshot(request);
        async { answer.await.unwrap_or_else(|never| match never {}) }
    };
    Ok(serve(listener, stopped(), handle).await?)
}

async fn hello(CurrentUser(user): CurrentUser) -> String {
    format!("Hello, {}!", user.email.unwrap_or_default())
}
