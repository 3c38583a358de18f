//! What Prometheus reads, on a listener of its own: numbers about all users are not for clients.

use std::net::SocketAddr;
use std::time::Duration;

use auth_core::telemetry;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::Failure;

/// Bounds of the buckets of each distribution, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How long a reader may take, and how many may read at once.
const PATIENCE: Duration = Duration::from_secs(5);
const READERS: usize = 8;

/// Longest head of a request.
const MAX_HEAD: usize = 8 * 1024;

/// How often values that nobody reads are put together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Measures from now on, and answers at `address`.
pub(crate) async fn serve(address: SocketAddr) -> Result<(), Failure> {
    let failed = |cause: &dyn std::fmt::Display| Failure::of("METRICS_BIND", cause);
    let listener = TcpListener::bind(address).await.map_err(|cause| failed(&cause))?;
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS);
    let metrics = builder.and_then(PrometheusBuilder::install_recorder).map_err(|cause| failed(&cause))?;
    telemetry::describe();
    tracing::info!(%address, "metrics are served at /metrics");
    tokio::spawn(run(listener, metrics));
    Ok(())
}

async fn run(listener: TcpListener, metrics: PrometheusHandle) {
    let (mut readers, mut upkeep) = (JoinSet::new(), interval(UPKEEP));
    loop {
        tokio::select! {
            _ = upkeep.tick() => metrics.run_upkeep(),
            Some(_) = readers.join_next() => {}
            accepted = listener.accept(), if readers.len() < READERS => match accepted {
                Ok((stream, _)) => {
                    readers.spawn(timeout(PATIENCE, answer(stream, metrics.clone())));
                }
                Err(cause) => {
                    tracing::warn!(%cause, "a reader of metrics could not connect");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
}

/// Answers one request of HTTP/1.1 and closes the connection. Readers ask a few times a minute.
async fn answer(mut stream: TcpStream, metrics: PrometheusHandle) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let is_ours = head.starts_with(b"GET /metrics ") || head.starts_with(b"GET /metrics?");
    let (status, body) = if is_ours { ("200 OK", metrics.render()) } else { ("404 Not Found", String::new()) };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn one_path_is_served() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let recorder = PrometheusBuilder::new().build_recorder();
        tokio::spawn(run(listener, recorder.handle()));
        assert!(get(address, "/metrics").await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(get(address, "/").await.starts_with("HTTP/1.1 404 "));
        assert!(get(address, "/metricsx").await.starts_with("HTTP/1.1 404 "));
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let failure = serve(taken.local_addr().unwrap()).await.unwrap_err();
        assert!(format!("{failure:?}").starts_with("METRICS_BIND: "), "{failure:?}");
    }
}
