//! Fills a database: users with one password, and a session for each.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use auth_core::password::Password;
use auth_core::secrecy::ExposeSecret;
use auth_core::session::Proof;
use auth_core::time::OffsetDateTime;
use auth_core::{Auth, Client, User, uuid};
use auth_entity::{REALM, Timestamp, address, session, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, ExprTrait, IntoActiveModel};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::Result;

/// Users, each with a session by cookie.
pub(crate) const USERS: usize = 10_000;
/// Users with a session by JWT besides.
const JWTS: usize = 1_000;
/// Rows of one `INSERT`.
const ROWS: usize = 500;
/// Sessions that are made beside each other.
const TASKS: usize = 8;

pub(crate) const PASSWORD: &str = "correct-horse-battery-staple-42";
pub(crate) const WRONG: &str = "wrong-horse-battery-staple-42";
/// What browsers call themselves.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
pub(crate) const DISPLAY_NAME: &str = "Ada Lovelace";

/// The tokens that the load is made with.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) cookie: Vec<String>,
    pub(crate) jwt: Vec<String>,
}

pub(crate) fn email(number: usize) -> String {
    format!("user{number:05}@example.com")
}

pub(crate) fn username(number: usize) -> String {
    format!("user{number:05}")
}

pub(crate) fn attributes() -> Value {
    json!({ "theme": "dark", "language": "en" })
}

/// Makes the tables, the users and the sessions.
pub(crate) async fn seed(auth: &Auth, db: &DatabaseConnection) -> Result<Tokens> {
    auth_migration::migrate(db).await?;
    let hash = auth.hasher().hash(Password::new(PASSWORD)).await?;
    let rows: Vec<user::Model> = (0..USERS).map(|number| row(number, &hash)).collect();
    for chunk in rows.chunks(ROWS) {
        let addresses: Vec<_> = chunk.iter().map(address).collect();
        let chunk = chunk.iter().cloned().map(IntoActiveModel::into_active_model);
        user::Entity::insert_many(chunk).exec_without_returning(db).await?;
        address::Entity::insert_many(addresses).exec_without_returning(db).await?;
    }
    let users: Arc<[User]> = rows.into_iter().map(User::from).collect();
    let tokens = Tokens {
        cookie: sessions(auth, "cookie", users.clone(), USERS).await?,
        jwt: sessions(auth, "jwt", users, JWTS).await?,
    };
    date_ahead(db).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        // The throwaway server has no autovacuum that would do it.
        db.execute_unprepared("VACUUM ANALYZE").await?;
    }
    Ok(tokens)
}

fn address(user: &user::Model) -> address::ActiveModel {
    let (realm, email_key) = (user.realm.clone(), user.email.clone().unwrap_or_default());
    address::Model { realm, email_key, user_id: user.id, is_current: true, reserved_until: None }.into_active_model()
}

fn row(number: usize, hash: &str) -> user::Model {
    let now = OffsetDateTime::now_utc();
    let mut unique = [0; 10];
    unique[2..].copy_from_slice(&(number as u64).to_be_bytes());
    let milliseconds = (now.unix_timestamp_nanos() / 1_000_000) as u64;
    user::Model {
        id: uuid::Builder::from_unix_timestamp_millis(milliseconds, &unique).into_uuid(),
        realm: REALM.to_owned(),
        email: Some(email(number)),
        username: Some(username(number)),
        username_key: Some(username(number)),
        password_hash: Some(hash.to_owned().into()),
        password_is_confirmed: true,
        is_active: true,
        is_superuser: false,
        is_verified: true,
        must_change_password: false,
        display_name: Some(DISPLAY_NAME.to_owned()),
        locale: None,
        attributes: attributes(),
        sev: 0,
        created_at: Timestamp(now),
        updated_at: Timestamp(now),
        last_login_at: None,
        delete_at: None,
    }
}

/// A session of `backend` for each of the first users; answers their tokens.
async fn sessions(auth: &Auth, backend: &'static str, users: Arc<[User]>, count: usize) -> Result<Vec<String>> {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (auth, users) = (auth.clone(), users.clone());
        let client = Client::new(Some(IpAddr::from([203, 0, 113, 7])), Some(USER_AGENT));
        tasks.spawn(async move {
            let mut tokens = Vec::new();
            for user in users.iter().take(count).skip(task).step_by(TASKS) {
                let backend = auth.sessions().backend(backend)?;
                let login = auth.sessions().establish(user, Proof::password(), backend, &client).await?;
                tokens.push(login.token.access_token.expose_secret().to_owned());
            }
            Ok::<_, auth_core::Error>(tokens)
        });
    }
    let mut tokens = Vec::with_capacity(count);
    while let Some(finished) = tasks.join_next().await {
        tokens.extend(finished??);
    }
    Ok(tokens)
}

/// Dates the last use of each session ahead: it is written down once a minute, which must not fall into a round by
/// chance.
pub(crate) async fn date_ahead(db: &DatabaseConnection) -> Result {
    const AHEAD: Duration = Duration::from_secs(60 * 60);
    let last_seen = Expr::col(session::Column::LastSeenAt).add(AHEAD.as_millis() as i64);
    session::Entity::update_many().col_expr(session::Column::LastSeenAt, last_seen).exec(db).await?;
    Ok(())
}

/// Dates the last use of every session back, so that the next request of each writes it down.
pub(crate) async fn date_back(db: &DatabaseConnection) -> Result {
    let last_seen = Expr::value(Timestamp(OffsetDateTime::now_utc() - Duration::from_secs(120)));
    session::Entity::update_many().col_expr(session::Column::LastSeenAt, last_seen).exec(db).await?;
    Ok(())
}
