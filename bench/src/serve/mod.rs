//! The servers: the library's routes beside those it is compared with.

mod actix;
mod axum;
mod poem;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use auth_core::password::HasherConfig;
use auth_core::{Auth, Limits, Workers};

use crate::handwritten::{Me, Pool};
use crate::server::READY;
use crate::{Result, config, statements};

/// What the routes share.
#[derive(Clone)]
struct App {
    auth: Auth,
    pool: Pool,
    example: Arc<Me>,
    /// They work for as long as this is there.
    _workers: Option<Arc<Workers>>,
}

/// How a server differs from the usual one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extras<'a> {
    /// Counts the statements.
    count: bool,
    /// Has workers, which hand mails over to the SMTP server at this URL.
    smtp: Option<&'a str>,
    /// Has the limits of the library as they come.
    guarded: bool,
    /// Has one thread, one connection to its database and cheap hashes.
    single: bool,
}

impl<'a> Extras<'a> {
    pub(crate) fn parse(words: &[&'a str]) -> Result<Self> {
        match words {
            [] => Ok(Self::default()),
            ["--count"] => Ok(Self { count: true, ..Self::default() }),
            ["--smtp", url] => Ok(Self { smtp: Some(*url), ..Self::default() }),
            ["--guarded"] => Ok(Self { guarded: true, ..Self::default() }),
            ["--single"] => Ok(Self { single: true, ..Self::default() }),
            other => Err(format!("a server has no options {other:?}").into()),
        }
    }
}

/// Serves until the process is ended.
pub(crate) fn run(framework: &str, database: &str, extras: Extras<'_>) -> Result {
    if extras.count {
        statements::listen()?;
    }
    match framework {
        "axum" => runtime(extras.single)?.block_on(axum::serve(database, extras)),
        "actix" => actix::serve(database, extras),
        "poem" => runtime(extras.single)?.block_on(poem::serve(database, extras)),
        other => Err(format!("there is no framework `{other}`").into()),
    }
}

fn runtime(single: bool) -> Result<tokio::runtime::Runtime> {
    match single {
        true => Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?),
        false => multi_threaded(),
    }
}

pub(crate) fn multi_threaded() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

impl App {
    async fn new(database: &str, extras: Extras<'_>) -> Result<Self> {
        let db = match extras.single {
            true => config::connect_single(database).await?,
            false => config::connect(database, extras.count).await?,
        };
        let pool = Pool::of(&db);
        let hasher = if extras.single { config::cheap_hashes() } else { HasherConfig::default() };
        let limits = if extras.guarded { Limits::default() } else { Limits::off() };
        let auth = config::builder(db, extras.smtp, hasher, limits)?.build()?;
        let workers = extras.smtp.map(|_| Arc::new(auth.spawn_workers()));
        Ok(Self { auth, pool, example: Arc::new(Me::example()), _workers: workers })
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
