//! What happened, for the app's hooks and for the log.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::Client;

/// Something that happened and is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The event's own id, UUID version 7.
    pub id: Uuid,
    /// When it happened, in UTC.
    pub at: OffsetDateTime,
    /// Who asked for it; empty for calls that the app made by itself.
    pub client: Client,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. Nothing here is secret: no token, no password, no e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// An account was made.
    Registered {
        /// The new account.
        user_id: Uuid,
    },
    /// Somebody tried to register an address or a name that is taken.
    RegisterDuplicate,
    /// A session was established.
    LoginSucceeded {
        /// Who logged in.
        user_id: Uuid,
        /// The public id of the new session.
        session_id: Uuid,
        /// The backend that issued its token.
        backend: String,
        /// The methods of the proof, separated by blanks (RFC 8176).
        amr: String,
    },
    /// A login was refused.
    LoginFailed {
        /// Whose account it was, when there is one.
        user_id: Option<Uuid>,
        /// Why, which the client is not told.
        reason: LoginFailure,
    },
    /// A session ended because its owner asked.
    LoggedOut {
        /// Whose session it was.
        user_id: Uuid,
        /// Its public id.
        session_id: Uuid,
    },
    /// A session was ended from another one.
    SessionRevoked {
        /// Whose session it was.
        user_id: Uuid,
        /// Its public id.
        session_id: Uuid,
    },
    /// Every session of an account ended, but for the one that asked where it goes on.
    SessionsRevoked {
        /// Whose sessions they were.
        user_id: Uuid,
    },
    /// An account's fields changed.
    UserUpdated {
        /// Whose account it is.
        user_id: Uuid,
        /// Who changed it.
        actor_id: Option<Uuid>,
        /// The names of the fields, not their values.
        fields: Vec<&'static str>,
    },
    /// An account's password changed.
    PasswordChanged {
        /// Whose password it is.
        user_id: Uuid,
        /// Who changed it.
        actor_id: Option<Uuid>,
    },
    /// A current password was asked for and not given.
    PasswordChangeFailed {
        /// Whose password it is.
        user_id: Uuid,
    },
    /// An account is gone, with everything that was kept about it.
    UserDeleted {
        /// Whose account it was.
        user_id: Uuid,
        /// Who deleted it.
        actor_id: Option<Uuid>,
    },
}

impl EventKind {
    /// The event's stable name in the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "register",
            Self::RegisterDuplicate => "register_duplicate",
            Self::LoginSucceeded { .. } => "login_success",
            Self::LoginFailed { .. } => "login_failure",
            Self::LoggedOut { .. } => "logout",
            Self::SessionRevoked { .. } => "session_revoked",
            Self::SessionsRevoked { .. } => "sessions_revoked",
            Self::UserUpdated { .. } => "user_updated",
            Self::PasswordChanged { .. } => "password_changed",
            Self::PasswordChangeFailed { .. } => "password_change_failed",
            Self::UserDeleted { .. } => "user_deleted",
        }
    }
}

/// Why a login was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFailure {
    /// No account has this name.
    UnknownUser,
    /// The account has no password at all.
    NoPassword,
    /// The password is wrong.
    WrongPassword,
    /// The stored hash cannot be read: the row was damaged or written by something else.
    CorruptHash,
    /// The account is not active.
    Inactive,
    /// The mailbox has to be proved first.
    NotVerified,
    /// The account changed while the login was under way.
    Outdated,
}
