//! A server for axum and poem that needs no proxy in front of it.
//!
//! The servers that the two frameworks bring wait as long as the client likes for the head of a request and for somebody
//! to read an answer, give requests that two servers would read differently a meaning of their own, and reset the
//! connection of a client that is still uploading what was refused. This one does not; a reverse proxy does not, either.
//! actix-web's own server has the time limit in its settings (`examples/actix-app`).

mod connection;
mod framing;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;

use crate::connection::Connection;
use crate::framing::MAX_HEAD;

/// How long the head of a request may take, how long a client may leave an answer unread, and how long requests may go on
/// once the server is asked to stop.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until `stop`, then lets the requests that have begun end.
///
/// # Errors
/// Fails when the listener cannot be used.
pub async fn serve<H, F, B>(
    listener: std::net::TcpListener,
    stop: impl Future<Output = ()>,
    handle: H,
) -> std::io::Result<()>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let listener = TcpListener::from_std(listener)?;
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
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
        let connection = connections.watch(serve_connection(stream, peer, handle.clone()));
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

/// Serves one connection, which may be any stream of bytes.
pub fn serve_connection<S, H, F, B>(
    stream: S,
    peer: SocketAddr,
    handle: H,
) -> impl GracefulConnection<Error = hyper::Error> + Send
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>, SocketAddr) -> F + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let is_last = request.headers().contains_key(TRANSFER_ENCODING);
        let answer = handle(request, peer);
        async move {
            let mut answer = answer.await;
            if is_last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE).max_buf_size(MAX_HEAD);
    http.serve_connection(TokioIo::new(Connection::new(stream)), service)
}
