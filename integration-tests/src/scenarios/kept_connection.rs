//! Scenarios of connections that clients keep: an answer that comes before the body was read leaves them usable, or announces
//! their end (RFC 9112, section 9.6).

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scenario::scenarios;
use crate::{Cx, Scenario, Target, samples};

pub(super) const SCENARIOS: &[Scenario] = scenarios![
    a_refusal_keeps_the_connection: sockets_only sqlite_only,
    a_body_that_is_too_long_ends_it_with_a_word: sockets_only sqlite_only,
    a_body_that_does_not_come_ends_it_with_a_word: sockets_only sqlite_only,
    extractors_and_middlewares_keep_or_announce: sockets_only sqlite_only,
];

/// Long enough for a server to read the head alone. If it is not, the scenario sees less, and fails no more often.
const APART: Duration = Duration::from_millis(5);

/// A connection that is used for one request after the other.
struct Kept {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What the head of an answer says.
struct Head {
    status: u16,
    is_last: bool,
}

impl Kept {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self { stream, buffer: Vec::new() }
    }

    async fn send(&mut self, head: &str, body: &str) {
        self.stream.write_all(head.as_bytes()).await.expect("the connection is open");
        tokio::time::sleep(APART).await;
        // A server that announced the end may have closed already.
        let _ = self.stream.write_all(body.as_bytes()).await;
    }

    /// The next answer; `None` when the server closed the connection instead.
    async fn answer(&mut self) -> Option<Head> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or_default() == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: usize = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or_default();
        while self.buffer.len() < end + length {
            if self.stream.read_buf(&mut self.buffer).await.unwrap_or_default() == 0 {
                return None;
            }
        }
        let head = Head {
            status: head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"),
            is_last: header("connection:") == Some("close"),
        };
        self.buffer.drain(..end + length);
        Some(head)
    }

    /// Whether the connection takes another request.
    async fn is_usable(&mut self) -> bool {
        let head = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        self.stream.write_all(head.as_bytes()).await.is_ok()
            && self.answer().await.is_some_and(|head| head.status == 200)
    }
}

fn head(method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}\r\n")
}

/// Sends a request in two parts on a new connection: its status, and whether the connection was kept. Closing it without a
/// word fails the scenario.
async fn refused(address: SocketAddr, head: &str, body: &str) -> (u16, bool) {
    let mut kept = Kept::open(address).await;
    kept.send(head, body).await;
    let answer = kept.answer().await.unwrap_or_else(|| panic!("no answer to {head}"));
    if !answer.is_last {
        assert!(kept.is_usable().await, "after {} the connection was closed without a word: {head}", answer.status);
    }
    (answer.status, !answer.is_last)
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const LENGTH: &str = "content-length: 2\r\n";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";
/// Another site's page makes the browser send this.
const FORGED: &str = "content-length: 2\r\norigin: https://evil.example\r\nsec-fetch-site: cross-site\r\n";

async fn a_refusal_keeps_the_connection(cx: Cx) {
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    let paths: BTreeSet<String> = app.table().endpoints().iter().map(|endpoint| samples::path(endpoint)).collect();
    let (mut statuses, mut kept, mut all) = (BTreeSet::new(), 0, 0);
    for path in &paths {
        for method in METHODS {
            for (headers, body) in [(LENGTH, "{}"), (CHUNKED, "2\r\n{}\r\n0\r\n\r\n"), (FORGED, "{}")] {
                let (status, is_kept) = refused(address, &head(method, path, headers), body).await;
                statuses.insert(status);
                kept += usize::from(is_kept);
                all += 1;
            }
        }
    }
    assert!([401, 403, 405, 422].iter().all(|status| statuses.contains(status)), "{statuses:?}");
    // On a machine that stands still for a second, the server may have given one up.
    assert!(kept * 10 >= all * 9, "{kept} of {all} were kept");
}

async fn a_body_that_is_too_long_ends_it_with_a_word(cx: Cx) {
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    let body = " ".repeat(100_000);
    let length = format!("content-length: {}\r\n", body.len());
    for (method, path, expected) in
        [("POST", "/auth/register", 413), ("PATCH", "/users/me", 401), ("PUT", "/users/me", 405)]
    {
        assert_eq!(refused(address, &head(method, path, &length), &body).await, (expected, false));
    }
}

async fn a_body_that_does_not_come_ends_it_with_a_word(cx: Cx) {
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    for headers in [LENGTH, "content-length: 2\r\nexpect: 100-continue\r\n"] {
        let mut kept = Kept::open(address).await;
        kept.send(&head("PATCH", "/users/me", headers), "").await;
        let mut answer = kept.answer().await.expect("an answer");
        if answer.status == 100 {
            answer = kept.answer().await.expect("an answer");
        }
        assert_eq!((answer.status, answer.is_last), (401, true), "{headers}");
    }
}

async fn extractors_and_middlewares_keep_or_announce(cx: Cx) {
    let app = cx.app().await;
    let address = app.address().expect("a socket");
    let mut behind_middleware = Vec::new();
    for _ in 0..10 {
        let (status, _) = refused(address, &head("POST", "/host/current", LENGTH), "{}").await;
        assert_eq!(status, 401);
        behind_middleware.push(refused(address, &head("POST", "/host/gated/secret", LENGTH), "{}").await);
    }
    assert!(behind_middleware.iter().filter(|answer| **answer == (401, true)).count() >= 5, "{behind_middleware:?}");
    // An extractor leaves the body to the handler. actix-web keeps connections whose body is there already.
    let (status, is_kept) = refused(address, &head("POST", "/host/current", LENGTH), "{}").await;
    assert_eq!(status, 401);
    assert!(!is_kept || cx.target() == Target::Actix);
}
