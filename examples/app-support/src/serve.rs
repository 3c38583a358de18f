//! A server for frameworks whose own one waits for a request's headers as long as the client likes.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::signal;

use crate::framing::MAX_HEAD;
use crate::linger::Lingering;

/// How long the headers of a request may take, and how long requests may go on once the server is asked to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until the process is told to stop by SIGTERM or Ctrl-C, then lets the requests that have begun end. An answer
/// that lacks one of `headers` gets it.
///
/// # Errors
/// When the listener or the signals cannot be used.
pub async fn serve<H, F, B>(listener: std::net::TcpListener, headers: HeaderMap, handle: H) -> std::io::Result<()>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let listener = TcpListener::from_std(listener)?;
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            stopped = &mut stop => {
                stopped?;
                break;
            }
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                // Often there are too many open files: others have to close theirs first.
                tracing::warn!(%cause, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (handle, headers) = (handle.clone(), headers.clone());
        let service = service_fn(move |request| {
            let (answer, headers) = (handle(request, peer), headers.clone());
            async move { Ok::<_, std::convert::Infallible>(complete(answer.await, &headers)) }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(Lingering::new(stream)), service));
        tokio::spawn(async move {
            if let Err(cause) = connection.await {
                tracing::debug!(%cause, "a connection broke off");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(PATIENCE, connections.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end in time were cut off");
    }
    Ok(())
}

fn complete<B>(mut answer: Response<B>, headers: &HeaderMap) -> Response<B> {
    for (name, value) in headers {
        answer.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    answer
}

#[cfg(unix)]
async fn stop() -> std::io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop() -> std::io::Result<()> {
    signal::ctrl_c().await
}
