//! A small notes API on axum with accounts added.

use std::net::SocketAddr;

use app_support::{App, Failure, MAIL_PAGES, Note, serve, start};
use auth_axum::auth_core::Auth;
use auth_axum::{CurrentUser, Refusal, response, router};
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef, Path, State};
use axum::http::header::{ACCEPT, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{delete, get};
use axum::{Json, Router};
use tower::ServiceExt;

/// What the handlers work with.
#[derive(Clone)]
struct AppState(App);

/// The extractors find the `Auth` in the state by this.
impl FromRef<AppState> for Auth {
    fn from_ref(AppState(app): &AppState) -> Auth {
        app.auth.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (app, listener) = start().await?;
    let headers = app.headers.clone();
    let router = Router::new()
        .route("/", get(home))
        .route("/notes", get(list).post(add))
        .route("/notes/{id}", delete(remove))
        .route("/app.js", get(async |State(AppState(app))| response(app.site.script())))
        .route("/app.css", get(async |State(AppState(app))| response(app.site.style())))
        .route("/docs", get(async |State(AppState(app))| response(app.site.reference())))
        .route("/docs/openapi.json", get(async |State(AppState(app))| response(app.site.openapi())))
        .merge(MAIL_PAGES.into_iter().fold(Router::new(), |router, path| router.route(path, get(mail_page))))
        .merge(router(&app.auth))
        .fallback(async |State(AppState(app))| response(app.site.not_found()))
        .with_state(AppState(app));
    serve(listener, headers, move |mut request, peer: SocketAddr| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async { answer.await.unwrap_or_else(|never| match never {}) }
    })
    .await?;
    Ok(())
}

/// The protected page.
async fn home(
    State(AppState(app)): State<AppState>,
    user: Result<CurrentUser, Refusal>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let page = match user {
        Ok(CurrentUser(user)) => app.site.home(&user, &app.notes.list(&user).await?),
        Err(Refusal(problem)) => app.site.refused(problem, headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes)),
    };
    Ok(response(page))
}

/// Where links in mails lead to.
async fn mail_page(State(AppState(app)): State<AppState>, uri: Uri) -> Result<Response, Refusal> {
    Ok(response(app.mail_page(uri.path(), uri.query()).await?))
}

async fn list(
    State(AppState(app)): State<AppState>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Vec<Note>>, Refusal> {
    Ok(Json(app.notes.list(&user).await?))
}

async fn add(
    State(AppState(app)): State<AppState>,
    CurrentUser(user): CurrentUser,
    body: Body,
) -> Result<(StatusCode, Json<Note>), Refusal> {
    Ok((StatusCode::CREATED, Json(app.notes.add(&user, body.into_data_stream()).await?)))
}

async fn remove(
    State(AppState(app)): State<AppState>,
    CurrentUser(user): CurrentUser,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    app.notes.remove(&user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
