//! Scenarios of connections that stay open, and learn when their session ends.

use std::time::Duration;

use auth_core::session::SessionConfig;
use auth_core::{Principal, Session};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    the_end_of_a_session_is_heard_on_every_server: one_server,
    time_ends_a_session_without_a_request: one_server,
    what_is_no_end_is_not_taken_for_one: one_server,
    a_session_that_has_ended_is_told_at_once: one_server,
    nobody_looks_when_nobody_waits: direct_only,
    an_open_stream_ends_with_its_session: sockets_only,
    an_open_socket_is_closed_with_its_session: sockets_only,
];

/// Servers that look for news all the time: nothing depends on how soon.
fn attentive() -> Setup {
    let sessions = SessionConfig { staleness: Duration::from_millis(20), ..SessionConfig::default() };
    Setup::default().auth(move |auth| auth.sessions(sessions))
}

fn wait(app: &App, session: &Session) -> JoinHandle<()> {
    tokio::spawn(app.auth().sessions().ended(session))
}

async fn the_end_of_a_session_is_heard_on_every_server(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let other = app.second_server().await;
    let root = app.superuser("root").await;
    for how in 0..7 {
        let ada = app.user(&format!("ada{how}")).await;
        let second = app.login(&ada, "cookie").await;
        let Principal { session, .. } = app.principal_of(&ada).await;
        let waits = [wait(&app, &session), wait(&other, &session)];
        let path = ada.path();
        match how {
            0 => app.post("/auth/db/logout").by(&ada).send().await.is(204),
            1 => app.delete(&format!("/auth/sessions/{}", session.id)).by(&second).send().await.is(204),
            2 => app.patch(&path).by(&root).json(json!({ "is_active": false })).send().await.is(200),
            3 => app.delete(&path).by(&root).send().await.is(204),
            4 => {
                let body = json!({ "old_password": PASSWORD, "new_password": "plum-tractor-Orbit-20" });
                app.post("/auth/change-password").by(&second).json(body).send().await.is(204)
            }
            5 => app.post("/auth/logout-others").by(&second).send().await.is(204),
            _ => app.post("/auth/logout-all").by(&second).json(json!({ "everywhere": true })).send().await.is(204),
        };
        for wait in waits {
            wait.await.expect("an end");
        }
    }
}

async fn time_ends_a_session_without_a_request(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let ada = app.user("ada").await;
    let Principal { session, .. } = app.principal_of(&ada).await;
    let idle = wait(&app, &session);
    app.clock().advance(SessionConfig::default().idle);
    idle.await.expect("an end");
    let body = json!({ "username": ada.email, "password": PASSWORD, "remember": true });
    let remembered = ada.with(&app.post("/auth/cookie/login").json(body).send().await.is(204));
    let Principal { session, .. } = app.principal_of(&remembered).await;
    let absolute = wait(&app, &session);
    app.clock().advance(SessionConfig::default().absolute);
    absolute.await.expect("an end");
}

async fn what_is_no_end_is_not_taken_for_one(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let other = app.second_server().await;
    let ada = app.register("ada").await;
    let pair = app.try_login(&ada.email, PASSWORD, "jwt").await.is(200);
    let mine = ada.with(&pair);
    let Principal { session, .. } = app.principal_of(&mine).await;
    let waits = [wait(&app, &session), wait(&other, &session)];
    // A new token, another name, another device that logs out, and a password of one's own choice.
    let body = json!({ "refresh_token": pair.json()["refresh_token"] });
    let mine = ada.with(&app.post("/auth/token/refresh").json(body).send().await.is(200));
    app.patch("/users/me").by(&mine).json(json!({ "display_name": "Ada" })).send().await.is(200);
    let body = json!({ "old_password": PASSWORD, "new_password": "plum-tractor-Orbit-20" });
    app.post("/auth/change-password").by(&mine).json(body).send().await.is(200);
    let later = ada.with(&app.try_login(&ada.email, "plum-tractor-Orbit-20", "db").await.is(200));
    let witness = app.principal_of(&later).await.session;
    let witnesses = [wait(&app, &witness), wait(&other, &witness)];
    app.post("/auth/db/logout").by(&later).send().await.is(204);
    // Both servers have heard of everything by the time that they know of the last change.
    for witness in witnesses {
        witness.await.expect("an end");
    }
    assert!(waits.iter().all(|wait| !wait.is_finished()));
    let later = ada.with(&app.try_login(&ada.email, "plum-tractor-Orbit-20", "db").await.is(200));
    app.delete(&format!("/auth/sessions/{}", session.id)).by(&later).send().await.is(204);
    for wait in waits {
        wait.await.expect("an end");
    }
}

