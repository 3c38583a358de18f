//! The load generator: keep-alive connections that each send the next request when the answer to the last one is there.
//!
//! Requests are bytes made beforehand, and of an answer only its length and its status are read, so that the generator
//! takes as little of the machine as it can.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Result;

/// What to send.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    /// Sent in turn; each connection begins at another one.
    pub(crate) requests: Arc<[Vec<u8>]>,
    /// How the status of every answer must begin.
    pub(crate) expected: &'static str,
    pub(crate) connections: usize,
    /// A pause after each answer, where the server must not be saturated.
    pub(crate) pause: Option<Duration>,
    pub(crate) warm_up: Duration,
    pub(crate) duration: Duration,
}

/// What came of it after the warm-up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// Microseconds, sorted.
    latencies: Vec<u32>,
    seconds: f64,
}

impl Answers {
    pub(crate) fn count(&self) -> usize {
        self.latencies.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.seconds
    }

    /// The latency that a share of the answers did not exceed, in microseconds.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let index = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(index).or(self.latencies.last()).copied().map_or(f64::NAN, f64::from)
    }
}

impl Load {
    /// Runs to the end.
    pub(crate) async fn run(&self) -> Result<Answers> {
        let begin = Instant::now() + self.warm_up;
        let mut tasks = JoinSet::new();
        for connection in 0..self.connections {
            let load = self.clone();
            tasks.spawn(async move { load.converse(connection, begin).await });
        }
        let mut latencies = Vec::new();
        while let Some(finished) = tasks.join_next().await {
            latencies.extend(finished??);
        }
        latencies.sort_unstable();
        Ok(Answers { latencies, seconds: self.duration.as_secs_f64() })
    }

    /// One connection. Answers that came within the time measured count, with their latencies.
    async fn converse(&self, connection: usize, begin: Instant) -> Result<Vec<u32>> {
        let end = begin + self.duration;
        let mut wire = Wire::connect(self.address).await?;
        let mut latencies = Vec::new();
        // Spread over all requests, so that no two connections send the same one at a time.
        let mut next = connection * self.requests.len() / self.connections;
        loop {
            let request = &self.requests[next % self.requests.len()];
            next += 1;
            let sent = Instant::now();
            wire.exchange(request, self.expected).await?;
            let received = Instant::now();
            if received >= end {
                return Ok(latencies);
            }
            if received >= begin {
                latencies.push(u32::try_from((received - sent).as_micros()).unwrap_or(u32::MAX));
            }
            if let Some(pause) = self.pause {
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// One connection of HTTP/1.1.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads its answer, whose status must begin as expected; answers the body.
    pub(crate) async fn exchange(&mut self, request: &[u8], expected: &str) -> Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some(head) = end_of_head(&self.buffer) {
                break head;
            }
        };
        let whole = head + content_length(&self.buffer[..head]);
        while self.buffer.len() < whole {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server broke off an answer".into());
            }
        }
        if self.buffer.get(9..9 + expected.len()) != Some(expected.as_bytes()) {
            return Err(format!("expected {expected}, got {}", String::from_utf8_lossy(&self.buffer)).into());
        }
        Ok(&self.buffer[head..whole])
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|start| start + 4)
}

/// The length of the body; none of the answers measured is chunked.
fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)));
    let value = line.and_then(|line| std::str::from_utf8(&line[NAME.len()..]).ok());
    value.and_then(|value| value.trim().parse().ok()).unwrap_or_default()
}
