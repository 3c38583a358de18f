//! Tests without a server.

use std::net::Ipv4Addr;
use std::time::Duration;

use auth_core::ErrorCode;
use auth_core::time::OffsetDateTime;
use auth_core::token::TokenStrategy;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;

fn token() -> String {
    "A".repeat(43)
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn read(strategy: &RedisStrategy, token: &str) -> Result<bool, ErrorCode> {
    let read = strategy.read(token, OffsetDateTime::UNIX_EPOCH).await;
    read.map(|found| found.is_some()).map_err(|error| error.code())
}

#[test]
fn a_wrong_url_is_said_and_not_repeated() {
    for url in ["", "canary", "http://user:canary@host", "redis://user:canary@host:port", "rediss://canary:0:0/"] {
        let error = RedisStrategy::new(url).expect_err(url).to_string();
        assert!(error.contains("redis://") && !error.contains("canary"), "{error}");
    }
    for url in ["redis://localhost", "rediss://user:p%40ss@localhost:6380/1", "unix:///run/redis.sock?db=1"] {
        RedisStrategy::new(url).expect(url);
    }
}

#[test]
fn only_a_certificate_is_a_root_certificate() {
    let strategy = || RedisStrategy::new("rediss://localhost").unwrap();
    for pem in ["", "canary", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"] {
        assert!(strategy().root_certificate(pem.as_bytes()).is_err(), "{pem}");
    }
}

/// A host that has chosen no provider of rustls, which is what the client of Redis panics at.
#[tokio::test]
async fn tls_begins_without_any_choice_of_the_host() {
    let (listener, port) = listener().await;
    let strategy = RedisStrategy::new(&format!("rediss://localhost:{port}")).unwrap().deadline(Duration::from_secs(60));
    let hello = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.unwrap();
        first
    };
    let token = token();
    let (first, read) = tokio::join!(hello, read(&strategy, &token));
    // A handshake (RFC 8446, section 5.1), to which nobody answers.
    assert_eq!((first, read), ([22, 3], Err(ErrorCode::Overloaded)));
}

#[tokio::test]
async fn silence_and_nonsense_are_not_an_answer() {
    let (silent, port) = listener().await;
    let strategy =
        RedisStrategy::new(&format!("redis://127.0.0.1:{port}")).unwrap().deadline(Duration::from_millis(20));
    for _ in 0..3 {
        assert_eq!(read(&strategy, &token()).await, Err(ErrorCode::Overloaded));
        // What cannot be a token needs no server.
        for text in ["", "short", &"A".repeat(42), &"A".repeat(44), &format!("{}+", "A".repeat(42))] {
            assert_eq!(read(&strategy, text).await, Ok(false), "{text}");
        }
    }
    drop(silent);
    assert_eq!(read(&strategy, &token()).await, Err(ErrorCode::Overloaded), "nobody listens");
    assert!(strategy.examine().await.is_err());
}
