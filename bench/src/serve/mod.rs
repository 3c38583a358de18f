//! The servers: the library's routes beside those it is compared with.

mod actix;
mod axum;
mod poem;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use auth_core::Auth;

use crate::handwritten::{Me, Pool};
use crate::server::READY;
use crate::{Result, config, statements};

/// What the routes share.
#[derive(Clone)]
struct App {
    auth: Auth,
    pool: Pool,
    example: Arc<Me>,
}

/// Serves until the process is ended. `count` counts the statements.
pub(crate) fn run(framework: &str, database: &str, count: bool) -> Result {
    if count {
        statements::listen()?;
    }
    match framework {
        "axum" => multi_threaded()?.block_on(axum::serve(database, count)),
        "actix" => actix::serve(database, count),
        "poem" => multi_threaded()?.block_on(poem::serve(database, count)),
        other => Err(format!("there is no framework `{other}`").into()),
    }
}

fn multi_threaded() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

impl App {
    async fn new(database: &str, count: bool) -> Result<Self> {
        let db = config::connect(database, count).await?;
        let pool = Pool::of(&db);
        Ok(Self { auth: config::auth(db)?, pool, example: Arc::new(Me::example()) })
    }
}

fn bind() -> Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Tells the one who started us where we are.
fn announce(address: SocketAddr) -> Result {
    let mut output = std::io::stdout();
    writeln!(output, "{READY}{address}")?;
    Ok(output.flush()?)
}
