//! Every way a call can fail, and the one list of stable codes.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use sea_orm::DbErr;
use serde_json::Value;

use crate::db_error;

/// The result of every service call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure a code stands for. The wire gives each class one status, so that a code that is added has one.
///
/// Exhaustive on purpose: the one match that turns classes into statuses does not compile when a class is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// What was asked for is well formed, and a rule refuses it.
    Invalid,
    /// A field is missing or malformed.
    Malformed,
    /// The caller presents no valid credential.
    Unauthenticated,
    /// The caller is known, or need not be, and may not do this.
    Forbidden,
    /// The target does not exist, or the caller may not know that it does.
    NotFound,
    /// The target exists and does not support the method.
    MethodNotAllowed,
    /// The request contradicts the present state.
    Conflict,
    /// The target is not as the request says that it must be.
    PreconditionFailed,
    /// The request did not arrive in time.
    Timeout,
    /// The request is too large.
    TooLarge,
    /// The body has a type that is not accepted.
    UnsupportedMediaType,
    /// Too many attempts: the caller should wait.
    RateLimited,
    /// The server cannot do it as it is configured.
    NotImplemented,
    /// The server cannot do it now.
    Unavailable,
    /// A defect of the server.
    Internal,
}

/// Declares each code once: its name, its text on the wire, its class, whether an answer also gives a reason, and its
/// meaning.
macro_rules! error_codes {
    ($($name:ident = $text:literal [$class:ident $(, $reason:ident)?]: $meaning:literal,)+) => {
        /// A stable code that clients can branch on. Never derived from a message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $name,)+
        }

        impl ErrorCode {
            /// All codes, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What kind of failure it is.
            #[must_use]
            pub const fn class(self) -> ErrorClass {
                match self { $(Self::$name => ErrorClass::$class,)+ }
            }

            /// Whether the answer also says why, in words for a person: the codes of policies and hooks.
            #[must_use]
            pub const fn has_reason(self) -> bool {
                match self { $(Self::$name => error_codes!(@reason $($reason)?),)+ }
            }

            /// What the code means, for the generated list of errors.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
    (@reason) => { false };
    (@reason reason) => { true };
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

error_codes! {
    Validation = "VALIDATION" [Malformed]: "A field is missing or malformed; `detail` lists every failing field.",
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE" [UnsupportedMediaType]: "The content type of the body is not one that the route accepts.",
    BodyTooLarge = "BODY_TOO_LARGE" [TooLarge]: "The body is larger than the route allows.",
    BodyTimeout = "BODY_TIMEOUT" [Timeout]: "The body did not arrive in time.",
    PreconditionFailed = "PRECONDITION_FAILED" [PreconditionFailed]: "`If-Match` names a version, and nothing that the routes change has versions; leave the header out.",
    NotFound = "Not Found" [NotFound]: "The resource does not exist, or the caller may not know of it.",
    MethodNotAllowed = "Method Not Allowed" [MethodNotAllowed]: "The path exists but does not support this method; `Allow` lists the methods that it does.",
    Unauthorized = "Unauthorized" [Unauthenticated]: "The access token is missing or invalid.",
    Forbidden = "Forbidden" [Forbidden]: "The caller is authenticated but may not do this.",
    CsrfRejected = "CSRF_REJECTED" [Forbidden]: "A browser sent the request on behalf of another site.",
    RefusedByApp = "REFUSED_BY_APP" [Forbidden, reason]: "The app refused the request; `reason` says why.",
    RateLimited = "RATE_LIMITED" [RateLimited]: "Too many attempts; retry after the time in `Retry-After`.",
    NoPublicKeys = "NO_PUBLIC_KEYS" [NotImplemented]: "Every key of the tokens is a shared secret.",
    Overloaded = "OVERLOADED" [Unavailable]: "The server or its database is unavailable or busy; retry after the time in `Retry-After`.",
    Internal = "Internal Server Error" [Internal]: "An unexpected error on the server; the cause is in its log.",
    RegistrationDisabled = "REGISTRATION_DISABLED" [Forbidden]: "Registration is closed.",
    RegisterUserAlreadyExists = "REGISTER_USER_ALREADY_EXISTS" [Invalid]: "An account with this email address already exists.",
    RegisterInvalidPassword = "REGISTER_INVALID_PASSWORD" [Invalid, reason]: "The password policy rejected the new password; `reason` says why.",
    UsernameAlreadyExists = "USERNAME_ALREADY_EXISTS" [Invalid]: "An account with this user name already exists.",
    LoginBadCredentials = "LOGIN_BAD_CREDENTIALS" [Invalid]: "The account does not exist or is inactive, or the password is wrong; the response never reveals which.",
    LoginUserNotVerified = "LOGIN_USER_NOT_VERIFIED" [Invalid]: "The password is right, but the email address must be verified first.",
    RefreshTokenInvalid = "REFRESH_TOKEN_INVALID" [Unauthenticated]: "The refresh token is unknown, used, expired or revoked; log in again.",
    ReauthenticationRequired = "REAUTHENTICATION_REQUIRED" [Forbidden]: "The last login is more than ten minutes old; log in again.",
    ReauthenticationFailed = "REAUTHENTICATION_FAILED" [Invalid]: "The password that confirms the request is wrong.",
    ScopeUpgradeRequired = "SCOPE_UPGRADE_REQUIRED" [Forbidden]: "The session is limited to scopes and lacks one; `extra.scopes` lists the missing ones, and is empty where no scope suffices.",
    PasswordChangeRequired = "PASSWORD_CHANGE_REQUIRED" [Forbidden]: "The user must change the password before anything else.",
    EmailNotVerified = "EMAIL_NOT_VERIFIED" [Forbidden]: "The email address must be verified first.",
    UpdateUserEmailAlreadyExists = "UPDATE_USER_EMAIL_ALREADY_EXISTS" [Invalid]: "Another account has this email address.",
    UpdateUserInvalidPassword = "UPDATE_USER_INVALID_PASSWORD" [Invalid, reason]: "The password policy rejected the new password; `reason` says why.",
    UpdateUserBadCurrentPassword = "UPDATE_USER_BAD_CURRENT_PASSWORD" [Invalid]: "The current password is missing or wrong.",
    ResetPasswordBadToken = "RESET_PASSWORD_BAD_TOKEN" [Invalid]: "The token is unknown, used, expired or superseded; request a new link.",
    ResetPasswordInvalidPassword = "RESET_PASSWORD_INVALID_PASSWORD" [Invalid, reason]: "The password policy rejected the new password; `reason` says why. The link can still be used.",
    VerifyUserBadToken = "VERIFY_USER_BAD_TOKEN" [Invalid]: "The token is unknown, used, expired or superseded; request a new link.",
    VerifyUserAlreadyVerified = "VERIFY_USER_ALREADY_VERIFIED" [Invalid]: "The email address is already verified.",
    ChangePasswordBadPassword = "CHANGE_PASSWORD_BAD_PASSWORD" [Invalid]: "The old password is wrong.",
    ChangePasswordInvalidPassword = "CHANGE_PASSWORD_INVALID_PASSWORD" [Invalid, reason]: "The password policy rejected the new password; `reason` says why.",
    ChangeEmailBadToken = "CHANGE_EMAIL_BAD_TOKEN" [Invalid]: "The token is unknown, used, expired or superseded; request a new link.",
    DeviceBadToken = "DEVICE_BAD_TOKEN" [Invalid]: "The token is unknown, used, expired or superseded; log in again to get another mail.",
    MagicLinkBadToken = "MAGIC_LINK_BAD_TOKEN" [Invalid]: "The link or code is unknown, used, expired or superseded; request a new one.",
    InvitationBadToken = "INVITATION_BAD_TOKEN" [Invalid]: "The invitation is unknown, used, expired or superseded; ask for another one.",
    AlreadyActive = "ALREADY_ACTIVE" [Conflict]: "The account has a password or was used already, so that its user cannot be invited.",
    AccountInUse = "ACCOUNT_IN_USE" [Conflict]: "Data of the app refers to the account; remove that before the account is deleted.",
    LastSuperuser = "LAST_SUPERUSER" [Conflict]: "The last active superuser can be neither deleted, deactivated nor demoted.",
}

/// What a service call can fail with.
///
/// [`code`](Self::code) tells clients what happened; the cause behind [`Error::Store`] and [`Error::Internal`] is for
/// the log only. Errors of this library print their cause and therefore do not return it from `source()` as well, which
/// would repeat it in every chain that is printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule of the domain, a policy, a limit or the app refused. A code converts into it, without an allocation;
    /// [`ErrorCode::because`] and its sisters add details.
    #[error("{code}{}", Details::shown(details.as_deref()))]
    Refused {
        /// What clients branch on.
        code: ErrorCode,
        /// What else the answer says, where the code alone does not say all.
        details: Option<Box<Details>>,
    },
    /// A value that cannot be what it has to be, found after decoding.
    #[error("{field}: {message}")]
    Invalid {
        /// The field it came in.
        field: &'static str,
        /// The kind of mistake, stable.
        kind: &'static str,
        /// What to do about it.
        message: String,
    },
    /// The database did not do what it was asked.
    #[error("database: {0}")]
    Store(DbErr),
    /// A defect or a failing part that is not the database.
    #[error("internal: {0}")]
    Internal(Box<dyn StdError + Send + Sync>),
}

/// What an answer says besides its code.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Details {
    /// Why, in words for a person: for codes that [have a reason](ErrorCode::has_reason).
    pub reason: Option<String>,
    /// What a program needs to go on, such as the scopes that are missing.
    pub extra: Option<Value>,
    /// How long to wait before the next attempt.
    pub retry_after: Option<Duration>,
}

