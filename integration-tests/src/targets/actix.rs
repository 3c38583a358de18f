//! actix-web.

use std::convert::Infallible;
use std::net::TcpListener;

use actix_web::web::{self, Data, Payload, ReqData, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use actix_ws::{CloseCode, CloseReason};
use auth_core::{Auth, User};
use auth_http::Group;
use auth_testkit::ROLE;
use futures_util::{StreamExt, stream};

use super::host::{OPEN, Preferences, SCOPES, SESSION_ENDED, handlers, other};
use super::{NOT_FOUND, Stop};

handlers!(auth_actix);

async fn secret(user: ReqData<User>) -> String {
    user.email.clone().unwrap_or_default()
}

async fn events(auth: Data<Auth>, session: CurrentSession) -> HttpResponse {
    let hello = stream::iter([Ok::<_, Infallible>(format!("data: {OPEN}\n\n").into())]);
    let events = hello.chain(stream::pending()).take_until(session.ended(&auth));
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

async fn socket(
    auth: Data<Auth>,
    session: CurrentSession,
    request: HttpRequest,
    body: Payload,
) -> actix_web::Result<HttpResponse> {
    let ended = session.ended(&auth);
    let (answer, mut socket, _messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        socket.text(OPEN).await.expect("a client");
        ended.await;
        let reason = CloseReason { code: CloseCode::Other(SESSION_ENDED), description: None };
        socket.close(Some(reason)).await.expect("a client");
    });
    Ok(answer)
}

fn host(auth: &Auth) -> impl FnOnce(&mut ServiceConfig) {
    let open = || async { OPEN };
    let mut members = AuthMiddleware::new(auth).exclude("/public/*");
    let gated = web::scope("/gated")
        .service(web::resource("/secret").get(secret).post(secret))
        .route("/twice", web::get().to(twice))
        .route("/public/page", web::get().to(open))
        .route(members.open("/about"), web::get().to(open))
        .wrap(members);
    let scoped = web::scope("/scoped").route("/secret", web::get().to(secret));
    let scoped = scoped.wrap(AuthMiddleware::new(auth).scopes(SCOPES));
    let editors = web::scope("/editors").route("/secret", web::get().to(secret));
    let editors = editors.wrap(AuthMiddleware::new(auth).require(Requirement::new().role(ROLE)));
    |config| {
        config
            .service(web::resource("/current").get(current_user).post(current_user))
            .route("/current-db", web::get().to(current_user_of_db))
            .service(web::resource("/optional").get(optional_user).post(optional_user))
            .route("/verified", web::get().to(verified_user))
            .route("/superuser", web::get().to(superuser))
            .route("/editor", web::get().to(editor))
            .route("/editor-db", web::get().to(editor_of_db))
            .route("/session", web::get().to(current_session))
            .route("/recent", web::get().to(recent_login))
            .route("/claims", web::get().to(access_claims))
            .route("/twice", web::get().to(twice))
            .route("/scoped-session", web::get().to(scoped_session))
            .route("/scoped-claims", web::get().to(scoped_claims))
            .route("/preferences", web::get().to(preferences))
            .route("/events", web::get().to(events))
            .route("/socket", web::get().to(socket))
            .service(gated)
            .service(scoped)
            .service(editors);
    }
}

/// A handler with extractors of one handle, behind the middleware of another.
fn mixed(auth: &Auth) -> impl FnOnce(&mut ServiceConfig) {
    let other = other(auth);
    let login = auth_actix::group(&other, Group::Auth).expect("a table");
    let gated = web::scope("/gated")
        .route("/current", web::get().to(current_user))
        .route("/optional", web::get().to(optional_user))
        .route("/superuser", web::get().to(superuser))
        .wrap(AuthMiddleware::new(auth));
    let both = web::scope("/twice").route("/current", web::get().to(current_user));
    let both = both.wrap(AuthMiddleware::new(&other)).wrap(AuthMiddleware::new(auth));
    |config| {
        config.app_data(Data::new(other)).service(gated).service(both).service(web::scope("/auth").configure(login));
    }
}

pub(super) fn start(listener: TcpListener, auth: &Auth) -> Stop {
    let (auth, routes) = (auth.clone(), auth_actix::configure(auth).expect("a table"));
    let app = move || {
        let not_found = || async { HttpResponse::NotFound().content_type("application/json").body(NOT_FOUND) };
        let app = App::new().configure(routes.clone());
        let other = web::scope("/host/other").configure(mixed(&auth));
        let host = web::scope("/host").configure(host(&auth));
        app.service(other).service(host).default_service(web::to(not_found))
    };
    // The workers live as long as the test: a second one would be idle.
    let server = HttpServer::new(app).workers(1).disable_signals().shutdown_timeout(0);
    let server = server.listen(listener).expect("the socket is open").run();
    let handle = server.handle();
    tokio::spawn(server);
    Box::new(move || Box::pin(async move { handle.stop(false).await }))
}

#[cfg(unix)]
pub(super) fn start_on_unix_socket(path: &std::path::Path, auth: &Auth) -> Stop {
    let routes = auth_actix::configure(auth).expect("a table");
    let server = HttpServer::new(move || App::new().configure(routes.clone())).workers(1).disable_signals();
    let server = server.shutdown_timeout(0).bind_uds(path).expect("a new path").run();
    let handle = server.handle();
    tokio::spawn(server);
    Box::new(move || Box::pin(async move { handle.stop(false).await }))
}
