//! The same routes on each framework, and clients of them.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use auth_axum::auth_core::Auth;
use auth_axum::auth_core::sea_orm::{ConnectOptions, Database};
use auth_poem::AuthData;
use auth_testkit::{TestParts, backends};
use axum::extract::ConnectInfo;
use hardened_server::serve_connection;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, EndpointExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tower::ServiceExt;

/// The bytes that a pipe holds, as the buffers of a socket do.
const PIPE: usize = 4096;

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1234);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Framework {
    Axum,
    Poem,
}

/// An app with the library's routes and one whose answer, of a mebibyte, fits in no buffer.
pub(crate) struct App {
    pub(crate) framework: Framework,
    routes: Routes,
}

enum Routes {
    Axum(axum::Router),
    Poem(Arc<dyn poem::endpoint::DynEndpoint<Output = poem::Response>>),
}

impl App {
    /// One on each framework. From then on time is virtual.
    pub(crate) async fn on_each() -> [Self; 2] {
        let apps = [Self::new(Framework::Axum).await, Self::new(Framework::Poem).await];
        // Not before: the database is a thread of its own, for which virtual time would not wait.
        tokio::time::pause();
        apps
    }

    async fn new(framework: Framework) -> Self {
        let auth = auth().await;
        let routes = match framework {
            Framework::Axum => Routes::Axum(
                auth_axum::router(&auth)
                    .expect("a table")
                    .route("/large", axum::routing::get(async || large()))
                    .with_state(auth),
            ),
            Framework::Poem => {
                let routes =
                    auth_poem::routes(&auth).expect("a table").at("/large", poem::endpoint::make_sync(|_| large()));
                let endpoint = routes.with(AuthData::new(&auth)).map_to_response();
                Routes::Poem(Arc::new(poem::endpoint::ToDynEndpoint(endpoint)))
            }
        };
        Self { framework, routes }
    }

    /// A client's end of a new connection.
    pub(crate) fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(PIPE);
        match &self.routes {
            Routes::Axum(routes) => {
                let routes = routes.clone();
                tokio::spawn(serve_connection(server, PEER, move |mut request: axum::http::Request<_>, peer| {
                    request.extensions_mut().insert(ConnectInfo(peer));
                    let answer = routes.clone().oneshot(request);
                    async { answer.await.unwrap_or_else(|never| match never {}) }
                }));
            }
            Routes::Poem(routes) => {
                let routes = routes.clone();
                tokio::spawn(serve_connection(server, PEER, move |request, peer| {
                    let request = (request, LocalAddr::default(), RemoteAddr(peer.into()), Scheme::HTTP).into();
                    let routes = routes.clone();
                    async move { routes.get_response(request).await.into() }
                }));
            }
        }
        client
    }

    /// What is answered until the connection is closed.
    pub(crate) async fn answer(&self, requests: &str) -> String {
        let mut client = self.connect();
        client.write_all(requests.as_bytes()).await.expect("a pipe's worth of requests");
        rest(&mut client).await
    }

    /// Insists that others are served.
    pub(crate) async fn serves_others(&self) {
        let answer = self.answer("GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:?}");
    }
}

/// What is still answered on a connection.
pub(crate) async fn rest(client: &mut DuplexStream) -> String {
    let mut answer = Vec::new();
    // A connection that breaks off is closed, too.
    let _ = client.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn auth() -> Auth {
    let db = Database::connect(ConnectOptions::new("sqlite::memory:").max_connections(1).to_owned()).await;
    let builder = TestParts::default().builder(db.expect("a database in memory"));
    let auth = backends().into_iter().fold(builder, |builder, backend| builder.backend(backend)).build();
    auth.expect("a good configuration")
}

fn large() -> String {
    "x".repeat(1 << 20)
}
