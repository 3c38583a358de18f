//! A small notes API on actix-web with accounts added.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use actix_web::http::header::{ACCEPT, HeaderValue, IF_NONE_MATCH};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, Json, Path, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt};
use actix_ws::{CloseCode, CloseReason};
use app_support::{Failure, Moderator, Note, NoteCount, SESSION_ENDED, pages, start};
use auth_actix::{CurrentSession, CurrentUser, Refusal, RequireRole, configure, response};
use futures_util::StreamExt;

/// What the handlers work with.
type AppState = Data<app_support::App>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (app, listener) = start().await?;
    let routes = configure(&app.auth)?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(app.clone()))
            .service(web::resource("/").get(home).head(home))
            .service(web::resource("/notes").get(list).post(add))
            .service(web::resource("/notes/events").get(events))
            .service(web::resource("/notes/socket").get(socket))
            .service(web::resource("/notes/count").get(count))
            .service(web::resource("/notes/{id}").delete(remove))
            .configure(|config| {
                for path in pages() {
                    config.service(web::resource(path).get(public_page).head(public_page));
                }
            })
            .configure(routes.clone())
            .default_service(web::to(async |app: AppState| response(app.site.not_found())))
            .wrap(headers(&app))
    });
    // It stops by itself on SIGTERM and Ctrl-C.
    server.client_request_timeout(Duration::from_secs(10)).shutdown_timeout(10).listen(listener)?.run().await?;
    Ok(())
}

/// What every answer says that does not say otherwise.
fn headers(app: &app_support::App) -> DefaultHeaders {
    let headers = app.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    headers.fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// The protected page.
async fn home(
    app: AppState,
    user: Result<CurrentUser, Refusal>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let page = match user {
        Ok(CurrentUser(user)) => app.site.home(&user, &app.notes.list(&user).await?),
        Err(Refusal(problem)) => {
            app.site.refused(problem, request.headers().get_all(ACCEPT).map(HeaderValue::as_bytes))
        }
    };
    Ok(response(page))
}

/// What is for every visitor, and where links in mails lead to.
async fn public_page(app: AppState, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let known = request.headers().get_all(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    Ok(response(app.page(request.path(), request.uri().query(), known).await?))
}

async fn list(app: AppState, CurrentUser(user): CurrentUser) -> Result<Json<Vec<Note>>, Refusal> {
    Ok(Json(app.notes.list(&user).await?))
}

async fn count(app: AppState, _: RequireRole<Moderator>) -> Result<Json<NoteCount>, Refusal> {
    Ok(Json(app.notes.count().await?))
}

async fn add(app: AppState, CurrentUser(user): CurrentUser, body: Payload) -> Result<HttpResponse, Refusal> {
    Ok(HttpResponse::Created().json(app.notes.add(&user, body).await?))
}

async fn remove(app: AppState, CurrentUser(user): CurrentUser, id: Path<String>) -> Result<HttpResponse, Refusal> {
    app.notes.remove(&user, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// New notes as events, until the session ends.
async fn events(app: AppState, CurrentUser(user): CurrentUser, session: CurrentSession) -> HttpResponse {
    let notes = app.notes.live(&user, session.ended(&app.auth));
    let events = notes.map(|note| Ok::<_, Infallible>(format!("data: {note}\n\n").into()));
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

/// New notes as messages, until the session ends.
async fn socket(
    app: AppState,
    CurrentUser(user): CurrentUser,
    session: CurrentSession,
    request: HttpRequest,
    body: Payload,
) -> actix_web::Result<HttpResponse> {
    let notes = app.notes.live(&user, session.ended(&app.auth));
    let (answer, mut socket, messages) = actix_ws::handle(&request, body)?;
    rt::spawn(async move {
        let mut notes = pin!(notes.take_until(messages.for_each(async |_| {})));
        while let Some(note) = notes.next().await {
            // Clients may go away.
            let Ok(()) = socket.text(note).await else { return };
        }
        let reason = CloseReason { code: CloseCode::Other(SESSION_ENDED), description: None };
        let _ = socket.close(Some(reason)).await;
    });
    Ok(answer)
}
