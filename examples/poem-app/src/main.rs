//! A small notes API on poem with accounts added.

use std::sync::Arc;
use std::time::Duration;

use app_support::{App, Failure, Moderator, Note, NoteCount, SESSION_ENDED, pages, start, stopped};
use auth_poem::{AuthData, CurrentSession, CurrentUser, Refusal, RequireRole, response, routes};
use futures_util::{StreamExt, stream};
use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::http::header::{ACCEPT, HeaderMap, HeaderValue, IF_NONE_MATCH};
use poem::http::uri::Uri;
use poem::listener::TcpAcceptor;
use poem::web::sse::{Event, SSE};
use poem::web::websocket::{CloseCode, Message, WebSocket};
use poem::web::{Data, Json, Path};
use poem::{Body, Endpoint, EndpointExt, IntoResponse, Request, Response, Server, delete, get, handler};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (app, listener) = start().await?;
    let site = app.site.clone();
    let routes = routes(&app.auth)?
        .at("/", get(home))
        .at("/notes", get(list).post(add))
        .at("/notes/count", get(count))
        .at("/notes/events", get(events))
        .at("/notes/socket", get(socket))
        .at("/notes/:id", delete(remove));
    let routes = pages()
        .fold(routes, |routes, path| routes.at(path, get(public_page)))
        .catch_error(move |_: NotFoundError| std::future::ready(response(site.not_found())))
        .around(complete)
        .with(AuthData::new(&app.auth))
        .data(app);
    let server = Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    server.run_with_graceful_shutdown(routes, stopped(), Some(Duration::from_secs(10))).await?;
    Ok(())
}

/// Says on every answer what it does not say by itself.
async fn complete(routes: Arc<impl Endpoint>, request: Request) -> poem::Result<Response> {
    let app = request.data::<App>().cloned();
    let mut answer = routes.get_response(request).await;
    app.iter().for_each(|app| app.complete(answer.headers_mut()));
    Ok(answer)
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

/// What is for every visitor, and where links in mails lead to.
#[handler]
async fn public_page(Data(app): Data<&App>, uri: &Uri, headers: &HeaderMap) -> Result<Response, Refusal> {
    let known = headers.get_all(IF_NONE_MATCH).iter().map(HeaderValue::as_bytes);
    Ok(response(app.page(uri.path(), uri.query(), known).await?))
}

#[handler]
async fn list(Data(app): Data<&App>, CurrentUser(user): CurrentUser) -> Result<Json<Vec<Note>>, Refusal> {
    Ok(Json(app.notes.list(&user).await?))
}

#[handler]
async fn count(Data(app): Data<&App>, _: RequireRole<Moderator>) -> Result<Json<NoteCount>, Refusal> {
    Ok(Json(app.notes.count().await?))
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

/// New notes as events, until the session ends.
#[handler]
async fn events(Data(app): Data<&App>, CurrentUser(user): CurrentUser, session: CurrentSession) -> SSE {
    let notes = app.notes.live(&user, session.ended(&app.auth));
    SSE::new(notes.map(Event::message)).keep_alive(Duration::from_secs(15))
}

/// New notes as messages, until the session ends.
#[handler]
async fn socket(
    Data(app): Data<&App>,
    CurrentUser(user): CurrentUser,
    session: CurrentSession,
    upgrade: WebSocket,
) -> impl IntoResponse {
    let notes = app.notes.live(&user, session.ended(&app.auth));
    upgrade.on_upgrade(|socket| async move {
        let (sink, messages) = socket.split();
        let close = Message::Close(Some((CloseCode::from(SESSION_ENDED), "the session ended".to_owned())));
        let answers = notes.map(Message::Text).chain(stream::iter([close]));
        // Clients may go away, and what they say is not listened to.
        let _ = answers.map(Ok).take_until(messages.for_each(async |_| {})).forward(sink).await;
    })
}
