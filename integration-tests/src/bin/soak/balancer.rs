//! A balancer of TCP connections: one server after the other, and another one where nobody listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The addresses of the servers. One that is down keeps its last one.
pub(crate) type Servers = Arc<Mutex<Vec<SocketAddr>>>;

/// A running balancer, which ends when it is dropped.
pub(crate) struct Balancer {
    pub(crate) address: SocketAddr,
    listening: JoinHandle<()>,
}

impl Balancer {
    pub(crate) async fn start(servers: &Servers) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a port");
        let listening = tokio::spawn(listen(listener, Arc::clone(servers)));
        Self { address, listening }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, servers: Servers) {
    let turn = Arc::new(AtomicUsize::new(0));
    while let Ok((mut client, _)) = listener.accept().await {
        let (servers, turn) = (Arc::clone(&servers), Arc::clone(&turn));
        tokio::spawn(async move {
            let servers = servers.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let first = turn.fetch_add(1, Ordering::Relaxed);
            for n in 0..servers.len() {
                if let Ok(mut server) = TcpStream::connect(servers[(first + n) % servers.len()]).await {
                    let _ = client.set_nodelay(true);
                    let _ = server.set_nodelay(true);
                    // However it ends, both sides see the end of their connection.
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                    return;
                }
            }
        });
    }
}
