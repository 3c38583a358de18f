//! Problems as hasura-backend-plus 2.7 writes them. Where it tells a client what ours must not (which accounts exist), ours says the
//! same for all.

use auth_core::ErrorCode;
use http::StatusCode;
use serde_json::{Value, json};

/// The status of a code that usually has another one.
pub(super) fn status(code: ErrorCode, usual: StatusCode) -> StatusCode {
    use ErrorCode as E;
    match code {
        E::Validation => StatusCode::BAD_REQUEST,
        E::LoginBadCredentials | E::ChangePasswordBadPassword | E::MagicLinkBadToken => StatusCode::UNAUTHORIZED,
        _ => usual,
    }
}

/// The body.
pub(super) fn body(status: StatusCode, message: &str) -> Value {
    let error = status.canonical_reason().unwrap_or_default();
    json!({ "statusCode": status.as_u16(), "error": error, "message": message })
}

/// What a code says, unless it has a reason of its own.
pub(super) fn message(code: ErrorCode) -> &'static str {
    use ErrorCode as E;
    match code {
        E::Unauthorized => "Not logged in",
        E::LoginBadCredentials => "Username and password do not match",
        E::LoginUserNotVerified => "Account is not activated.",
        E::RegisterUserAlreadyExists => "Account already exists.",
        E::ChangePasswordBadPassword => "Incorrect current password.",
        E::RefreshTokenInvalid => "Invalid or expired refresh token.",
        E::MagicLinkBadToken => "Invalid or expired token.",
        E::NoPublicKeys => "JWKS is not implemented on this server.",
        E::RateLimited => "You are being rate limited.",
        E::NotFound => "Not Found",
        E::MethodNotAllowed => "Method Not Allowed",
        E::Internal => "An internal server error occurred",
        other => other.meaning(),
    }
}

/// The same of a field that does not validate; none for a body that cannot be read at all.
pub(super) fn invalid(kind: &str, field: Option<&str>, msg: &str) -> String {
    match (field, kind) {
        (None, _) => msg.to_owned(),
        (Some(field), "missing") => format!("\"{field}\" is required"),
        (Some(field), kind) if kind.starts_with("email") => format!("\"{field}\" must be a valid email"),
        (Some(field), _) => format!("\"{field}\": {msg}"),
    }
}
