//! A TCP proxy before a database or another server, which fails when it is told to.

use std::io::Result;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the connections through a proxy do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Open,
    /// Each packet of a client is held up for so long.
    Slow(Duration),
    Stalled,
    Cut,
}

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The packet does not reach the server.
    BeforePacket,
    /// The packet reaches the server, whose answer is lost.
    BeforeAnswer,
}

/// A cut that is still to come.
struct Plan {
    packets: usize,
    cut: Cut,
    /// What happens at that very moment, before the client can see it.
    then: Box<dyn FnOnce() + Send>,
}

/// A proxy. It ends, with its connections, when it is dropped.
pub struct Proxy {
    port: u16,
    line: watch::Sender<Line>,
    plan: Arc<Mutex<Option<Plan>>>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// A proxy before the server at this address, on a free port of this machine.
    ///
    /// # Errors
    /// Fails when no port is free.
    pub async fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let (line, lines) = watch::channel(Line::Open);
        let plan = Arc::default();
        let listening = tokio::spawn(listen(listener, server, lines, Arc::clone(&plan)));
        Ok(Self { port, line, plan, listening })
    }

    /// The port of this machine where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing passes any more, in either direction, and nobody is told.
    pub fn stall(&self) {
        self.line.send_replace(Line::Stalled);
    }

    /// Each packet of a client passes after so long.
    pub fn delay(&self, time: Duration) {
        self.line.send_replace(Line::Slow(time));
    }

    /// Ends every connection, and every new one at once.
    pub fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    /// Lets everything pass again.
    pub fn open(&self) {
        self.plan().take();
        self.line.send_replace(Line::Open);
    }

    /// Cuts one connection, after so many more packets of the clients have passed.
    pub fn cut_after(&self, packets: usize, cut: Cut) {
        self.at_packet(packets, cut, || {});
    }

    /// The same, and does something at that very moment, before the client can see it.
    pub fn at_packet(&self, packets: usize, cut: Cut, then: impl FnOnce() + Send + 'static) {
        *self.plan() = Some(Plan { packets, cut, then: Box::new(then) });
    }

    /// Whether that cut has not come yet.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.plan().is_some()
    }

    fn plan(&self) -> std::sync::MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    server: SocketAddr,
    lines: watch::Receiver<Line>,
    plan: Arc<Mutex<Option<Plan>>>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let (lines, plan) = (lines.clone(), Arc::clone(&plan));
        tokio::spawn(async move {
            if *lines.borrow() != Line::Cut
                && let Ok(server) = TcpStream::connect(server).await
            {
                // However it ends, both sides see the end of their connection.
                let _ = carry(client, server, lines, &plan).await;
            }
        });
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    mut lines: watch::Receiver<Line>,
    plan: &Mutex<Option<Plan>>,
) -> Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    loop {
        let line = *lines.borrow_and_update();
        if line == Line::Cut {
            return Ok(());
        }
        tokio::select! {
            biased;
            change = lines.changed() => if change.is_err() { return Ok(()) },
            read = client.read(&mut up), if line != Line::Stalled => {
                let packet = &up[..read?];
                if packet.is_empty() {
                    return Ok(());
                }
                if let Line::Slow(time) = line {
                    tokio::time::sleep(time).await;
                }
                match planned(plan) {
                    None => server.write_all(packet).await?,
                    Some(Plan { cut, then, .. }) => {
                        if cut == Cut::BeforeAnswer {
                            server.write_all(packet).await?;
                            // Its answer says that the server has done what it was asked.
                            server.read(&mut down).await.map(drop)?;
                        }
                        then();
                        return Ok(());
                    }
                }
            }
            read = server.read(&mut down), if line != Line::Stalled => match read? {
                0 => return Ok(()),
                length => client.write_all(&down[..length]).await?,
            },
        }
    }
}

/// Counts a packet; the cut, when it is this packet's turn.
fn planned(plan: &Mutex<Option<Plan>>) -> Option<Plan> {
    let mut plan = plan.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = plan.as_mut()?;
    if waiting.packets == 0 {
        return plan.take();
    }
    waiting.packets -= 1;
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each packet with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
        address
    }

    async fn ask(stream: &mut TcpStream) -> bool {
        let mut answer = [0; 4];
        stream.write_all(b"ping").await.is_ok() && stream.read_exact(&mut answer).await.is_ok() && answer == *b"ping"
    }

    #[tokio::test]
    async fn cuts_and_opens_when_told() {
        let proxy = Proxy::start(echo().await).await.unwrap();
        let connect = || async { TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap() };
        for cut in [Cut::BeforePacket, Cut::BeforeAnswer] {
            let mut stream = connect().await;
            proxy.cut_after(2, cut);
            assert!(ask(&mut stream).await && ask(&mut stream).await && proxy.is_waiting());
            assert!(!ask(&mut stream).await && !proxy.is_waiting());
        }
        let mut stream = connect().await;
        proxy.delay(Duration::from_millis(1));
        assert!(ask(&mut stream).await);
        proxy.stall();
        {
            let mut asking = std::pin::pin!(ask(&mut stream));
            for _ in 0..100 {
                tokio::task::yield_now().await;
                assert!(futures_poll(&mut asking).await.is_none());
            }
            proxy.open();
            assert!(asking.await);
        }
        proxy.cut();
        assert!(!ask(&mut stream).await && !ask(&mut connect().await).await);
        proxy.open();
        assert!(ask(&mut connect().await).await);
    }

    /// The result, if there is one yet.
    async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(context) {
                std::task::Poll::Ready(output) => Some(output),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
