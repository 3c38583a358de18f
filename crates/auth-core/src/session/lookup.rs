//! The one query of an authenticated request.

use std::str::FromStr;
use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};
use serde_json::Value as Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Principal, Session};
use crate::error::{Error, Result};
use crate::installation::epoch;
use crate::principal::Source;
use crate::token::TokenRef;
use crate::user::User;

/// What is packed into one column, in this order: drivers copy and free each column by itself, which costs more than to write
/// numbers as text and to read them.
const NUMBERS: [&str; 14] = [
    "u.is_superuser",
    "u.is_verified",
    "u.must_change_password",
    "u.sev",
    "u.created_at",
    "u.updated_at",
    "COALESCE(u.last_login_at, 0)",
    "s.auth_time",
    "s.aal",
    "s.created_at",
    "s.last_seen_at",
    "s.expires_at",
    "s.remembered",
    "s.token_at",
];

/// What follows them there. The last one may hold anything, the others hold no separator.
const TEXTS: [&str; 3] = ["s.backend", "COALESCE(s.ip, '')", "s.amr"];

/// A row of the statement: the session's id and the user's, what is packed, `User-Agent`, scope, and of the user the address, the
/// name, the display name and the attributes.
type Row = (Uuid, Uuid, String, Text, Text, Text, Text, Text, Json);
type Text = Option<String>;

/// The columns of a session whose user is active and whose epoch is the user's. Columns cost time and conditions don't, so what is
/// only tested is not selected.
fn select(backend: DbBackend) -> String {
    let columns = [&NUMBERS[..], &TEXTS].concat().join(", ");
    let packed = match backend {
        // Older versions of SQLite have no `CONCAT_WS`.
        DbBackend::Sqlite => {
            let formats = [&NUMBERS.map(|_| "%d")[..], &TEXTS.map(|_| "%s")].concat().join("|");
            format!("PRINTF('{formats}', {columns})")
        }
        _ => format!("CONCAT_WS('|', {columns})"),
    };
    format!(
        "SELECT s.id, s.user_id, {packed}, s.user_agent, s.scope, u.email, u.username, u.display_name, u.attributes \
        FROM authn_session s INNER JOIN authn_user u ON u.id = s.user_id AND u.sev = s.sev AND u.is_active WHERE "
    )
}

/// The statement's two texts, made once: building them for every request would cost more than preparing them does. No
/// `LIMIT`, which the unique columns make needless and SQLite would prepare anew every time.
pub(crate) struct Lookup {
    backend: DbBackend,
    by_digest: Arc<str>,
    by_id: Arc<str>,
    source: Source,
    pool: Pool,
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
        expect(dead_code, reason = "sea-orm sees all statements then")
    )]
    hook: Option<StatementHook>,
}

/// Is told of each statement that sea-orm does not see.
pub(crate) type StatementHook = Arc<dyn Fn(&str) + Send + Sync>;

/// The connections of the app, as its driver has them: beside its own work, what sea-orm adds to a statement is felt.
enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sea_orm::sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sea_orm::sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sea_orm::sqlx::MySqlPool),
    /// The feature for the database is off, or the connection came from elsewhere.
    SeaOrm(DatabaseConnection),
}

impl Pool {
    fn of(db: &DatabaseConnection) -> Self {
        #[cfg(feature = "sqlite")]
        if let sea_orm::DatabaseConnectionType::SqlxSqlitePoolConnection(_) = db.inner {
            return Self::Sqlite(db.get_sqlite_connection_pool().clone());
        }
        #[cfg(feature = "postgres")]
        if let sea_orm::DatabaseConnectionType::SqlxPostgresPoolConnection(_) = db.inner {
            return Self::Postgres(db.get_postgres_connection_pool().clone());
        }
        #[cfg(feature = "mysql")]
        if let sea_orm::DatabaseConnectionType::SqlxMySqlPoolConnection(_) = db.inner {
            return Self::MySql(db.get_mysql_connection_pool().clone());
        }
        Self::SeaOrm(db.clone())
    }
}

/// Asks a driver's pool. A macro, because the drivers have no type in common that could be named.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
macro_rules! ask {
    ($lookup:expr, $pool:expr, $token:expr) => {{
        let sql = $lookup.sql($token);
        let query = sea_orm::sqlx::query_as(sea_orm::sqlx::AssertSqlSafe(Arc::clone(sql)));
        let query = match $token {
            TokenRef::Digest(digest) => query.bind(digest.to_vec()),
            TokenRef::Session { id, security_epoch } => query.bind(id).bind(security_epoch),
        };
        let asked: std::result::Result<Option<Row>, _> = query.fetch_optional($pool).await;
        if let Some(hook) = &$lookup.hook {
            hook(sql);
        }
        match asked {
            Ok(row) => row.map(|row| read(row, $lookup.source)).transpose(),
            Err(cause) => Err(sea_orm::DbErr::Query(sea_orm::RuntimeErr::SqlxError(cause.into())).into()),
        }
    }};
}

