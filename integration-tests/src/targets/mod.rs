//! Where a scenario runs: without a framework, or behind a framework on a socket.

mod actix;
mod axum;
pub(crate) mod host;
mod poem;

use std::net::{SocketAddr, TcpListener};
#[cfg(unix)]
use std::path::Path;

use auth_core::{Auth, ConfigErrors};
use auth_http::Table;
use futures_util::future::BoxFuture;

/// What answers the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// `Table::call`, in process.
    Direct,
    /// The same on two servers in turn, which remember sessions: what one changes the other has to know at the next request.
    Pair,
    /// axum on a socket.
    Axum,
    /// actix-web on a socket.
    Actix,
    /// poem on a socket.
    Poem,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 5] = [Self::Direct, Self::Pair, Self::Axum, Self::Actix, Self::Poem];

    /// Whether a framework serves it, and with it the routes of an app of ours.
    #[must_use]
    pub fn has_host(self) -> bool {
        !matches!(self, Self::Direct | Self::Pair)
    }

    /// The name in the names of tests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Pair => "pair",
            Self::Axum => "axum",
            Self::Actix => "actix",
            Self::Poem => "poem",
        }
    }
}

/// What a target says to routes that cannot be mounted.
pub(crate) fn mount(target: Target, auth: &Auth) -> Result<(), ConfigErrors> {
    match target {
        Target::Direct | Target::Pair => Table::new(auth).map(drop),
        Target::Axum => auth_axum::router::<()>(auth).map(drop),
        Target::Actix => auth_actix::configure(auth).map(drop),
        Target::Poem => auth_poem::routes(auth).map(drop),
    }
}

/// A framework's server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Stop,
}

/// Ends a server and its connections.
pub(crate) type Stop = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

impl Server {
    /// Starts a server on a free port; `None` where there is no framework to serve.
    pub(crate) fn start(target: Target, auth: &Auth) -> Option<Self> {
        let start = match target {
            Target::Direct | Target::Pair => return None,
            Target::Axum => axum::start,
            Target::Actix => actix::start,
            Target::Poem => poem::start,
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.set_nonblocking(true).expect("sockets can be non-blocking");
        let address = listener.local_addr().expect("the socket is bound");
        Some(Self { address, stop: start(listener, auth) })
    }

    pub(crate) async fn stop(self) {
        (self.stop)().await;
    }
}

/// Starts a server of the library's routes alone on a Unix socket, as behind a proxy on the same machine; `None` without a
/// framework.
#[cfg(unix)]
pub(crate) fn start_on_unix_socket(target: Target, path: &Path, auth: &Auth) -> Option<Stop> {
    match target {
        Target::Direct | Target::Pair => None,
        Target::Axum => Some(axum::start_on_unix_socket(path, auth)),
        Target::Actix => Some(actix::start_on_unix_socket(path, auth)),
        Target::Poem => Some(poem::start_on_unix_socket(path, auth)),
    }
}

/// What the host says about paths that it does not know.
const NOT_FOUND: &str = r#"{"detail":"Not Found"}"#;

/// Ends a server that is one task.
fn abort<T: Send + 'static>(task: tokio::task::JoinHandle<T>) -> Stop {
    Box::new(move || {
        Box::pin(async move {
            task.abort();
            // It ends with its abortion.
            let _ = task.await;
        })
    })
}
