//! Scenarios of clients that hang up: what began comes to its end, what did not leaves nothing, and whatever was held for
//! them is free again (F-04).

use std::net::SocketAddr;
use std::time::Duration;

use auth_core::ErrorCode as E;
use auth_testkit::{Moment, Reaction};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scenario::scenarios;
use crate::{App, Cx, Login, PASSWORD, Scenario, Setup, audit, race};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_change_that_began_is_made: sockets_only,
    hanging_up_at_any_byte_makes_whole_objects: sockets_only,
    hanging_up_at_any_moment_makes_whole_objects: sockets_only,
];

/// A POST request as it goes over the wire.
fn post(path: &str, token: Option<&str>, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{token}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn registration(name: &str) -> Vec<u8> {
    post("/auth/register", None, &json!({ "email": format!("{name}@example.org"), "password": PASSWORD }))
}

fn somebody(name: &str) -> Login {
    Login::new(&json!({ "id": uuid::Uuid::max(), "email": format!("{name}@example.org") }))
}

async fn send(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    stream.write_all(bytes).await.expect("the server reads");
    stream
}

/// Closes a connection with a reset, as a phone that lost its network does in the end.
fn reset(stream: &TcpStream) {
    stream.set_zero_linger().expect("a socket");
}

/// Waits until a statement counts rows; only a defect makes that long.
async fn until(app: &App, rows: &str, expected: i64) {
    for _ in 0..500 {
        if app.count(rows).await == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} instead of {expected} rows of {rows}", app.count(rows).await);
}

/// Insists that nothing is held for anybody any more: every connection of the pool, every permit of the hasher.
async fn is_idle(app: &App) {
    let names = race(8, |_| {
        let app = app.clone();
        async move { app.get("/users/me").bearer(&"A".repeat(43)).send().await.fails(E::Unauthorized) }
    });
    names.await;
    let hasher = app.auth().hasher();
    assert_eq!((hasher.running(), hasher.waiting()), (0, 0));
    audit::tables(app).await;
}

async fn a_change_that_began_is_made(cx: Cx) {
    let app = cx.app_with(Setup::default().connections(2)).await;
    let address = app.address().expect("a socket");
    let ada = app.user("ada").await;
    app.hooks().forget();
    // Slow enough for the client to be gone in the middle of the transaction.
    app.hooks().react(Moment::Register, Reaction::Wait(Duration::from_millis(50)));
    for (n, gone) in [reset as fn(&TcpStream), |_| ()].into_iter().cycle().take(8).enumerate() {
        let stream = send(address, &registration(&format!("u{n}"))).await;
        while app.hooks().befores().len() <= n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        gone(&stream);
        drop(stream);
    }
    until(&app, "authn_user", 9).await;
    for n in 0..8 {
        app.login(&somebody(&format!("u{n}")), "db").await;
        event!(app, Registered);
    }
    // The same for who takes credentials away.
    app.hooks().forget();
    app.hooks().react(Moment::UpdateUser, Reaction::Wait(Duration::from_millis(50)));
    let new = json!({ "password": "violet-Harbour-57-lamp", "current_password": PASSWORD });
    let patch =
        String::from_utf8(post("/users/me", Some(&ada.token), &new)).expect("text").replacen("POST", "PATCH", 1);
    let stream = send(address, patch.as_bytes()).await;
    while app.hooks().befores().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    reset(&stream);
    drop(stream);
    event!(app, PasswordChanged);
    app.try_login(&ada.email, PASSWORD, "db").await.fails(E::LoginBadCredentials);
    app.try_login(&ada.email, "violet-Harbour-57-lamp", "db").await.is(200);
    app.hooks().behave();
    is_idle(&app).await;
}

async fn hanging_up_at_any_byte_makes_whole_objects(cx: Cx) {
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    let whole = registration("u000");
    let head = whole.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an end of the headers") + 4;
    let lengths = [1, 20, head - 3, head - 1, head, head + 1, whole.len() - 2, whole.len() - 1];
    for (n, length) in lengths.into_iter().enumerate() {
        let bytes = registration(&format!("u{n:03}"));
        for gone in [reset as fn(&TcpStream), |_| ()] {
            let stream = send(address, &bytes[..length]).await;
            gone(&stream);
            drop(stream);
        }
        // Half closed: the server has seen the end before it answers, or closes.
        let mut stream = send(address, &bytes[..length]).await;
        stream.shutdown().await.expect("a socket");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{length}: {}", answer.escape_ascii());
    }
    is_idle(&app).await;
    assert_eq!(app.user_count().await, 0, "a request that is not whole is none");
    // The whole of it does what a part did not.
    let mut stream = send(address, &whole).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 201");
    assert_eq!(app.user_count().await, 1);
}

async fn hanging_up_at_any_moment_makes_whole_objects(cx: Cx) {
    const CLIENTS: u64 = 60;
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    let ada = app.register("ada").await;
    for n in 0..CLIENTS {
        let login = post("/auth/db/login", None, &json!({ "username": ada.email, "password": PASSWORD }));
        let bytes = if n % 2 == 0 { registration(&format!("u{n}")) } else { login };
        let stream = send(address, &bytes).await;
        // Whatever the server has come to by then.
        tokio::time::sleep(Duration::from_micros(97 * n)).await;
        if n % 4 < 2 {
            reset(&stream);
        }
        drop(stream);
    }
    // An account that exists is whole; one that does not can still be created.
    let mut made = 0;
    for n in (0..CLIENTS).step_by(2) {
        let who = somebody(&format!("u{n}"));
        let body = json!({ "email": who.email, "password": PASSWORD });
        let again = app.post("/auth/register").json(body).send().await;
        made += i32::from(again.status == 400);
        assert!([201, 400].contains(&again.status.as_u16()), "{}", again.text());
        let login = app.login(&who, "db").await;
        app.get("/users/me").by(&login).send().await.is(200);
    }
    assert!(made > 0, "nobody's request arrived");
    app.login(&ada, "db").await;
    is_idle(&app).await;
}