async fn a_session_that_has_ended_is_told_at_once(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let ada = app.user("ada").await;
    let Principal { session, .. } = app.principal_of(&ada).await;
    app.post("/auth/db/logout").by(&ada).send().await.is(204);
    wait(&app, &session).await.expect("an end");
}

async fn nobody_looks_when_nobody_waits(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let ada = app.user("ada").await;
    let Principal { session, .. } = app.principal_of(&ada).await;
    let pending = wait(&app, &session);
    let looks = async || app.statements().take().iter().filter(|sql| sql.contains("authn_change")).count();
    while looks().await == 0 {
        tokio::task::yield_now().await;
    }
    pending.abort();
    let _ = pending.await;
    // The one who looks goes home at the next look, and sends nobody.
    let (mut quiet, mut rounds) = (0, 0);
    while quiet < 10 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        quiet = if looks().await == 0 { quiet + 1 } else { 0 };
        rounds += 1;
        assert!(rounds < 1_000, "somebody still looks");
    }
}

/// What came over a connection up to its end, or up to a text that is waited for.
async fn read_until(stream: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    while !read.windows(text.len()).any(|window| window == text) {
        if stream.read_buf(&mut read).await.expect("a server") == 0 {
            break;
        }
    }
    read
}

/// Opens a path of the host, in words that a proxy would pass on.
async fn open(app: &App, path: &str, login: &Login, more: &str) -> TcpStream {
    let address = app.address().expect("a socket");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let token = &login.token;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost:3000\r\nauthorization: Bearer {token}\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    stream
}

const HELLO: &[u8] = b"open to everybody";

async fn an_open_stream_ends_with_its_session(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let other = app.second_server().await;
    for (here, there) in [(&app, &app), (&app, &other)] {
        let ada = app.user(&format!("ada{}", here.address() == there.address())).await;
        let mut stream = open(here, "/host/events", &ada, "").await;
        assert!(read_until(&mut stream, HELLO).await.ends_with(b"\n"));
        there.post("/auth/db/logout").by(&ada).send().await.is(204);
        let rest = read_until(&mut stream, b"0\r\n\r\n").await;
        assert!(rest.ends_with(b"0\r\n\r\n"), "the last chunk: {rest:?}");
    }
}

async fn an_open_socket_is_closed_with_its_session(cx: Cx) {
    let app = cx.app_with(attentive()).await;
    let other = app.second_server().await;
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (here, there) in [(&app, &app), (&app, &other)] {
        let ada = app.user(&format!("ada{}", here.address() == there.address())).await;
        let mut socket = open(here, "/host/socket", &ada, upgrade).await;
        let hello = read_until(&mut socket, HELLO).await;
        assert!(hello.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&hello));
        there.post("/auth/db/logout").by(&ada).send().await.is(204);
        // A frame that closes, with the code 4001 (RFC 6455, sections 5.5.1 and 7.4.2).
        let close = read_until(&mut socket, &[0x88, 0x02, 0x0f, 0xa1]).await;
        assert_eq!(close, [0x88, 0x02, 0x0f, 0xa1]);
    }
}
