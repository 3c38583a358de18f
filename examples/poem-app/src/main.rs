//! A small notes API on poem with accounts added.

use std::net::SocketAddr;
use std::sync::Arc;

use app_support::{App, Failure, MAIL_PAGES, Note, serve, start};
use auth_poem::{AuthData, CurrentUser, Refusal, response, routes};
use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::http::header::{ACCEPT, HeaderMap, HeaderValue};
use poem::http::uri::{Scheme, Uri};
use poem::web::{Data, Json, LocalAddr, Path, RemoteAddr};
use poem::{Body, Endpoint, EndpointExt, IntoResponse, Request, Response, delete, get, handler};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (app, listener) = start().await?;
    let (site, headers) = (app.site.clone(), app.headers.clone());
    let routes = routes(&app.auth)
        .at("/", get(home))
        .at("/notes", get(list).post(add))
        .at("/notes/:id", delete(remove))
        .at("/app.js", get(script))
        .at("/app.css", get(style))
        .at("/docs", get(reference))
        .at("/docs/openapi.json", get(openapi));
    let routes = MAIL_PAGES
        .into_iter()
        .fold(routes, |routes, path| routes.at(path, get(mail_page)))
        .catch_error(move |_: NotFoundError| std::future::ready(response(site.not_found())))
        .with(AuthData::new(&app.auth))
        .data(app);
    let routes = Arc::new(routes);
    serve(listener, headers, move |request, peer: SocketAddr| {
        let (local, peer) = (LocalAddr::default(), RemoteAddr(peer.into()));
        let request = Request::from((request, local, peer, Scheme::HTTP));
        let routes = routes.clone();
        async move { routes.get_response(request).await.into() }
    })
    .await?;
    Ok(())
}

/// The protected page.
#[handler]
async fn home(Data(app): Data<&App>, user: poem::Result<CurrentUser>, headers: &HeaderMap) -> poem::Result<Response> {
    let page = match user {
        Ok(CurrentUser(user)) => app.site.home(&user, &app.notes.list(&user).await.map_err(Refusal::from)?),
        Err(cause) => {
            let Refusal(problem) = cause.downcast()?;
            app.site.refused(problem, headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes))
        }
    };
    Ok(response(page))
}

/// Where links in mails lead to.
#[handler]
async fn mail_page(Data(app): Data<&App>, uri: &Uri) -> Result<Response, Refusal> {
    Ok(response(app.mail_page(uri.path(), uri.query()).await?))
}

#[handler]
async fn list(Data(app): Data<&App>, CurrentUser(user): CurrentUser) -> Result<Json<Vec<Note>>, Refusal> {
    Ok(Json(app.notes.list(&user).await?))
}

#[handler]
async fn add(Data(app): Data<&App>, CurrentUser(user): CurrentUser, body: Body) -> poem::Result<impl IntoResponse> {
    let note = app.notes.add(&user, body.into_bytes_stream()).await.map_err(Refusal)?;
    Ok(Json(note).with_status(StatusCode::CREATED))
}

#[handler]
async fn remove(
    Data(app): Data<&App>,
    CurrentUser(user): CurrentUser,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    app.notes.remove(&user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[handler]
fn script(Data(app): Data<&App>) -> Response {
    response(app.site.script())
}

#[handler]
fn style(Data(app): Data<&App>) -> Response {
    response(app.site.style())
}

#[handler]
fn reference(Data(app): Data<&App>) -> Response {
    response(app.site.reference())
}

#[handler]
fn openapi(Data(app): Data<&App>) -> Response {
    response(app.site.openapi())
}
