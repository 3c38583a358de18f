//! An app under test: a configuration on a database, behind a target.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::identifier::Email;
use auth_core::password::Password;
use auth_core::sea_orm::DatabaseConnection;
use auth_core::session::{Credential, Freshness, SessionConfig};
use auth_core::{Auth, AuthBuilder, Principal};
use auth_http::Table;
use auth_testkit::{MemoryMailer, MockClock, Proxy, StatementLog, TestDb, TestHooks, TestParts};
use http::Method;
use serde_json::json;

use crate::targets::Server;
use crate::{Answer, Cx, Login, PASSWORD, Request, Setup, Target};

/// A running app. Clones are the same app.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    cx: Cx,
    target: Target,
    setup: Setup,
    database: Arc<TestDb>,
    parts: TestParts,
    table: Table,
    twin: Option<Twin>,
    pool: DatabaseConnection,
    peek: DatabaseConnection,
    statements: StatementLog,
    address: Option<SocketAddr>,
    http: reqwest::Client,
}

/// The other server of [`Target::Pair`].
struct Twin {
    table: Table,
    requests: AtomicUsize,
}

impl Twin {
    async fn start(cx: &Cx, database: &TestDb, setup: &Setup, parts: &TestParts) -> Self {
        let pool = match &setup.proxy {
            Some(proxy) => database.connect_through(proxy, setup.connections).await,
            None => database.connect(setup.connections).await,
        };
        let pool = pool.expect("a connection");
        cx.closes(&pool);
        let auth = setup.apply(remembering(parts.builder(pool))).build().expect("a good configuration");
        Self { table: Table::new(&auth).expect("backends with names of their own"), requests: AtomicUsize::new(0) }
    }
}

/// A server that remembers sessions.
fn remembering(builder: AuthBuilder) -> AuthBuilder {
    builder.sessions(SessionConfig { cached: 1_000, ..SessionConfig::default() })
}

impl App {
    pub(crate) async fn start(cx: &Cx, target: Target, database: Arc<TestDb>, setup: Setup, parts: TestParts) -> Self {
        let pool = match &setup.proxy {
            Some(proxy) => database.connect_through(proxy, setup.connections).await,
            None => database.connect(setup.connections).await,
        };
        let mut pool = pool.expect("a connection");
        let peek = database.connect(1).await.expect("a connection");
        let statements = StatementLog::default();
        statements.attach(&mut pool);
        [&pool, &peek].into_iter().for_each(|pool| cx.closes(pool));
        let builder = parts.builder(pool.clone()).statement_hook(statements.hook());
        let (builder, twin) = match target {
            Target::Pair => (remembering(builder), Some(Twin::start(cx, &database, &setup, &parts).await)),
            _ => (builder, None),
        };
        let auth = setup.apply(builder).build().expect("a good configuration");
        let server = Server::start(target, &auth);
        let address = server.as_ref().map(|server| server.address);
        if let Some(server) = server {
            cx.stops(server);
        }
        // A server may close the connection of a request that it refused before the body was there: each has its own.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        let http = http.redirect(reqwest::redirect::Policy::none()).build().expect("an HTTP client");
        let table = Table::new(&auth).expect("backends with names of their own");
        let cx = cx.clone();
        Self(Arc::new(Inner { cx, target, setup, database, parts, table, twin, pool, peek, statements, address, http }))
    }

    /// Another server of the same configuration on the same database, with the same clock and hooks.
    pub async fn second_server(&self) -> Self {
        self.server_with(self.0.setup.clone()).await
    }

    /// Another server on the same database, with the same clock and hooks, but configured otherwise.
    pub async fn server_with(&self, setup: Setup) -> Self {
        let Inner { cx, target, database, parts, .. } = &*self.0;
        Self::start(cx, *target, database.clone(), setup, parts.clone()).await
    }

    /// How to connect to the app's database.
    pub(crate) fn database_url(&self) -> &str {
        self.0.database.url()
    }

    /// A proxy before the server of the app's database, for [`Setup::proxy`]. SQLite has none.
    pub async fn proxy(&self) -> Arc<Proxy> {
        Arc::new(self.0.database.proxy().await.expect("a proxy"))
    }

    /// The database that it shares with its other servers.
    pub(crate) fn database(&self) -> &TestDb {
        &self.0.database
    }

    /// What answers the requests.
    #[must_use]
    pub fn target(&self) -> Target {
        self.0.target
    }

    /// The handle that the app works with.
    #[must_use]
    pub fn auth(&self) -> &Auth {
        self.0.table.auth()
    }

