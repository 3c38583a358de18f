//! Scenarios of a proxy that connects by a Unix socket, where no peer has an address.

use std::path::Path;

use auth_core::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::scenario::scenarios;
use crate::targets::start_on_unix_socket;
use crate::{Cx, PASSWORD, Scenario, Setup};

pub(super) const SCENARIOS: &[Scenario] =
    scenarios![clients_behind_a_trusted_socket_are_told_apart: sockets_only sqlite_only];

/// Posts JSON as the proxy of a client does: the status and the body.
async fn post(socket: &Path, path: &str, client: &str, body: &Value) -> (u16, String) {
    let mut stream = UnixStream::connect(socket).await.expect("the server listens");
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: {client}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").expect("a head").1.to_owned())
}

/// Waits until somebody listens: poem binds the socket in its task.
async fn until_it_listens(socket: &Path) {
    for _ in 0..500 {
        if UnixStream::connect(socket).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody listens at {}", socket.display());
}

async fn clients_behind_a_trusted_socket_are_told_apart(cx: Cx) {
    for is_trusted in [true, false] {
        let setup = Setup::default().auth(move |auth| {
            let auth = auth.limits(Limits::default());
            if is_trusted { auth.trusted_unix_socket() } else { auth }
        });
        let app = cx.app_with(setup).await;
        // No other app has this port.
        let socket = std::env::temp_dir().join(format!("auth-{}.sock", app.address().expect("a socket").port()));
        let stop = start_on_unix_socket(cx.target(), &socket, app.auth()).expect("a framework");
        until_it_listens(&socket).await;
        let mut statuses = Vec::new();
        for n in 0..7 {
            let body = json!({ "email": format!("u{n}@example.org"), "password": PASSWORD });
            statuses.push(post(&socket, "/auth/register", &format!("203.0.113.{n}"), &body).await.0);
        }
        let expected = if is_trusted { [201; 7] } else { [201, 201, 201, 201, 201, 429, 429] };
        assert_eq!(statuses, expected, "trusted: {is_trusted}");
        let body = json!({ "email": "u0@example.org", "password": PASSWORD });
        let (status, answer) = post(&socket, "/auth/db/login", "192.0.2.66, 203.0.113.99", &body).await;
        assert_eq!(status, 200, "{answer}");
        let token = serde_json::from_str::<Value>(&answer).expect("JSON")["access_token"].as_str().map(str::to_owned);
        let list = app.get("/auth/sessions").bearer(&token.expect("a token")).send().await.is(200).json();
        assert_eq!(list["sessions"][0]["ip"], json!(is_trusted.then_some("203.0.113.99")));
        stop().await;
        std::fs::remove_file(&socket).expect("the socket is there");
    }
}
