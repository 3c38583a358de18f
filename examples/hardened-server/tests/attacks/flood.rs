//! Clients that send more than anybody wants (ROB-01, F-24).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use crate::App;

/// The most that may be taken of a request that is refused, in bytes: the limit of heads and of bodies, what hyper reads
/// ahead, and what is on its way.
const ENOUGH: usize = 256 * 1024;

/// Sends a head and then the same again and again, also once there is an answer: the answer, how much the server took
/// before it, and how long it went on reading after it.
async fn pour(app: &App, head: &str, again: &str) -> (String, usize, Duration) {
    let (mut reader, mut writer) = tokio::io::split(app.connect());
    let (head, again) = (head.to_owned(), again.repeat(64));
    let pouring = tokio::spawn(async move {
        let mut taken = head.len();
        let mut result = writer.write_all(head.as_bytes()).await;
        while result.is_ok() {
            result = writer.write_all(again.as_bytes()).await;
            taken += again.len();
            // Virtual time passes only when everybody waits.
            sleep(Duration::from_millis(10)).await;
        }
        taken
    });
    let mut answer = vec![0; 4096];
    let read = reader.read(&mut answer).await.expect("an answer");
    let answered = Instant::now();
    let taken = pouring.await.expect("it ends when the connection does");
    (String::from_utf8_lossy(&answer[..read]).into_owned(), taken, answered.elapsed())
}

#[tokio::test]
async fn endless_heads_and_bodies_are_refused_and_the_answer_is_read() {
    let body =
        "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    for app in App::on_each().await {
        for (head, again, status) in [
            ("GET /healthz HTTP/1.1\r\nhost: a\r\n", "x: yyyyyyyy\r\n", "431"),
            ("GET /healthz HTTP/1.1\r\nhost: a\r\nx: ", "yyyyyyyyyyyy", "431"),
            ("GET /", "yyyyyyyyyyyyy", "431"),
            (body, "a\r\n          \r\n", "413"),
        ] {
            let (answer, taken, went_on) = pour(&app, head, again).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{:?} {head:?}: {answer:?}", app.framework);
            assert!(went_on < Duration::from_secs(3), "{:?} {head:?}: {went_on:?}", app.framework);
            // What is thrown away after the answer, a piece each 10 ms, is not kept by anybody.
            let thrown_away = went_on.as_millis() as usize / 10 * again.len() * 64;
            assert!(taken.saturating_sub(thrown_away) <= ENOUGH, "{:?} {head:?}: {taken}", app.framework);
            app.serves_others().await;
        }
    }
}