impl Details {
    fn shown(details: Option<&Self>) -> String {
        let Some(Self { reason, extra, retry_after }) = details else { return String::new() };
        let reason = reason.as_ref().map(|reason| format!(": {reason}"));
        let extra = extra.as_ref().map(|extra| format!(": {extra}"));
        let wait = retry_after.map(|wait| format!(": try again in {} s", wait.as_secs()));
        [reason, extra, wait].into_iter().flatten().collect()
    }
}

impl ErrorCode {
    /// Refuses with a reason, in words for a person.
    pub fn because(self, reason: impl Into<String>) -> Error {
        self.with(Details { reason: Some(reason.into()), ..Details::default() })
    }

    /// Refuses with what a program needs to go on.
    #[must_use]
    pub fn with_extra(self, extra: Value) -> Error {
        self.with(Details { extra: Some(extra), ..Details::default() })
    }

    /// Refuses for so long.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Error {
        self.with(Details { retry_after: Some(wait), ..Details::default() })
    }

    fn with(self, details: Details) -> Error {
        Error::Refused { code: self, details: Some(Box::new(details)) }
    }
}

impl Error {
    /// An internal failure with its cause.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The code that clients see.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Invalid { .. } => ErrorCode::Validation,
            Self::Store(cause) if db_error::is_unavailable(cause) => ErrorCode::Overloaded,
            Self::Store(_) | Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// Why, in words for a person: of a refusal that has a reason.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { details: Some(details), .. } => details.reason.as_deref(),
            _ => None,
        }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::Refused { code, details: None }
    }
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        Self::Store(cause)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_is_small() {
        // Every future on the way of a request has room for one.
        assert!(size_of::<Error>() <= 64, "{}", size_of::<Error>());
    }

    #[test]
    fn an_error_tells_its_whole_story_once() {
        let wait = Duration::from_secs(90);
        for (error, text) in [
            (ErrorCode::LastSuperuser.into(), "LAST_SUPERUSER"),
            (ErrorCode::RefusedByApp.because("not today"), "REFUSED_BY_APP: not today"),
            (ErrorCode::RateLimited.retry_after(wait), "RATE_LIMITED: try again in 90 s"),
            (
                ErrorCode::ScopeUpgradeRequired.with_extra(json!({ "scopes": ["a"] })),
                r#"SCOPE_UPGRADE_REQUIRED: {"scopes":["a"]}"#,
            ),
            (DbErr::Custom("broken".to_owned()).into(), "database: Custom Error: broken"),
            (Error::internal("broken"), "internal: broken"),
        ] {
            assert_eq!(error.to_string(), text);
            assert!(error.source().is_none(), "{error} prints its cause, so it must not return it");
        }
    }
}
