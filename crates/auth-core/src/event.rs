//! What happened, for the app's hooks and for the log.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Client, telemetry};

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
    /// The account that caused it: whose session asked for it, or whose owner logged in or opened a mailed link.
    /// `None` for strangers, and for calls that the app made by itself.
    pub actor_id: Option<Uuid>,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// Writes the line of the log, and counts it.
    pub(crate) fn log(&self) {
        telemetry::event(self.kind.name());
        if let EventKind::LoginFailed { reason, .. } = &self.kind {
            telemetry::login_failed(reason.name());
        }
        tracing::info!(target: "auth::event", id = %self.id, ip = ?self.client.ip, actor_id = ?self.actor_id, kind = ?self.kind, "{}", self.kind.name());
    }
}

/// The type of a field, by its role: an account or a session is named by its id unless the row says otherwise.
macro_rules! field_type {
    ($role:ident) => {
        Uuid
    };
    ($role:ident $kind:ty) => {
        $kind
    };
}

/// What the audit log keeps of a field.
macro_rules! keep {
    ($kept:ident.subject = $field:ident) => {
        $kept.subject_id = Option::from(*$field)
    };
    ($kept:ident.actor = $field:ident) => {
        $kept.actor_id = Option::from(*$field)
    };
    ($kept:ident.session = $field:ident) => {
        $kept.session_id = Some(*$field)
    };
    ($kept:ident.data = $field:ident) => {
        $kept.add(stringify!($field), json!($field))
    };
}

/// Declares each event once: what it means, its name in Rust and in the log, and its fields. A field has a role, which
/// decides where the audit log keeps it: the account it is about (`subject`), who did it (`actor`), a `session`, or
/// further `data` under the field's own name.
macro_rules! events {
    ($($(#[$about:meta])* $name:ident = $text:literal $({
        $($(#[$meaning:meta])* $field:ident: $role:ident $(($kind:ty))?),* $(,)?
    })?,)+) => {
        /// What happened. Nothing here is secret: no token, no password, no email address.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$about])* $name $({
                $($(#[$meaning])* $field: field_type!($role $($kind)?),)*
            })?,)+
        }

        impl EventKind {
            /// The names of all events, in the order of their declaration.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The event's stable name in the log.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => $text,)+ }
            }

            /// What the audit log keeps of it.
            #[allow(unused_mut, reason = "an event without fields leaves nothing to add")]
            pub(crate) fn describe(&self) -> Description {
                let mut kept = Description::default();
                match self {
                    $(Self::$name $({ $($field),* })? => { $($(keep!(kept.$role = $field);)*)? })+
                }
                kept
            }
        }
    };
}