impl Lookup {
    pub(crate) fn new(db: &DatabaseConnection, source: Source, hook: Option<StatementHook>) -> Self {
        let backend = db.get_database_backend();
        let [first, second] = if backend == DbBackend::Postgres { ["$1", "$2"] } else { ["?", "?"] };
        let select = select(backend);
        Self {
            backend,
            by_digest: format!("{select}s.token_hash = {first} AND s.created_at > {}", epoch::SQL).into(),
            // A token of an older epoch than the session's was replaced by another one.
            by_id: format!("{select}s.id = {first} AND s.token_sev <= {second} AND s.created_at > {}", epoch::SQL)
                .into(),
            source,
            pool: Pool::of(db),
            hook,
        }
    }

    fn sql(&self, token: TokenRef) -> &Arc<str> {
        match token {
            TokenRef::Digest(_) => &self.by_digest,
            TokenRef::Session { .. } => &self.by_id,
        }
    }

    /// The session that a token points to, with its user; whether it has expired is for the caller to say.
    pub(super) async fn find(&self, token: TokenRef) -> Result<Option<Box<Principal>>> {
        match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => ask!(self, pool, token),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => ask!(self, pool, token),
            #[cfg(feature = "mysql")]
            Pool::MySql(pool) => ask!(self, pool, token),
            // Boxed: it is several kilobytes, which every request would carry.
            Pool::SeaOrm(db) => Box::pin(self.find_in(db, token)).await,
        }
    }

    /// The same within a transaction.
    pub(super) async fn find_in(&self, db: &impl ConnectionTrait, token: TokenRef) -> Result<Option<Box<Principal>>> {
        let values: Vec<Value> = match token {
            TokenRef::Digest(digest) => vec![digest.to_vec().into()],
            TokenRef::Session { id, security_epoch } => vec![id.into(), security_epoch.into()],
        };
        let statement = Statement::from_sql_and_values(self.backend, self.sql(token).as_ref(), values);
        let Some(row) = db.query_one_raw(statement).await? else { return Ok(None) };
        read(row.try_get_many_by_index()?, self.source).map(Some)
    }
}

/// Boxed: it is handed on from function to function, each of which would copy it.
fn read(row: Row, source: Source) -> Result<Box<Principal>> {
    let (id, user_id, packed, user_agent, scope, email, username, display_name, attributes) = row;
    let mut packed = Packed(&packed);
    let user = User {
        id: user_id,
        email,
        username,
        is_active: true,
        is_superuser: packed.truth()?,
        is_verified: packed.truth()?,
        must_change_password: packed.truth()?,
        display_name,
        attributes,
        security_epoch: packed.number()?,
        created_at: packed.time()?,
        updated_at: packed.time()?,
        last_login_at: Some(packed.time()?).filter(|at| *at != OffsetDateTime::UNIX_EPOCH),
        // Only inactive accounts wait for that.
        delete_at: None,
    };
    let session = Session {
        id,
        user_id,
        auth_time: packed.time()?,
        aal: packed.number()?,
        created_at: packed.time()?,
        last_seen_at: packed.time()?,
        expires_at: packed.time()?,
        remembered: packed.truth()?,
        token_at: packed.time()?,
        backend: packed.text()?.to_owned(),
        ip: Some(packed.text()?).filter(|ip| !ip.is_empty()).map(str::to_owned),
        amr: packed.0.to_owned(),
        user_agent,
        scope,
    };
    Ok(Box::new(Principal { user, session, source, is_remembered: false }))
}

/// What is left of the packed column.
struct Packed<'t>(&'t str);

impl<'t> Packed<'t> {
    fn text(&mut self) -> Result<&'t str> {
        // Shorter than what a search for one byte does before it begins.
        let end = self.0.bytes().position(|byte| byte == b'|');
        let end = end.ok_or_else(|| Error::internal("a session is read with too few columns"))?;
        let (text, rest) = (&self.0[..end], &self.0[end + 1..]);
        self.0 = rest;
        Ok(text)
    }

    fn number<T: FromStr>(&mut self) -> Result<T> {
        self.text()?.parse().map_err(|_| Error::internal("a number of a session cannot be read"))
    }

    /// Milliseconds since the Unix epoch.
    fn time(&mut self) -> Result<OffsetDateTime> {
        let milliseconds: i64 = self.number()?;
        let second = OffsetDateTime::from_unix_timestamp(milliseconds.div_euclid(1000)).map_err(Error::internal)?;
        // Fewer than a thousand.
        second.replace_millisecond(milliseconds.rem_euclid(1000) as u16).map_err(Error::internal)
    }

    /// `t` on PostgreSQL, a number elsewhere.
    fn truth(&mut self) -> Result<bool> {
        match self.text()? {
            "1" | "t" => Ok(true),
            "0" | "f" => Ok(false),
            _ => Err(Error::internal("a truth value of a session cannot be read")),
        }
    }
}
