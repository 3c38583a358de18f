//! Scenarios of HTTP/2 (RFC 9113), as browsers behind TLS and some proxies speak it: there is no `Host`, each cookie may come in
//! a header of its own, and a refusal ends a stream and not the connection.

use auth_http::body;
use bytes::{Bytes, BytesMut};
use h2::client::{SendRequest, handshake};
use h2::ext::Protocol;
use http::header::{CONNECTION, COOKIE, SET_COOKIE};
use http::request::Builder;
use http::{HeaderMap, Method, Request, StatusCode, Version};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::scenario::scenarios;
use crate::{App, Cx, PASSWORD, Scenario};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_browser_is_served: hyper_only sqlite_only,
    a_refusal_ends_its_stream_alone: hyper_only sqlite_only,
    no_handshake_of_another_site_is_answered: hyper_only sqlite_only,
];

const EVIL: &str = "https://evil.example";

/// One connection.
struct Client(SendRequest<Bytes>);

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The cookies that it sets, as a browser sends them back.
    fn cookies(&self) -> Vec<String> {
        let cookies = self.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        cookies.filter_map(|cookie| cookie.split(';').next()).map(str::to_owned).collect()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

impl Client {
    async fn open(app: &App) -> Self {
        let address = app.address().expect("a framework");
        let stream = TcpStream::connect(address).await.expect("the server listens");
        let (client, connection) = handshake(stream).await.expect("the server speaks HTTP/2");
        tokio::spawn(connection);
        Self(client)
    }

    /// Sends a request; `None` where the server ends the stream without an answer.
    async fn send(&mut self, request: Builder, body: &str) -> Option<Answer> {
        let request = request.version(Version::HTTP_2).body(()).expect("a request");
        let mut client = self.0.clone().ready().await.expect("the connection goes on");
        let (answer, mut stream) = client.send_request(request, body.is_empty()).expect("a stream");
        if !body.is_empty() {
            // A server that has answered need not read it.
            let _ = stream.send_data(Bytes::copy_from_slice(body.as_bytes()), true);
        }
        let (head, mut chunks) = answer.await.ok()?.into_parts();
        let mut body = BytesMut::new();
        while let Some(chunk) = chunks.data().await {
            let chunk = chunk.expect("the answer is whole");
            chunks.flow_control().release_capacity(chunk.len()).expect("no more than came");
            body.extend_from_slice(&chunk);
        }
        Some(Answer { status: head.status, headers: head.headers, body: body.freeze() })
    }
}

/// A request to an authority that is not that of the public URL, as behind a proxy.
fn request(method: Method, path: &str) -> Builder {
    Request::builder().method(method).uri(format!("http://10.0.0.7:8080{path}"))
}

fn post(path: &str) -> Builder {
    request(Method::POST, path).header("content-type", "application/json")
}

/// Registers somebody and logs in as a browser, whose cookies are returned.
async fn log_in(client: &mut Client) -> Vec<String> {
    let account = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let registered = client.send(post("/auth/register"), &account).await.expect("an answer");
    assert_eq!(registered.status, 201);
    let login = json!({ "email": "ada@example.org", "password": PASSWORD }).to_string();
    let login = client.send(post("/auth/login"), &login).await.expect("an answer");
    assert_eq!(login.status, 204);
    login.cookies()
}

async fn a_browser_is_served(cx: Cx) {
    let app = cx.app().await;
    let mut client = Client::open(&app).await;
    let cookies = log_in(&mut client).await;
    assert!(cookies.len() >= 2, "the session and the device: {cookies:?}");
    // RFC 9113, section 8.2.3: a header for each.
    let with = |request: Builder| {
        let cookies = ["theme=dark"].into_iter().chain(cookies.iter().map(String::as_str));
        cookies.fold(request, |request, cookie| request.header(COOKIE, cookie))
    };
    let me = client.send(with(request(Method::GET, "/users/me")), "").await.expect("an answer");
    assert_eq!((me.status, &me.json()["email"]), (StatusCode::OK, &json!("ada@example.org")));
    for (path, status) in [("/users/me", 200), ("/users", 403), ("/auth/jwks.json", 200), ("/auth/login", 405)] {
        let head = client.send(with(request(Method::HEAD, path)), "").await.expect("an answer");
        assert_eq!((head.status.as_u16(), head.body.len()), (status, 0), "{path}");
    }
    for (origin, status) in [(auth_testkit::PUBLIC_URL, 200), (EVIL, 403), ("http://10.0.0.7:8080", 403)] {
        let change = request(Method::PATCH, "/users/me").header("content-type", "application/json");
        let change = with(change).header("origin", origin);
        let answer = client.send(change, r#"{"display_name":"Ada"}"#).await.expect("an answer");
        assert_eq!(answer.status, status, "{origin}");
    }
}

async fn a_refusal_ends_its_stream_alone(cx: Cx) {
    let app = cx.app().await;
    let mut client = Client::open(&app).await;
    let long = "x".repeat(4 * body::LIMIT);
    for (refused, status) in [
        (post("/auth/login").header("origin", EVIL), 403),
        (post("/auth/login"), 413),
        (post("/auth/logout"), 401),
        (post("/auth/unknown"), 404),
        (request(Method::PUT, "/auth/login"), 405),
    ] {
        // Some end the stream and have said nothing, which tells the client as much.
        if let Some(answer) = client.send(refused, &long).await {
            assert_eq!(answer.status, status);
            assert!(!answer.headers.contains_key(CONNECTION), "it has no meaning here (RFC 9113, section 8.2.2)");
        }
        let healthy = client.send(request(Method::GET, "/healthz"), "").await.expect("an answer");
        assert_eq!(healthy.status, 200, "after {status}");
    }
}

/// RFC 8441: a WebSocket begins with `CONNECT`, and has the cookies like any other request.
async fn no_handshake_of_another_site_is_answered(cx: Cx) {
    let app = cx.app().await;
    let mut client = Client::open(&app).await;
    let cookies = log_in(&mut client).await.join("; ");
    for path in ["/users/me", "/host/current", "/host/gated/secret"] {
        let get = request(Method::GET, path).header(COOKIE, &cookies);
        let answer = client.send(get, "").await.expect("an answer");
        assert_eq!(answer.status, 200, "{path}");
        let handshake = request(Method::CONNECT, path).extension(Protocol::from_static("websocket"));
        let handshake = handshake.header(COOKIE, &cookies).header("origin", EVIL);
        let handshake = handshake.header("sec-websocket-version", "13").header("sec-fetch-mode", "websocket");
        // A server that does not know such handshakes ends the stream.
        if let Some(answer) = client.send(handshake, "").await {
            assert!([400, 403, 404, 405].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
        }
    }
}
