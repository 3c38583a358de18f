//! A client's connection: what is read of it is looked at, what is written to it has to be read in time, and it is closed
//! so that the last answer arrives.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::PATIENCE;
use crate::framing::Heads;

/// How long a client that was answered already may go on sending.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection that is closed in two steps (RFC 9112, section 9.6): no more is written, then what still arrives is
/// thrown away. Closed at once in the middle of a large upload, it would be reset, and the client would never read why
/// the upload was refused.
pub(crate) struct Connection<S> {
    stream: S,
    heads: Heads,
    /// When a client that reads nothing is given up.
    stalled: Option<Pin<Box<Sleep>>>,
    /// When a client that still sends is given up.
    leaving: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, heads: Heads::new(), stalled: None, leaving: None }
    }

    /// Gives up a client that has read nothing for too long: every write that gets on begins a new wait.
    fn in_time<T>(&mut self, written: Poll<Result<T>>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(PATIENCE))).as_mut().poll(context));
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client does not read its answer")))
    }

    fn discard(&mut self, until: &mut Pin<Box<Sleep>>, context: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 8192];
        loop {
            if until.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut chunk = ReadBuf::new(&mut space);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut chunk));
            if read.is_err() || chunk.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Connection<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        self.heads.read(&mut buffer.filled_mut()[before..]);
        Poll::Ready(result)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut until = match self.leaving.take() {
            Some(until) => until,
            None => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
                Box::pin(sleep(FAREWELL))
            }
        };
        let done = self.discard(&mut until, context);
        self.leaving = Some(until);
        done.map(Ok)
    }
}
