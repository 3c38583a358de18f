//! A server in a process of its own, to be killed: the suite starts itself once more.

use std::io::{BufRead, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auth_core::mail::{Content, LinkConfig, Mail, MailConfig, MailError};
use auth_core::password_reset::PasswordResetConfig;
use auth_core::sea_orm::{DatabaseConnection, DbBackend};
use auth_core::{Mailer, OsRandom};
use auth_testkit::TestParts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::targets::Server;
use crate::{Setup, Target, child, document, mails};

/// The variable that makes the suite's process a victim.
pub const VARIABLE: &str = "SUITE_VICTIM";

/// What a victim is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// The URL of its database.
    pub(crate) database: String,
    /// How many connections it has.
    pub(crate) connections: u32,
    /// The framework.
    pub(crate) target: String,
    /// By how many seconds its clock, which stands still, is ahead of that of the first one.
    pub(crate) ahead: u64,
    /// Whether mails leave.
    pub(crate) workers: bool,
}

/// A mail that left, in the words of the victim's mail server: its output, which outlives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Posted {
    pub(crate) to: String,
    pub(crate) kind: String,
    pub(crate) token: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Ready {
    address: SocketAddr,
}

/// The running victim. It ends with this value at the latest.
pub(crate) struct Victim {
    process: Arc<Mutex<Child>>,
    address: SocketAddr,
    posted: Arc<Mutex<Vec<Posted>>>,
    reader: Option<std::thread::JoinHandle<()>>,
    http: reqwest::Client,
}

impl Victim {
    /// Starts one, and waits until it listens.
    pub(crate) async fn start(orders: &Orders) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the suite has a path"));
        command.env(VARIABLE, serde_json::to_string(orders).expect("JSON"));
        let (process, output, Ready { address }) = child::start(command).await;
        let posted = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&posted);
        let reader = std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The kill may have come in the middle of the last one, which then was not accepted.
                if let Ok(mail) = serde_json::from_str(&line) {
                    keep.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                }
            }
        });
        // No connection is used twice: an answer that is lost is the victim's death and nothing else.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("an HTTP client");
        Self { process: Arc::new(Mutex::new(process)), address, posted, reader: Some(reader), http }
    }

    /// What kills it, at once and without a word (SIGKILL).
    pub(crate) fn killer(&self) -> impl FnOnce() + Send + 'static {
        let process = Arc::clone(&self.process);
        move || {
            let mut process = process.lock().unwrap_or_else(PoisonError::into_inner);
            process.kill().expect("it was not waited for yet");
            process.wait().expect("it is our child");
        }
    }

    /// What left before the end, once it is dead.
    pub(crate) async fn legacy(mut self) -> Vec<Posted> {
        let reader = self.reader.take().expect("it is taken once");
        tokio::task::spawn_blocking(move || reader.join()).await.expect("a thread").expect("no panic");
        self.posted()
    }

    /// What left so far.
    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The status and the body of an answer; `None` when there is none because it died.
    pub(crate) async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Value) -> Option<(u16, Value)> {
        let method: http::Method = method.parse().expect("a method");
        let mut request = self.http.request(method.clone(), format!("http://{}{path}", self.address));
        if !body.is_null() {
            request = request.json(&body);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.ok()?;
        let described = document::check_path(&method, path, (status, &headers, &body));
        described.unwrap_or_else(|problem| panic!("{method} {path}: not as docs/openapi.json says: {problem}"));
        Some((status.as_u16(), serde_json::from_slice(&body).unwrap_or_default()))
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        // It may be dead already.
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// A mail server that is the process' output.
struct Output;

#[async_trait::async_trait]
impl Mailer for Output {
    async fn send(&self, mail: &Mail, _: &Content) -> Result<(), MailError> {
        let token = mail.link.as_ref().map(|_| mails::token_of(mail));
        say(&Posted { to: mail.to.address().to_owned(), kind: mail.kind.clone(), token });
        Ok(())
    }
}

fn say(value: &impl Serialize) {
    let mut line = serde_json::to_vec(value).expect("JSON");
    line.push(b'\n');
    let mut output = std::io::stdout().lock();
    output.write_all(&line).and_then(|()| output.flush()).expect("somebody reads");
}

/// Waits until the connection that was opened rests in its pool. Until then packets pass that belong to no request.
async fn settle(db: &DatabaseConnection) {
    let rests = || match db.get_database_backend() {
        DbBackend::Postgres => db.get_postgres_connection_pool().num_idle() > 0,
        DbBackend::MySql => db.get_mysql_connection_pool().num_idle() > 0,
        _ => true,
    };
    while !rests() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What the process does that is told to be a victim: serves until it is killed, or nobody is there any more.
#[must_use]
pub fn serve(orders: &str) -> ExitCode {
    let orders: Orders = serde_json::from_str(orders).expect("orders");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let db = auth_testkit::connect(&orders.database, orders.connections).await.expect("a connection");
        settle(&db).await;
        let parts = TestParts::default();
        parts.clock.advance(Duration::from_secs(orders.ahead));
        let builder = Setup::default().apply(parts.builder(db));
        // Its clock stands still, and is put on after each kill: nothing may wait for it, and no link expire on the way.
        let mail = MailConfig::new(Output).with_job_delay(Duration::ZERO);
        let reset = PasswordResetConfig { link: LinkConfig::new("reset-password", Duration::from_secs(24 * 60 * 60)) };
        // Seeded randomness would be that of the victim before.
        let builder = builder.random(OsRandom).mail(mail).password_reset(reset);
        let auth = builder.build().expect("a good configuration");
        let target = Target::ALL.into_iter().find(|target| target.name() == orders.target);
        let server = Server::start(target.expect("a target"), &auth).expect("a framework");
        say(&Ready { address: server.address });
        let _workers = orders.workers.then(|| auth.spawn_workers());
        let wait = || std::io::stdin().read_to_end(&mut Vec::new());
        let _ = tokio::task::spawn_blocking(wait).await;
    });
    ExitCode::SUCCESS
}
