//! A mail server that keeps nothing (RFC 5321), on a thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::Result;

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Accepts every mail at once.
    Healthy,
    /// Accepts connections, and says nothing ever.
    Hanging,
}

/// A running mail server, ended when dropped.
pub(crate) struct Sink {
    address: SocketAddr,
    accepted: watch::Receiver<usize>,
    connections: Arc<AtomicUsize>,
    runtime: Option<Runtime>,
}

impl Sink {
    pub(crate) fn start(manner: Manner) -> Result<Self> {
        // The generator's own thread measures latencies.
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (count, accepted) = watch::channel(0);
        let connections = Arc::new(AtomicUsize::new(0));
        runtime.spawn(listen(listener, manner, Arc::new(count), connections.clone()));
        Ok(Self { address, accepted, connections, runtime: Some(runtime) })
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// How many mails it has taken.
    pub(crate) fn accepted(&self) -> usize {
        *self.accepted.borrow()
    }

    /// On how many connections.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Waits until it has taken so many.
    pub(crate) async fn has_accepted(&mut self, count: usize) -> Result {
        const PATIENCE: Duration = Duration::from_secs(600);
        let enough = self.accepted.wait_for(|accepted| *accepted >= count);
        tokio::time::timeout(PATIENCE, enough).await??;
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn listen(
    listener: std::net::TcpListener,
    manner: Manner,
    count: Arc<watch::Sender<usize>>,
    connections: Arc<AtomicUsize>,
) -> Result {
    let listener = TcpListener::from_std(listener)?;
    let mut silent = Vec::new();
    loop {
        let (stream, _) = listener.accept().await?;
        connections.fetch_add(1, Ordering::Relaxed);
        match manner {
            // A connection that is broken off is the client's affair.
            Manner::Healthy => drop(tokio::spawn(converse(stream, count.clone()))),
            Manner::Hanging => silent.push(stream),
        }
    }
}

/// One connection, with as many mails as the client likes.
async fn converse(mut stream: TcpStream, count: Arc<watch::Sender<usize>>) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    let mut line = Vec::new();
    let mut recipients = 0;
    write.write_all(b"220 sink ESMTP\r\n").await?;
    loop {
        line.clear();
        if read.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_slice() {
            b"EHLO" => b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            b"DATA" if recipients == 0 => b"503 no recipient\r\n",
            b"DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                body(&mut read, &mut line).await?;
                count.send_modify(|accepted| *accepted += recipients);
                recipients = 0;
                b"250 taken\r\n"
            }
            b"MAIL" | b"RSET" => {
                recipients = 0;
                b"250 well\r\n"
            }
            b"RCPT" => {
                recipients += 1;
                b"250 well\r\n"
            }
            b"NOOP" => b"250 well\r\n",
            b"QUIT" => return write.write_all(b"221 bye\r\n").await,
            _ => b"502 not here\r\n",
        };
        write.write_all(answer).await?;
    }
}

/// Reads up to the line with a dot alone.
async fn body(read: &mut (impl AsyncBufReadExt + Unpin), line: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        line.clear();
        match read.read_until(b'\n', line).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ if line == b".\r\n" => return Ok(()),
            _ => {}
        }
    }
}
