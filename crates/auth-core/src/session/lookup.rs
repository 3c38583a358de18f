//! The one query of an authenticated request.

use auth_entity::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{Principal, Session};
use crate::token::TokenRef;
use crate::{Result, User};

/// The columns, in the order in which [`Found::from_row`] reads them.
const SELECT: &str = "SELECT s.id, s.user_id, s.backend, s.sev, s.auth_time, s.amr, s.aal, s.created_at, \
    s.last_seen_at, s.expires_at, s.ip, s.user_agent, u.email, u.username, u.is_active, u.is_superuser, u.is_verified, \
    u.must_change_password, u.display_name, u.attributes, u.sev, u.created_at, u.updated_at, u.last_login_at, \
    s.token_sev, s.scope \
    FROM auth_session s INNER JOIN auth_user u ON u.id = s.user_id WHERE ";

/// The statement's two texts, made once: building them for every request would cost more than preparing them does. No
/// `LIMIT`, which the unique columns make needless and SQLite would prepare anew every time.
#[derive(Debug)]
pub(crate) struct Lookup {
    backend: DbBackend,
    by_digest: String,
    by_id: String,
}

/// A session with its user, before anybody asked whether it is still good.
pub(super) struct Found {
    pub(super) principal: Principal,
    pub(super) session_sev: i64,
    pub(super) token_sev: i64,
}

impl Lookup {
    pub(crate) fn new(backend: DbBackend) -> Self {
        let mark = if backend == DbBackend::Postgres { "$1" } else { "?" };
        Self { backend, by_digest: format!("{SELECT}s.token_hash = {mark}"), by_id: format!("{SELECT}s.id = {mark}") }
    }

    pub(super) async fn find(&self, db: &impl ConnectionTrait, token: TokenRef) -> Result<Option<Found>> {
        let (sql, value): (&String, Value) = match token {
            TokenRef::Digest(digest) => (&self.by_digest, digest.to_vec().into()),
            TokenRef::Session { id, .. } => (&self.by_id, id.into()),
        };
        let statement = Statement::from_sql_and_values(self.backend, sql, [value]);
        let row = db.query_one_raw(statement).await?;
        Ok(row.as_ref().map(Found::from_row).transpose()?)
    }
}

impl Found {
    fn from_row(row: &QueryResult) -> Result<Self, DbErr> {
        let at = |index: usize| row.try_get_by_index::<Timestamp>(index).map(|at| at.0);
        let user_id: Uuid = row.try_get_by_index(1)?;
        let session = Session {
            id: row.try_get_by_index(0)?,
            user_id,
            backend: row.try_get_by_index(2)?,
            auth_time: at(4)?,
            amr: row.try_get_by_index(5)?,
            aal: u8::try_from(row.try_get_by_index::<i16>(6)?).unwrap_or_default(),
            created_at: at(7)?,
            last_seen_at: at(8)?,
            expires_at: at(9)?,
            ip: row.try_get_by_index(10)?,
            user_agent: row.try_get_by_index(11)?,
            scope: row.try_get_by_index(25)?,
        };
        let user = User {
            id: user_id,
            email: row.try_get_by_index(12)?,
            username: row.try_get_by_index(13)?,
            is_active: row.try_get_by_index(14)?,
            is_superuser: row.try_get_by_index(15)?,
            is_verified: row.try_get_by_index(16)?,
            must_change_password: row.try_get_by_index(17)?,
            display_name: row.try_get_by_index(18)?,
            attributes: row.try_get_by_index(19)?,
            sev: row.try_get_by_index(20)?,
            created_at: at(21)?,
            updated_at: at(22)?,
            last_login_at: row.try_get_by_index::<Option<Timestamp>>(23)?.map(|at| at.0),
        };
        let (session_sev, token_sev) = (row.try_get_by_index(3)?, row.try_get_by_index(24)?);
        Ok(Self { principal: Principal { user, session }, session_sev, token_sev })
    }
}
