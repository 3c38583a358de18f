//! What happened, for the app's hooks and for the log.

use serde_json::{Value, json};
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

impl Event {
    /// Writes the line of the log.
    pub(crate) fn log(&self) {
        tracing::info!(target: "auth::event", id = %self.id, ip = ?self.client.ip, kind = ?self.kind, "{}", self.kind.name());
    }
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
    /// An account was taken over from another system.
    Imported {
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
    /// A mail that proves the mailbox was asked for.
    VerifyRequested {
        /// Whose mailbox it is.
        user_id: Uuid,
    },
    /// The mailbox was proved.
    Verified {
        /// Whose mailbox it is.
        user_id: Uuid,
    },
    /// A mail to choose a new password was asked for.
    ResetRequested {
        /// Whose password it is.
        user_id: Uuid,
    },
    /// A new password was chosen in place of a forgotten one.
    PasswordReset {
        /// Whose password it is.
        user_id: Uuid,
    },
    /// A superuser set a password, which has to be changed at the next login.
    PasswordResetByAdmin {
        /// Whose password it is.
        user_id: Uuid,
        /// The superuser.
        actor_id: Uuid,
    },
    /// A new address was asked for, which has to prove itself first.
    EmailChangeRequested {
        /// Whose address it is.
        user_id: Uuid,
    },
    /// The address changed.
    EmailChanged {
        /// Whose address it is.
        user_id: Uuid,
        /// Who changed it.
        actor_id: Option<Uuid>,
    },
    /// The owner of the former address took a change back.
    EmailReverted {
        /// Whose address it is.
        user_id: Uuid,
    },
    /// A login by mail was asked for.
    MagicLinkRequested {
        /// Who may log in by it; nobody yet, when it would make an account.
        user_id: Option<Uuid>,
    },
    /// The mailbox of an account was proved for the first time, and what was set up before went.
    CredentialsWiped {
        /// Whose account it is.
        user_id: Uuid,
    },
    /// Somebody did something too often; told once for each window of the limit.
    Throttled {
        /// Which limit.
        limit: &'static str,
    },
    /// A mail could not be delivered and was given up.
    MailFailed {
        /// The mail.
        mail_id: Uuid,
        /// What kind of mail it was.
        mail: &'static str,
    },
}

/// An event as the audit log keeps it.
pub(crate) struct Description {
    pub(crate) subject_id: Option<Uuid>,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) data: Option<Value>,
}

impl EventKind {
    /// The event's stable name in the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registered { .. } => "register",
            Self::Imported { .. } => "imported",
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
            Self::VerifyRequested { .. } => "verify_requested",
            Self::Verified { .. } => "verified",
            Self::ResetRequested { .. } => "reset_requested",
            Self::PasswordReset { .. } => "reset_done",
            Self::PasswordResetByAdmin { .. } => "admin_password_reset",
            Self::EmailChangeRequested { .. } => "address_change_requested",
            Self::EmailChanged { .. } => "address_changed",
            Self::EmailReverted { .. } => "address_reverted",
            Self::MagicLinkRequested { .. } => "magic_requested",
            Self::CredentialsWiped { .. } => "credentials_wiped",
            Self::Throttled { .. } => "throttled",
            Self::MailFailed { .. } => "mail_failed",
        }
    }

    /// Who and what it is about.
    pub(crate) fn describe(&self) -> Description {
        let (subject_id, actor_id, session_id, data) = match self {
            Self::RegisterDuplicate => (None, None, None, None),
            Self::Registered { user_id }
            | Self::Imported { user_id }
            | Self::SessionsRevoked { user_id }
            | Self::PasswordChangeFailed { user_id }
            | Self::VerifyRequested { user_id }
            | Self::Verified { user_id }
            | Self::ResetRequested { user_id }
            | Self::PasswordReset { user_id }
            | Self::EmailChangeRequested { user_id }
            | Self::EmailReverted { user_id }
            | Self::CredentialsWiped { user_id } => (Some(*user_id), None, None, None),
            Self::MagicLinkRequested { user_id } => (*user_id, None, None, None),
            Self::LoggedOut { user_id, session_id } | Self::SessionRevoked { user_id, session_id } => {
                (Some(*user_id), None, Some(*session_id), None)
            }
            Self::LoginSucceeded { user_id, session_id, backend, amr } => {
                (Some(*user_id), None, Some(*session_id), Some(json!({ "backend": backend, "amr": amr })))
            }
            Self::LoginFailed { user_id, reason } => (*user_id, None, None, Some(json!({ "reason": reason.name() }))),
            Self::UserUpdated { user_id, actor_id, fields } => {
                (Some(*user_id), *actor_id, None, Some(json!({ "fields": fields })))
            }
            Self::PasswordChanged { user_id, actor_id }
            | Self::EmailChanged { user_id, actor_id }
            | Self::UserDeleted { user_id, actor_id } => (Some(*user_id), *actor_id, None, None),
            Self::PasswordResetByAdmin { user_id, actor_id } => (Some(*user_id), Some(*actor_id), None, None),
            Self::Throttled { limit } => (None, None, None, Some(json!({ "limit": limit }))),
            Self::MailFailed { mail_id, mail } => (None, None, None, Some(json!({ "mail_id": mail_id, "mail": mail }))),
        };
        Description { subject_id, actor_id, session_id, data }
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

impl LoginFailure {
    /// The reason's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown_user",
            Self::NoPassword => "no_password",
            Self::WrongPassword => "wrong_password",
            Self::CorruptHash => "corrupt_hash",
            Self::Inactive => "inactive",
            Self::NotVerified => "not_verified",
            Self::Outdated => "outdated",
        }
    }
}
