//! A poem app with accounts on the hardened server.

use std::net::SocketAddr;
use std::sync::Arc;

use app_support::{Failure, start, stopped};
use auth_poem::{AuthData, CurrentUser, routes};
use hardened_server::serve;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, EndpointExt, Request, get, handler};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (app, listener) = start().await?;
    let routes = Arc::new(routes(&app.auth)?.at("/", get(hello)).with(AuthData::new(&app.auth)).data(app));
    let handle = move |request, peer: SocketAddr| {
        let request = Request::from((request, LocalAddr::default(), RemoteAddr(peer.into()), Scheme::HTTP));
        let routes = routes.clone();
        async move { routes.get_response(request).await.into() }
    };
    Ok(serve(listener, stopped(), handle).await?)
}

#[handler]
async fn hello(CurrentUser(user): CurrentUser) -> String {
    format!("Hello, {}!", user.email.unwrap_or_default())
}
