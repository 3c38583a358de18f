//! Starting: what happens before a framework is handed the routes.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use auth_core::admin::Bootstrap;
use auth_core::hasura::HasuraOptions;
use auth_core::login::LoginConfig;
use auth_core::mail::{LogMailer, SmtpMailer};
use auth_core::role::RoleConfig;
use auth_core::secrecy::{ExposeSecret, SecretString};
use auth_core::session::SessionConfig;
use auth_core::token::JwtOptions;
use auth_core::{Auth, Backend, CookieOptions, Limits, RefreshOptions, Registration, RootSecret, Workers};
use auth_http::{Problem, Role, Table};
use auth_redis::RedisStrategy;
use bytes::Bytes;
use http::{HeaderMap, Response};
use sea_orm::DatabaseConnection;
use tracing_subscriber::EnvFilter;
use url::form_urlencoded;

use crate::config::Proxy;
use crate::notes::{Moderator, Notes};
use crate::site::{Behind, CONFIRM_LOGIN, MAGIC_LINK, Site};
use crate::{Config, Failure, database, metrics, secret};

/// How many sessions the server remembers with `SESSION_CACHE`.
const CACHED: u64 = 10_000;

/// What the handlers of an example app work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The authentication.
    pub auth: Auth,
    /// The notes.
    pub notes: Notes,
    /// The pages.
    pub site: Site,
    /// What every answer says that does not say otherwise.
    pub headers: HeaderMap,
    /// Send mail and forget what has expired, for as long as the app runs.
    _workers: Arc<Workers>,
}

impl App {
    /// One of the [`pages`](crate::pages). `known` are the values of the request's `If-None-Match`.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn page<'h>(
        &self,
        path: &str,
        query: Option<&str>,
        known: impl IntoIterator<Item = &'h [u8]>,
    ) -> Result<Response<Bytes>, Problem> {
        let mut query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let links = self.auth.magic_link();
        let behind = match query.find(|(name, _)| name == "token") {
            Some((_, token)) if path == MAGIC_LINK => links.preview(&token).await?.map(Behind::Login),
            Some((_, token)) if path == CONFIRM_LOGIN => links.waiting_device(&token).await?.map(Behind::Device),
            _ => None,
        };
        Ok(self.site.page(path, behind.as_ref(), known).unwrap_or_else(|| self.site.not_found()))
    }

    /// Adds the headers that every answer has which does not have them already.
    pub fn complete(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// Reads the environment, connects to the database, brings its tables up to date, and listens.
///
/// # Errors
/// Whatever keeps the app from starting, in words that say what to do.
pub async fn start() -> Result<(App, TcpListener), Failure> {
    let config = prepare("info,sea_orm_migration=warn")?;
    for name in &config.unused {
        tracing::warn!("{name} is set, but this version has no use for it yet");
    }
    if let Some(address) = config.metrics_bind {
        metrics::serve(address).await?;
    }
    let listener = TcpListener::bind(config.bind).map_err(|cause| Failure::of("BIND", cause))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let db = database::connect(config.database_url.expose_secret())
        .await
        .map_err(|cause| Failure::of("DATABASE_URL", cause))?;
    let auth = build(&config, address, db.clone()).await?;
    auth.installation().check_keys().await?;
    bootstrap(&auth, &config).await?;
    let table = Table::new(&auth)?;
    let app = App {
        notes: Notes::new(&auth, db),
        site: Site::new(&table),
        headers: table.headers(),
        _workers: Arc::new(auth.spawn_workers()),
        auth,
    };
    greet(&format!("http://{address}"), &app.auth, &config);
    Ok((app, listener))
}

/// The authentication of an app with the same environment, for a command that serves nothing.
///
/// # Errors
/// What is wrong with the environment, or a database that is away.
pub async fn open() -> Result<Auth, Failure> {
    let config = prepare("warn")?;
    let db = database::open(config.database_url.expose_secret())
        .await
        .map_err(|cause| Failure::of("DATABASE_URL", cause))?;
    build(&config, config.bind, db).await
}

/// Begins to write the log, and reads the environment.
fn prepare(level: &str) -> Result<Config, Failure> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(Config::from_env()?)
}

