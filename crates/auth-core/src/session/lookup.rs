//! The one query of an authenticated request.

use auth_entity::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{Principal, Session};
use crate::installation::epoch;
use crate::principal::Source;
use crate::token::TokenRef;
use crate::{Result, User};

/// The columns, in the order in which [`read`] takes them, of a session whose user is active and whose epoch is the
/// user's. Columns cost time and conditions don't, so what is only tested is not selected.
const SELECT: &str = "SELECT s.id, s.user_id, s.backend, s.auth_time, s.amr, s.aal, s.created_at, s.last_seen_at, \
    s.expires_at, s.ip, s.user_agent, u.email, u.username, u.is_superuser, u.is_verified, u.must_change_password, \
    u.display_name, u.attributes, u.sev, u.created_at, u.updated_at, u.last_login_at, \
    s.scope, s.remembered, s.token_at \
    FROM authn_session s INNER JOIN authn_user u ON u.id = s.user_id AND u.sev = s.sev AND u.is_active WHERE ";

/// The statement's two texts, made once: building them for every request would cost more than preparing them does. No
/// `LIMIT`, which the unique columns make needless and SQLite would prepare anew every time.
#[derive(Debug)]
pub(crate) struct Lookup {
    backend: DbBackend,
    by_digest: String,
    by_id: String,
    source: Source,
}

impl Lookup {
    pub(crate) fn new(backend: DbBackend, source: Source) -> Self {
        let [first, second] = if backend == DbBackend::Postgres { ["$1", "$2"] } else { ["?", "?"] };
        Self {
            backend,
            by_digest: format!("{SELECT}s.token_hash = {first} AND s.created_at > {}", epoch::SQL),
            // A token of an older epoch than the session's was replaced by another one.
            by_id: format!("{SELECT}s.id = {first} AND s.token_sev <= {second} AND s.created_at > {}", epoch::SQL),
            source,
        }
    }

    /// The session that a token points to, with its user; whether it has expired is for the caller to say.
    pub(super) async fn find(&self, db: &impl ConnectionTrait, token: TokenRef) -> Result<Option<Principal>> {
        let (sql, values): (&String, Vec<Value>) = match token {
            TokenRef::Digest(digest) => (&self.by_digest, vec![digest.to_vec().into()]),
            TokenRef::Session { id, security_epoch } => (&self.by_id, vec![id.into(), security_epoch.into()]),
        };
        let statement = Statement::from_sql_and_values(self.backend, sql, values);
        let row = db.query_one_raw(statement).await?;
        Ok(row.as_ref().map(|row| read(row, self.source)).transpose()?)
    }
}

fn read(row: &QueryResult, source: Source) -> Result<Principal, DbErr> {
    let at = |index: usize| row.try_get_by_index::<Timestamp>(index).map(|at| at.0);
    let user_id: Uuid = row.try_get_by_index(1)?;
    let session = Session {
        id: row.try_get_by_index(0)?,
        user_id,
        backend: row.try_get_by_index(2)?,
        auth_time: at(3)?,
        amr: row.try_get_by_index(4)?,
        aal: u8::try_from(row.try_get_by_index::<i16>(5)?).unwrap_or_default(),
        created_at: at(6)?,
        last_seen_at: at(7)?,
        expires_at: at(8)?,
        remembered: row.try_get_by_index(23)?,
        token_at: at(24)?,
        ip: row.try_get_by_index(9)?,
        user_agent: row.try_get_by_index(10)?,
        scope: row.try_get_by_index(22)?,
    };
    let user = User {
        id: user_id,
        email: row.try_get_by_index(11)?,
        username: row.try_get_by_index(12)?,
        is_active: true,
        is_superuser: row.try_get_by_index(13)?,
        is_verified: row.try_get_by_index(14)?,
        must_change_password: row.try_get_by_index(15)?,
        display_name: row.try_get_by_index(16)?,
        attributes: row.try_get_by_index(17)?,
        security_epoch: row.try_get_by_index(18)?,
        created_at: at(19)?,
        updated_at: at(20)?,
        last_login_at: row.try_get_by_index::<Option<Timestamp>>(21)?.map(|at| at.0),
        // Only inactive accounts wait for that.
        delete_at: None,
    };
    Ok(Principal { user, session, source, is_remembered: false })
}
