//! poem.

use auth_poem::{AccessClaims, AuthData};
use poem::http::StatusCode;
use poem::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderMap, HeaderName};
use poem::listener::TcpAcceptor;
use poem::web::{Data, Json};
use poem::{EndpointExt, IntoResponse, Response, Server, get, handler};

use super::{App, Extras};
use crate::handwritten::Me;
use crate::{Result, statements};

pub(super) async fn serve(database: &str, extras: Extras<'_>) -> Result {
    let app = App::new(database, extras).await?;
    let routes = auth_poem::routes(&app.auth)?
        .at("/bare", get(bare))
        .at("/handwritten", get(handwritten))
        .at("/claims", get(claims))
        .at("/statements", get(count_statements))
        .with(AuthData::new(&app.auth))
        .data(app);
    let listener = super::bind()?;
    let address = listener.local_addr()?;
    let server = Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    super::announce(address)?;
    Ok(server.run(routes).await?)
}

#[handler]
fn count_statements() -> String {
    statements::count().to_string()
}

#[handler]
fn bare(app: Data<&App>) -> Json<Me> {
    Json(Me::clone(&app.example))
}

#[handler]
fn claims(_: AccessClaims, app: Data<&App>) -> Json<Me> {
    Json(Me::clone(&app.example))
}

#[handler]
async fn handwritten(app: Data<&App>, headers: &HeaderMap) -> Response {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match app.pool.me(text(AUTHORIZATION), text(COOKIE)).await {
        Ok(Some(me)) => Json(me).with_header(CACHE_CONTROL, "no-store").into_response(),
        Ok(None) => StatusCode::UNAUTHORIZED.into(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into(),
    }
}
