//! axum.

use std::net::SocketAddr;

use auth_axum::AccessClaims;
use auth_core::Auth;
use axum::extract::{FromRef, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::{App, Extras};
use crate::handwritten::Me;
use crate::{Result, statements};

impl FromRef<App> for Auth {
    fn from_ref(app: &App) -> Self {
        app.auth.clone()
    }
}

pub(super) async fn serve(database: &str, extras: Extras<'_>) -> Result {
    let app = App::new(database, extras).await?;
    let router = Router::new()
        .route("/bare", get(bare))
        .route("/handwritten", get(handwritten))
        .route("/claims", get(claims))
        .route("/statements", get(async || statements::count().to_string()))
        .merge(auth_axum::router(&app.auth)?)
        .with_state(app);
    let listener = tokio::net::TcpListener::from_std(super::bind()?)?;
    super::announce(listener.local_addr()?)?;
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

async fn bare(State(app): State<App>) -> Json<Me> {
    Json(Me::clone(&app.example))
}

async fn claims(_: AccessClaims, State(app): State<App>) -> Json<Me> {
    Json(Me::clone(&app.example))
}

async fn handwritten(State(app): State<App>, headers: HeaderMap) -> Response {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match app.pool.me(text(AUTHORIZATION), text(COOKIE)).await {
        Ok(Some(me)) => ([(CACHE_CONTROL, "no-store")], Json(me)).into_response(),
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