events! {
    /// An account was created.
    Registered = "register" {
        /// The new account.
        user_id: subject,
    },
    /// An account was taken over from another system.
    Imported = "imported" {
        /// The new account.
        user_id: subject,
    },
    /// Somebody tried to register an email address or a user name that is taken.
    RegisterDuplicate = "register_duplicate",
    /// A session was established.
    LoginSucceeded = "login_success" {
        /// Who logged in.
        user_id: subject,
        /// The public id of the new session.
        session_id: session,
        /// The backend that issued its token.
        backend: data(String),
        /// The methods of authentication, separated by spaces (RFC 8176).
        amr: data(String),
        /// The known device on which it was established, if one can be told.
        device_id: data(Option<Uuid>),
    },
    /// A login was refused.
    LoginFailed = "login_failure" {
        /// Whose account it was, when there is one.
        user_id: subject(Option<Uuid>),
        /// Why, which the client is not told.
        reason: data(LoginFailure),
    },
    /// A session ended because its owner asked.
    LoggedOut = "logout" {
        /// Whose session it was.
        user_id: subject,
        /// Its public id.
        session_id: session,
    },
    /// A session was ended from another one.
    SessionRevoked = "session_revoked" {
        /// Whose session it was.
        user_id: subject,
        /// Its public id.
        session_id: session,
    },
    /// Every session of an account ended, except the one that asked where it goes on.
    SessionsRevoked = "sessions_revoked" {
        /// Whose sessions they were.
        user_id: subject,
    },
    /// A refresh token was presented that had been exchanged before: somebody has a copy of it. Its session ended.
    TokenReuse = "token_reuse" {
        /// Whose session it was.
        user_id: subject,
        /// Its public id.
        session_id: session,
        /// The backend that issued the token.
        backend: data(String),
    },
    /// An account's fields changed.
    UserUpdated = "user_updated" {
        /// Whose account it is.
        user_id: subject,
        /// Who changed it.
        actor_id: actor(Option<Uuid>),
        /// The names of the fields, not their values.
        fields: data(Vec<&'static str>),
    },
    /// An account became a superuser, or stopped to be one.
    RoleChanged = "role_changed" {
        /// Whose account it is.
        user_id: subject,
        /// Whether it is a superuser now.
        is_superuser: data(bool),
    },
    /// An account was granted a role of the app.
    RoleGranted = "role_granted" {
        /// Whose role it is.
        user_id: subject,
        /// Its name.
        role: data(String),
    },
    /// A role of the app was revoked.
    RoleRevoked = "role_revoked" {
        /// Whose role it was.
        user_id: subject,
        /// Its name.
        role: data(String),
    },
    /// An account was activated or deactivated.
    ActivationChanged = "activation_changed" {
        /// Whose account it is.
        user_id: subject,
        /// Whether it may log in now.
        is_active: data(bool),
    },
    /// An account's password changed.
    PasswordChanged = "password_changed" {
        /// Whose password it is.
        user_id: subject,
        /// Who changed it.
        actor_id: actor(Option<Uuid>),
    },
    /// A current password was asked for and not given.
    PasswordChangeFailed = "password_change_failed" {
        /// Whose password it is.
        user_id: subject,
    },
    /// Everything that is held about an account was exported.
    Exported = "exported" {
        /// Whose account it is.
        user_id: subject,
    },
    /// A password was asked for as a proof of identity, and a wrong one given.
    ReauthenticationFailed = "reauthentication_failed" {
        /// Whose password it is.
        user_id: subject,
    },
    /// An account was deleted, with everything that was kept about it.
    UserDeleted = "user_deleted" {
        /// Whose account it was.
        user_id: subject,
        /// Who deleted it.
        actor_id: actor(Option<Uuid>),
    },
    /// The owner was asked by mail whether failed attempts at the password were theirs.
    DeviceConfirmationRequested = "device_confirmation_requested" {
        /// Whose password it is.
        user_id: subject,
    },
    /// The owner made a device known by a mailed link.
    DeviceConfirmed = "device_confirmed" {
        /// Whose device it is.
        user_id: subject,
    },
    /// The user had a device forgotten.
    DeviceForgotten = "device_forgotten" {
        /// Whose device it was.
        user_id: subject,
        /// The device.
        device_id: data(Uuid),
    },
    /// A mail that verifies the email address was asked for.
    VerifyRequested = "verify_requested" {
        /// Whose address it is.
        user_id: subject,
    },
    /// The email address was verified.
    Verified = "verified" {
        /// Whose address it is.
        user_id: subject,
    },
    /// A mail to choose a new password was asked for.
    ResetRequested = "reset_requested" {
        /// Whose password it is.
        user_id: subject,
    },
    /// A new password was chosen in place of a forgotten one.
    PasswordReset = "reset_done" {
        /// Whose password it is.
        user_id: subject,
    },
    /// A superuser set a password, which has to be changed at the next login.
    PasswordResetByAdmin = "admin_password_reset" {
        /// Whose password it is.
        user_id: subject,
        /// The superuser.
        actor_id: actor,
    },
    /// An invitation to an account that a superuser had created was mailed.
    Invited = "invited" {
        /// Who is invited.
        user_id: subject,
        /// The superuser.
        actor_id: actor,
    },
    /// An invitation was accepted: the account has its first password.
    InvitationAccepted = "invitation_accepted" {
        /// Who was invited.
        user_id: subject,
    },
    /// A new email address was asked for, which has to be verified first.
    EmailChangeRequested = "address_change_requested" {
        /// Whose address it is.
        user_id: subject,
    },
    /// The email address changed.
    EmailChanged = "address_changed" {
        /// Whose address it is.
        user_id: subject,
        /// Who changed it.
        actor_id: actor(Option<Uuid>),
    },
    /// The owner of the former email address reverted a change.
    EmailReverted = "address_reverted" {
        /// Whose address it is.
        user_id: subject,
    },
    /// An account lost an email address that it had never verified, because somebody else verified it.
    EmailLost = "address_lost" {
        /// Whose address it was.
        user_id: subject,
    },
    /// The owner asked for the deletion of an account, which waits until its change of address cannot be reverted any more.
    DeletionScheduled = "deletion_scheduled" {
        /// Whose account it is.
        user_id: subject,
    },
    /// A login by mail was asked for.
    MagicLinkRequested = "magic_requested" {
        /// Who may log in by it; nobody yet, when it would create an account.
        user_id: subject(Option<Uuid>),
    },
    /// Somebody showed that they read the mail of an account, and what others may have set up before was removed.
    CredentialsWiped = "credentials_wiped" {
        /// Whose account it is.
        user_id: subject,
    },
    /// Somebody did something too often; recorded once for each window of the limit.
    Throttled = "throttled" {
        /// The name of the limit.
        limit: data(&'static str),
    },
    /// A signing key was made and published.
    SigningKeyPrepared = "signing_key_prepared" {
        /// Its `kid`.
        key_id: data(Uuid),
    },
    /// A signing key signs from now on.
    SigningKeyPromoted = "signing_key_promoted" {
        /// Its `kid`.
        key_id: data(Uuid),
    },
    /// A signing key was removed at once, with its tokens.
    SigningKeyDropped = "signing_key_dropped" {
        /// Its `kid`.
        key_id: data(Uuid),
    },
    /// A mail could not be delivered and was given up.
    MailFailed = "mail_failed" {
        /// The mail.
        mail_id: data(Uuid),
        /// What kind of mail it was.
        mail: data(String),
    },
    /// A backup was restored, and what it brought back has ended.
    Restored = "restored" {
        /// How many sessions.
        sessions: data(u64),
        /// How many single-use tokens.
        tokens: data(u64),
        /// How many mails and jobs that waited.
        mails: data(u64),
    },
}

impl EventKind {
    /// Whether accounts or sessions that there were before are different now. What begins something, or only tells of an attempt,
    /// changes nothing; of an event that is not listed here it is assumed that it does.
    pub(crate) fn changes_accounts(&self) -> bool {
        !matches!(
            self,
            Self::Registered { .. }
                | Self::RegisterDuplicate
                | Self::Imported { .. }
                | Self::LoginSucceeded { .. }
                | Self::LoginFailed { .. }
                | Self::PasswordChangeFailed { .. }
                | Self::ReauthenticationFailed { .. }
                | Self::Exported { .. }
                | Self::DeviceConfirmationRequested { .. }
                | Self::DeviceConfirmed { .. }
                | Self::DeviceForgotten { .. }
                | Self::Invited { .. }
                | Self::EmailChangeRequested { .. }
                | Self::VerifyRequested { .. }
                | Self::ResetRequested { .. }
                | Self::MagicLinkRequested { .. }
                | Self::Throttled { .. }
                | Self::MailFailed { .. }
        )
    }

    /// Whether the audit log has one row with a count for all those of an hour that are about the same account and reason
    /// and come from the same network: events that anyone can cause as often as they like.
    pub(crate) fn is_counted(&self) -> bool {
        matches!(
            self,
            Self::LoginFailed { .. }
                | Self::PasswordChangeFailed { .. }
                | Self::ReauthenticationFailed { .. }
                | Self::Throttled { .. }
        )
    }
}

/// An event as the audit log keeps it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Description {
    pub(crate) subject_id: Option<Uuid>,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) session_id: Option<Uuid>,
    pub(crate) data: Option<Value>,
}

