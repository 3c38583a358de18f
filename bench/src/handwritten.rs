//! What a careful team would write by hand for this one purpose: the token from the cookie or the header, its SHA-256,
//! one joined `SELECT` that also checks the expiry, and the user as JSON. In the tables, and through the pool, of the
//! library.

use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;
use sea_orm::{DatabaseConnection, DbBackend};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, SqlitePool};

use crate::Result;

const SELECT: &str = "SELECT u.id, u.email, u.username, u.is_active, u.is_superuser, u.is_verified, u.display_name, \
    u.attributes, u.created_at FROM authn_session s JOIN authn_user u ON u.id = s.user_id \
    WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.is_active";

type Row = (Uuid, Option<String>, Option<String>, bool, bool, bool, Option<String>, Value, i64);

/// The pool of the library, without the library.
#[derive(Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The fields of the library's `PublicUser`.
#[derive(Clone, Serialize)]
pub(crate) struct Me {
    id: Uuid,
    email: Option<String>,
    username: Option<String>,
    is_active: bool,
    is_superuser: bool,
    is_verified: bool,
    display_name: Option<String>,
    attributes: Value,
    #[serde(with = "auth_core::time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl Pool {
    pub(crate) fn of(db: &DatabaseConnection) -> Self {
        match db.get_database_backend() {
            DbBackend::Postgres => Self::Postgres(db.get_postgres_connection_pool().clone()),
            _ => Self::Sqlite(db.get_sqlite_connection_pool().clone()),
        }
    }

    /// The user whose session a request carries.
    pub(crate) async fn me(&self, authorization: Option<&str>, cookies: Option<&str>) -> Result<Option<Me>> {
        let Some(token) = token(authorization, cookies) else { return Ok(None) };
        let digest = Sha256::digest(token).to_vec();
        let now = (OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000) as i64;
        let row: Option<Row> = match self {
            Self::Sqlite(pool) => sqlx::query_as(SELECT).bind(digest).bind(now).fetch_optional(pool).await?,
            Self::Postgres(pool) => sqlx::query_as(SELECT).bind(digest).bind(now).fetch_optional(pool).await?,
        };
        row.map(Me::read).transpose()
    }
}

impl Me {
    fn read(row: Row) -> Result<Self> {
        let (id, email, username, is_active, is_superuser, is_verified, display_name, attributes, created_at) = row;
        let created_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(created_at) * 1_000_000)?;
        Ok(Self { id, email, username, is_active, is_superuser, is_verified, display_name, attributes, created_at })
    }

    /// A user from nowhere, for the bare routes.
    pub(crate) fn example() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_e4a1_7c3d_7000_8000_0000_0000_0001),
            email: Some(crate::seed::email(1)),
            username: Some(crate::seed::username(1)),
            is_active: true,
            is_superuser: false,
            is_verified: true,
            display_name: Some(crate::seed::DISPLAY_NAME.to_owned()),
            attributes: crate::seed::attributes(),
            created_at: OffsetDateTime::UNIX_EPOCH,
        }
    }
}

fn token<'h>(authorization: Option<&'h str>, cookies: Option<&'h str>) -> Option<&'h str> {
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let cookie = || cookies?.split("; ").find_map(|pair| pair.strip_prefix("auth="));
    bearer.or_else(cookie)
}
