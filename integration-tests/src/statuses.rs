//! What each code answers with, written down from the contract: the library is not asked what to expect of it.

use auth_core::ErrorCode as E;
use http::StatusCode;

/// A code, its status, and the header that must go with it.
type Row = (E, u16, Option<&'static str>);

#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    (E::Validation, 422, None),
    (E::UnsupportedMediaType, 415, None),
    (E::BodyTooLarge, 413, None),
    (E::BodyTimeout, 408, None),
    (E::PreconditionFailed, 412, None),
    (E::NotFound, 404, None),
    (E::MethodNotAllowed, 405, Some("allow")),
    (E::Unauthorized, 401, Some("www-authenticate")),
    (E::Forbidden, 403, None),
    (E::CsrfRejected, 403, None),
    (E::RefusedByApp, 403, None),
    (E::RateLimited, 429, Some("retry-after")),
    (E::NoPublicKeys, 501, None),
    (E::Overloaded, 503, Some("retry-after")),
    (E::Internal, 500, None),
    (E::RegistrationDisabled, 403, None),
    (E::RegisterUserAlreadyExists, 400, None),
    (E::RegisterInvalidPassword, 400, None),
    (E::UsernameAlreadyExists, 400, None),
    (E::LoginBadCredentials, 400, None),
    (E::LoginUserNotVerified, 400, None),
    (E::RefreshTokenInvalid, 401, Some("www-authenticate")),
    (E::ReauthenticationRequired, 403, None),
    (E::ReauthenticationFailed, 400, None),
    (E::ScopeUpgradeRequired, 403, None),
    (E::PasswordChangeRequired, 403, None),
    (E::EmailNotVerified, 403, None),
    (E::UpdateUserEmailAlreadyExists, 400, None),
    (E::UpdateUserInvalidPassword, 400, None),
    (E::UpdateUserBadCurrentPassword, 400, None),
    (E::ResetPasswordBadToken, 400, None),
    (E::ResetPasswordInvalidPassword, 400, None),
    (E::VerifyUserBadToken, 400, None),
    (E::VerifyUserAlreadyVerified, 400, None),
    (E::ChangePasswordBadPassword, 400, None),
    (E::ChangePasswordInvalidPassword, 400, None),
    (E::ChangeEmailBadToken, 400, None),
    (E::DeviceBadToken, 400, None),
    (E::MagicLinkBadToken, 400, None),
    (E::InvitationBadToken, 400, None),
    (E::AlreadyActive, 409, None),
    (E::AccountInUse, 409, None),
    (E::LastSuperuser, 409, None),
];

/// What the routes of token pairs answer otherwise, from the reference: the status, and what stands for the code.
#[rustfmt::skip]
const HASURA: &[(E, u16, &str)] = &[
    (E::Unauthorized, 401, "Not logged in"),
    (E::LoginBadCredentials, 401, "Username and password do not match"),
    (E::LoginUserNotVerified, 400, "Account is not activated."),
    (E::RegisterUserAlreadyExists, 400, "Account already exists."),
    (E::ChangePasswordBadPassword, 401, "Incorrect current password."),
    (E::RefreshTokenInvalid, 401, "Invalid or expired refresh token."),
    (E::MagicLinkBadToken, 401, "Invalid or expired token."),
    (E::NoPublicKeys, 501, "JWKS is not implemented on this server."),
    (E::RateLimited, 429, "You are being rate limited."),
    (E::Internal, 500, "An internal server error occurred"),
    (E::MethodNotAllowed, 405, "Method Not Allowed"),
    // The message says which field.
    (E::Validation, 400, ""),
];

/// The code of an answer of these routes, by what it says to a person.
pub(crate) fn code_of_pairs(path: &str, status: u16, message: &str) -> E {
    let known = HASURA.iter().find(|row| row.2 == message).map(|row| row.0);
    let meant = || E::ALL.iter().copied().find(|code| code.meaning() == message);
    // What is left has a reason of its own.
    let told = || match status {
        403 => E::RefusedByApp,
        _ if message.starts_with('"') || message.contains("JSON") => E::Validation,
        _ if path.ends_with("/register") => E::RegisterInvalidPassword,
        _ => E::ChangePasswordInvalidPassword,
    };
    known.or_else(meant).unwrap_or_else(told)
}

fn row(code: E) -> &'static Row {
    ROWS.iter().find(|row| row.0 == code).unwrap_or_else(|| panic!("add {code:?} to statuses.rs, as the contract says"))
}

/// The status of a code.
#[track_caller]
pub(crate) fn status(code: E) -> StatusCode {
    StatusCode::from_u16(row(code).1).expect("a status")
}

/// The status of a code at the routes of token pairs.
#[track_caller]
pub(crate) fn status_of_pairs(code: E) -> StatusCode {
    let own = HASURA.iter().find(|row| row.0 == code).map(|row| row.1);
    own.map_or_else(|| status(code), |number| StatusCode::from_u16(number).expect("a status"))
}

/// The header that an answer with a code must have.
#[track_caller]
pub(crate) fn header(code: E) -> Option<&'static str> {
    row(code).2
}
