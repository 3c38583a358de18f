//! Clients that take their time (ROB-02, F-24).

use std::time::Duration;

use hardened_server::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use crate::App;
use crate::app::rest;

/// How long the library waits for a body.
const BODY_DEADLINE: Duration = Duration::from_secs(15);

/// How long a client that was answered may go on sending.
const FAREWELL: Duration = Duration::from_secs(2);

/// More than the grain of a timer.
const TICK: Duration = Duration::from_millis(500);

/// Sends some bytes at once and then a byte each second, until the connection is closed: what was answered, and how long
/// that took.
async fn trickle(app: &App, at_once: &str, byte: u8) -> (String, Duration) {
    let start = Instant::now();
    let (mut reader, mut writer) = tokio::io::split(app.connect());
    writer.write_all(at_once.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    let trickling = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            app.serves_others().await;
            // The server need not read what it refused; whether the connection is closed is for the reader to tell.
            let _ = writer.write_all(&[byte]).await;
        }
    };
    tokio::select! {
        _ = reader.read_to_end(&mut answer) => {}
        () = trickling => {}
    }
    (String::from_utf8_lossy(&answer).into_owned(), start.elapsed())
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_off() {
    for app in App::on_each().await {
        for at_once in ["", "GET /healthz HTTP/1.1\r\nhost: a\r\nx: "] {
            let (answer, took) = trickle(&app, at_once, b'x').await;
            assert!(!answer.starts_with("HTTP/1.1 2"), "{:?} {at_once:?}: {answer:?}", app.framework);
            assert!(took < PATIENCE + TICK, "{:?} {at_once:?}: {took:?}", app.framework);
        }
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_refused() {
    for app in App::on_each().await {
        let head = "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n";
        for (length, byte) in [("content-length: 1000", b' '), ("transfer-encoding: chunked", b'0')] {
            let (answer, took) = trickle(&app, &format!("{head}{length}\r\n\r\n"), byte).await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{:?} {length}: {answer:?}", app.framework);
            assert!(took < BODY_DEADLINE + FAREWELL + TICK, "{:?} {length}: {took:?}", app.framework);
        }
    }
}

#[tokio::test]
async fn ten_thousand_idle_connections_are_closed() {
    for app in App::on_each().await {
        let start = Instant::now();
        let mut idle: Vec<_> = (0..10_000).map(|_| app.connect()).collect();
        let mut used = app.connect();
        used.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the server reads");
        app.serves_others().await;
        assert!(start.elapsed() < PATIENCE, "{:?}: nobody had to wait for a place", app.framework);
        for client in &mut idle {
            assert_eq!(rest(client).await, "", "{:?}", app.framework);
        }
        assert!(rest(&mut used).await.starts_with("HTTP/1.1 200 "), "{:?}", app.framework);
        assert!(start.elapsed() < PATIENCE + TICK, "{:?}: {:?}", app.framework, start.elapsed());
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up() {
    for app in App::on_each().await {
        let mut client = app.connect();
        client.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the server reads");
        sleep(PATIENCE + Duration::from_secs(1)).await;
        app.serves_others().await;
        let read = rest(&mut client).await.len();
        assert!(0 < read && read < 1 << 16, "{:?}: {read} bytes were on their way", app.framework);
    }
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_arrives() {
    for app in App::on_each().await {
        let mut client = app.connect();
        let request = b"GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        client.write_all(request).await.expect("the server reads");
        let (mut read, mut space) = (0, vec![0; 1 << 16]);
        loop {
            sleep(PATIENCE / 2).await;
            match client.read(&mut space).await.expect("it goes on") {
                0 => break,
                more => read += more,
            }
        }
        assert!(read > 1 << 20, "{:?}: {read}", app.framework);
    }
}
