//! Requests that a proxy in front may have read differently (ROB-09).

use crate::App;

const GOOD: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

/// Requests that are refused, whatever they are for.
const BAD: [&str; 13] = [
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nhost: a\rx: y\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nhost: a\r\nx: y\rcontent-length: 10\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nhost: a\r\nx\0: y\r\n\r\n",
    "GET /healthz\r\n\r\n",
];

#[tokio::test]
async fn a_request_with_two_meanings_is_refused() {
    for app in App::on_each().await {
        for bad in BAD {
            let answer = app.answer(bad).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{:?} {bad:?}: {answer:?}", app.framework);
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{:?} {bad:?}: {answer:?}", app.framework);
        }
    }
}

#[tokio::test]
async fn it_is_refused_after_good_ones_too() {
    for app in App::on_each().await {
        for bad in BAD {
            let answer = app.answer(&format!("{GOOD}{GOOD}{bad}{GOOD}")).await;
            let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).filter_map(|one| one.get(..3)).collect();
            assert_eq!(statuses, ["200", "200", "400"], "{:?} {bad:?}: {answer:?}", app.framework);
        }
    }
}

#[tokio::test]
async fn a_chunked_request_is_the_last_of_its_connection() {
    let chunked = "POST /auth/login HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n\
        2\r\n{}\r\n0\r\n\r\n";
    for app in App::on_each().await {
        for next in BAD.into_iter().chain([GOOD]) {
            let answer = app.answer(&format!("{GOOD}{chunked}{next}")).await;
            let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).filter_map(|one| one.get(..3)).collect();
            assert_eq!(statuses, ["200", "422"], "{:?} {next:?}: {answer:?}", app.framework);
        }
    }
}