impl Description {
    fn add(&mut self, name: &'static str, value: Value) {
        self.data.get_or_insert_with(|| json!({}))[name] = value;
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
    /// The mailed code is wrong, used or expired.
    WrongCode,
    /// The stored hash cannot be read: the row was damaged or written by something else.
    CorruptHash,
    /// The account is not active.
    Inactive,
    /// The email address must be verified first.
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
            Self::WrongCode => "wrong_code",
            Self::CorruptHash => "corrupt_hash",
            Self::Inactive => "inactive",
            Self::NotVerified => "not_verified",
            Self::Outdated => "outdated",
        }
    }
}

impl Serialize for LoginFailure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names = EventKind::NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EventKind::NAMES.len());
    }

    #[test]
    fn each_field_is_kept_by_its_role() {
        let [subject, actor, session] = [1, 2, 3].map(Uuid::from_u128);
        let login = EventKind::LoginSucceeded {
            user_id: subject,
            session_id: session,
            backend: "web".to_owned(),
            amr: "pwd".to_owned(),
            device_id: Some(subject),
        };
        let kept = Description {
            subject_id: Some(subject),
            session_id: Some(session),
            data: Some(json!({ "backend": "web", "amr": "pwd", "device_id": subject })),
            ..Description::default()
        };
        assert_eq!((login.name(), login.describe()), ("login_success", kept));
        let update = EventKind::UserUpdated { user_id: subject, actor_id: Some(actor), fields: vec!["email"] };
        let kept = Description {
            subject_id: Some(subject),
            actor_id: Some(actor),
            data: Some(json!({ "fields": ["email"] })),
            ..Description::default()
        };
        assert_eq!(update.describe(), kept);
        let failure = EventKind::LoginFailed { user_id: None, reason: LoginFailure::UnknownUser };
        let kept = Description { data: Some(json!({ "reason": "unknown_user" })), ..Description::default() };
        assert_eq!(failure.describe(), kept);
        assert_eq!(EventKind::RegisterDuplicate.describe(), Description::default());
    }
}
