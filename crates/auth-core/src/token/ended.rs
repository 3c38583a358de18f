//! What has ended, for token formats with a store of their own.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// What has ended. Its tokens are refused by the database already, so that nothing depends on when a store hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ended {
    /// A session, with each of its tokens.
    Session {
        /// The session.
        id: Uuid,
        /// Whose it was.
        user_id: Uuid,
    },
    /// The tokens of a session that another one has replaced.
    Replaced {
        /// The session.
        session_id: Uuid,
        /// Whose it is.
        user_id: Uuid,
        /// Tokens that were issued before this moment have ended.
        before: OffsetDateTime,
    },
    /// Every session of a user but one.
    Epoch {
        /// The user.
        user_id: Uuid,
        /// Tokens of earlier epochs have ended.
        security_epoch: i64,
        /// The session that goes on, and with it tokens of earlier epochs.
        keep: Option<Uuid>,
        /// When this epoch began.
        at: OffsetDateTime,
        /// When the last of the tokens would have expired by itself. A token of an earlier epoch whose login began before `at`
        /// must not be stored until then: its writer was held up.
        until: OffsetDateTime,
    },
}
