//! A small notes API on axum with accounts added.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use app_support::{App, Failure, Moderator, Note, NoteCount, SESSION_ENDED, pages, start, stopped};
use auth_axum::auth_core::Auth;
use auth_axum::{CurrentSession, CurrentUser, Refusal, RequireRole, response, router};
use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocketUpgrade};
use axum::extract::{FromRef, Path, State};
use axum::http::header::{ACCEPT, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::http::{StatusCode, Uri};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{delete, get};
use axum::{Json, Router};
use futures_util::{Stream, StreamExt, stream};
use tokio::net::TcpListener;

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
    let state = AppState(app);
    let routes = Router::new()
        .route("/", get(home))
        .route("/notes", get(list).post(add))
        .route("/notes/count", get(count))
        .route("/notes/{id}", delete(remove))
        .route("/notes/events", get(events))
        .route("/notes/socket", get(socket))
        .merge(pages().fold(Router::new(), |router, path| router.route(path, get(public_page))))
        .merge(router(&state.0.auth)?)
        .fallback(async |State(AppState(app))| response(app.site.not_found()))
        .layer(map_response_with_state(state.clone(), complete))
        .with_state(state);
    // Limits and the list of sessions need the addresses of clients.
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(TcpListener::from_std(listener)?, service).with_graceful_shutdown(stopped());
    tokio::select! {
        ended = server.into_future() => ended?,
        // The server waits for requests that have begun, and would do so as long as a client likes.
        () = patience() => eprintln!("requests that did not end in time were cut off"),
    }
    Ok(())
}

/// Until ten seconds after the app was told to stop.
async fn patience() {
    stopped().await;
    tokio::time::sleep(Duration::from_secs(10)).await;
}

/// Says on every answer what it does not say by itself.
async fn complete(State(AppState(app)): State<AppState>, mut answer: Response) -> Response {
    app.complete(answer.headers_mut());
    answer
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

/// What is for every visitor, and where links in mails lead to.
async fn public_page(State(AppState(app)): State<AppState>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    let known = headers.get_all(IF_NONE_MATCH).iter().map(HeaderValue::as_bytes);
    Ok(response(app.page(uri.path(), uri.query(), known).await?))
}

async fn list(
    State(AppState(app)): State<AppState>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Vec<Note>>, Refusal> {
    Ok(Json(app.notes.list(&user).await?))
}

async fn count(State(AppState(app)): State<AppState>, _: RequireRole<Moderator>) -> Result<Json<NoteCount>, Refusal> {
    Ok(Json(app.notes.count().await?))
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

/// New notes as events, until the session ends.
async fn events(
    State(AppState(app)): State<AppState>,
    CurrentUser(user): CurrentUser,
    session: CurrentSession,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let notes = app.notes.live(&user, session.ended(&app.auth));
    Sse::new(notes.map(|note| Ok(Event::default().data(note)))).keep_alive(KeepAlive::default())
}

/// New notes as messages, until the session ends.
async fn socket(
    State(AppState(app)): State<AppState>,
    CurrentUser(user): CurrentUser,
    session: CurrentSession,
    upgrade: WebSocketUpgrade,
) -> Response {
    let notes = app.notes.live(&user, session.ended(&app.auth));
    upgrade.on_upgrade(|socket| async move {
        let (sink, messages) = socket.split();
        let close = Message::Close(Some(CloseFrame { code: SESSION_ENDED, reason: "the session ended".into() }));
        let answers = notes.map(|note| Message::Text(note.into())).chain(stream::iter([close]));
        // Clients may go away, and what they say is not listened to.
        let _ = answers.map(Ok).take_until(messages.for_each(async |_| {})).forward(sink).await;
    })
}