    /// Every route.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.0.table
    }

    /// The routes of the server whose turn it is.
    pub(crate) fn table_in_turn(&self) -> &Table {
        match &self.0.twin {
            Some(twin) if twin.requests.fetch_add(1, Ordering::Relaxed) % 2 == 1 => &twin.table,
            _ => self.table(),
        }
    }

    /// What the row of a route says that a successful request costs.
    #[must_use]
    pub fn cost(&self, id: &str) -> usize {
        let row = self.table().endpoints().iter().find(|endpoint| endpoint.id == id);
        row.and_then(|row| row.statements()).expect("a row that states its statements")
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &MockClock {
        &self.0.parts.clock
    }

    /// The app's hooks.
    #[must_use]
    pub fn hooks(&self) -> &TestHooks {
        &self.0.parts.hooks
    }

    /// The mails to everyone.
    #[must_use]
    pub fn mailer(&self) -> &MemoryMailer {
        &self.0.parts.mailer
    }

    /// The statements that the app has sent to its database.
    #[must_use]
    pub fn statements(&self) -> &StatementLog {
        &self.0.statements
    }

    /// Where the app listens; nowhere without a framework.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.address
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn tolerates_500(&self) -> bool {
        self.0.setup.tolerates_500
    }

    /// Who a login is for, and its session.
    pub async fn principal_of(&self, login: &Login) -> Principal {
        let backends = self.auth().backends().iter();
        let credentials: Vec<_> = backends.map(|backend| Credential { backend, token: &login.token }).collect();
        let found = self.auth().sessions().authenticate(&credentials, Freshness::Now).await;
        *found.expect("a database").expect("a session")
    }

    /// A request.
    pub fn request(&self, method: Method, path: &str) -> Request {
        Request::new(self, method, path)
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request {
        self.request(Method::POST, path)
    }

    /// A PUT request.
    pub fn put(&self, path: &str) -> Request {
        self.request(Method::PUT, path)
    }

    /// A PATCH request.
    pub fn patch(&self, path: &str) -> Request {
        self.request(Method::PATCH, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: &str) -> Request {
        self.request(Method::DELETE, path)
    }

    /// The app's own pool, for what a host does by itself.
    #[must_use]
    pub fn pool(&self) -> &DatabaseConnection {
        &self.0.pool
    }

    /// A connection of its own to look into the tables.
    #[must_use]
    pub fn db(&self) -> &DatabaseConnection {
        &self.0.peek
    }

    /// Takes the database away from the app.
    pub async fn lose_database(&self) {
        self.0.pool.clone().close().await.expect("the pool can be closed");
    }

    /// Registers `{name}@example.org` with [`PASSWORD`], without logging in.
    pub async fn register(&self, name: &str) -> Login {
        let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
        Login::new(&self.post("/auth/register").json(body).send().await.is(201).json())
    }

    /// Logs in through a backend.
    pub async fn login(&self, who: &Login, backend: &str) -> Login {
        who.with(&self.try_login(&who.email, PASSWORD, backend).await)
    }

    /// The answer to a login through a backend, whatever it is.
    pub async fn try_login(&self, name: &str, password: &str, backend: &str) -> Answer {
        let body = json!({ "username": name, "password": password });
        self.post(&format!("/auth/{backend}/login")).json(body).send().await
    }

    /// Registers somebody and logs in, through the backend `db`, or the default one where there is no such.
    pub async fn user(&self, name: &str) -> Login {
        let names: Vec<&str> = self.auth().backends().iter().map(|backend| backend.name.as_str()).collect();
        let backend = if names.contains(&"db") { "db" } else { names[0] };
        self.login(&self.register(name).await, backend).await
    }

    /// Registers a superuser and logs in.
    pub async fn superuser(&self, name: &str) -> Login {
        let login = self.user(name).await;
        self.promote(&login).await;
        login
    }

    /// A superuser whom the operator created, whatever the mode of registration is.
    pub async fn superuser_by_operator(&self) -> Login {
        let email = Email::parse("root@example.org").expect("an address");
        let created = self.auth().admin().create_superuser(email, Password::new(PASSWORD)).await.expect("an account");
        let root = Login::new(&json!({ "id": created.id, "email": created.email }));
        self.login(&root, "db").await
    }

    /// Sends bytes as they are and returns what comes back until the server closes the connection or falls silent.
    /// Only over a socket.
    pub async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        self.raw_in_parts(bytes, async || {}, &[]).await
    }

    /// The same in two parts, with something else in between.
    pub async fn raw_in_parts(&self, first: &[u8], meanwhile: impl AsyncFnOnce(), rest: &[u8]) -> Vec<u8> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        const SILENCE: std::time::Duration = std::time::Duration::from_millis(500);
        let address = self.address().expect("a scenario for sockets only");
        let mut stream = tokio::net::TcpStream::connect(address).await.expect("the server listens");
        stream.write_all(first).await.expect("the server reads");
        meanwhile().await;
        stream.write_all(rest).await.expect("the server reads");
        let mut answer = Vec::new();
        while let Ok(Ok(read)) = tokio::time::timeout(SILENCE, stream.read_buf(&mut answer)).await {
            if read == 0 {
                break;
            }
        }
        answer
    }
}

/// Runs `work` so many times at once: all begin when the last one is ready.
pub async fn race<T, F>(times: usize, work: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(tokio::sync::Barrier::new(times));
    let spawn = |index| {
        let (barrier, work) = (barrier.clone(), work(index));
        tokio::spawn(async move {
            barrier.wait().await;
            work.await
        })
    };
    let tasks: Vec<_> = (0..times).map(spawn).collect();
    let mut results = Vec::with_capacity(times);
    for task in tasks {
        results.push(task.await.unwrap_or_else(|failure| std::panic::resume_unwind(failure.into_panic())));
    }
    results
}

/// Waits for something that must come about; one that never does fails the scenario instead of hanging it.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..5000 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    panic!("never: {what}");
}