async fn build(config: &Config, address: SocketAddr, db: DatabaseConnection) -> Result<Auth, Failure> {
    let secret = match &config.secret {
        Some(secret) => RootSecret::new(secret.expose_secret()),
        None => secret::of_file(config.database_url.expose_secret(), &db)
            .await
            .map_err(|cause| Failure::of("AUTH_SECRET", cause))?,
    };
    let builder = match &config.smtp {
        Some((server, from)) => {
            let mailer = SmtpMailer::new(server.expose_secret(), from);
            let mailer = mailer.map_err(|cause| Failure::of("SMTP_URL and MAIL_FROM", cause))?;
            Auth::builder(db).mail(mailer)
        }
        None => Auth::builder(db).mail(LogMailer::new()),
    };
    let mut builder = builder
        .secret(secret)
        .service_name("Notes")
        .backend(Backend::cookie("cookie", CookieOptions::default()))
        .backend(Backend::bearer("jwt").jwt(JwtOptions::default()).refresh(RefreshOptions::default()))
        .backend(Backend::bearer("db"))
        .hasura(HasuraOptions { magic_link_wait: config.hasura_magic_link_wait, ..HasuraOptions::default() })
        .roles(RoleConfig::default().declare(Moderator::NAME))
        .registration(config.registration)
        .email_change(config.email_change)
        .limits(if config.rate_limits { Limits::default() } else { Limits::off() })
        .login(LoginConfig { require_verified: config.require_verified })
        .sessions(SessionConfig { cached: if config.session_cache { CACHED } else { 0 }, ..SessionConfig::default() })
        .passwords(config.password_policy.clone());
    if let Some(url) = &config.redis {
        let redis = RedisStrategy::new(url.expose_secret()).map_err(|cause| Failure::of("REDIS_URL", cause))?;
        builder = builder.backend(Backend::bearer("redis").custom(redis.prefix("notes:")));
    }
    let former = |secret: &SecretString| RootSecret::new(secret.expose_secret());
    builder = config.former_secrets.iter().fold(builder, |builder, secret| builder.former_secret(former(secret)));
    builder = config.allowed_origins.iter().fold(builder, |builder, origin| builder.allowed_origin(origin));
    builder = config.trusted_proxies.iter().fold(builder, |builder, proxy| match proxy {
        Proxy::Network(network) => builder.trusted_proxy(*network),
        Proxy::UnixSocket => builder.trusted_unix_socket(),
    });
    builder = config.frontend_url.iter().fold(builder, |builder, url| builder.frontend_url(url));
    builder = match &config.public_url {
        Some(url) => builder.public_url(url),
        None => builder.public_url(format!("http://localhost:{}", address.port())),
    };
    if config.insecure_public_url {
        builder = builder.insecure_public_url();
    }
    // Without an address of its own the app is for this machine, whose browsers may also be pointed at what is printed.
    if config.public_url.is_none() && address.ip().is_loopback() {
        builder = builder.allowed_origin(format!("http://{address}"));
    }
    Ok(builder.build()?)
}

/// Creates the first superuser.
async fn bootstrap(auth: &Auth, config: &Config) -> Result<(), Failure> {
    let Some((email, password)) = config.admin.clone() else { return Ok(()) };
    match auth.admin().ensure_superuser(email, password).await {
        Ok(Bootstrap::Created(user)) => tracing::info!(user_id = %user.id, "created the superuser of ADMIN_EMAIL"),
        Ok(Bootstrap::Done) => tracing::info!("there was a first superuser before: ADMIN_EMAIL has no effect any more"),
        Ok(Bootstrap::AddressTaken) => tracing::error!(
            "the address in ADMIN_EMAIL belongs to somebody who is not a superuser, and no superuser was created: set \
             another address, or run `admin-cli create-superuser`"
        ),
        Err(cause) => {
            return Err(match cause.reason() {
                Some(reason) => Failure::of("ADMIN_PASSWORD", reason),
                None => Failure::of("ADMIN_EMAIL", cause),
            });
        }
    }
    Ok(())
}

/// Prints the first things to try.
#[allow(clippy::print_stdout, reason = "this is what the app has to say to the person who started it")]
fn greet(url: &str, auth: &Auth, config: &Config) {
    println!("listening on {url}\n");
    // Cookies and links in mails are those of this name.
    println!("In a browser: {}\n", auth.settings().public_url);
    if config.registration != Registration::Open || config.require_verified {
        println!("curl -s {url}/healthz\n");
        return;
    }
    println!(
        "curl -s {url}/auth/register -H 'content-type: application/json' \
         -d '{{\"email\":\"ada@example.com\",\"password\":\"kettle-Umbrella-42-river\"}}'\n\
         curl -s {url}/auth/login -c jar -d username=ada@example.com -d password=kettle-Umbrella-42-river\n\
         curl -s {url}/users/me -b jar\n\
         TOKEN=$(curl -s {url}/auth/jwt/login -d username=ada@example.com -d password=kettle-Umbrella-42-river \
         | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\
         curl -s {url}/notes -H \"authorization: Bearer $TOKEN\" -d '{{\"text\":\"hello\"}}'\n\
         curl -s {url}/notes -H \"authorization: Bearer $TOKEN\"\n\n\
         curl -s {url}/auth/forgot-password -H 'content-type: application/json' -d '{{\"email\":\"ada@example.com\"}}'\n\
         read -p 'the token of the link that was mailed (or logged): ' TOKEN\n\
         curl -s {url}/auth/reset-password -H 'content-type: application/json' \
         -d '{{\"token\":\"'\"$TOKEN\"'\",\"password\":\"violet-Harbour-57-lamp\"}}'\n\n\
         More of it: examples/README.md"
    );
}
