//! What must be true of the tables whatever went wrong.

use crate::App;

/// Rows that must not exist: what they would mean, and where they would be.
pub const FORBIDDEN: [(&str, &str); 13] = [
    (
        "a session without a user",
        "authn_session s WHERE NOT EXISTS (SELECT 1 FROM authn_user u WHERE u.id = s.user_id)",
    ),
    (
        "a session from after the last change of its user",
        "authn_session s WHERE s.sev > (SELECT u.sev FROM authn_user u WHERE u.id = s.user_id)",
    ),
    (
        "a session that ends before it begins",
        "authn_session WHERE expires_at <= created_at OR last_seen_at < created_at",
    ),
    ("an account without a name", "authn_user WHERE email IS NULL AND username_key IS NULL"),
    (
        "a malformed credential",
        "authn_user WHERE password_hash NOT LIKE '$argon2id$%' AND password_hash NOT LIKE 'argon2$argon2id$%'",
    ),
    ("half a user name", "authn_user WHERE (username IS NULL) <> (username_key IS NULL)"),
    (
        "an email address that is not the account's, or is so twice",
        "authn_user u WHERE (SELECT COUNT(*) FROM authn_address a WHERE a.user_id = u.id AND a.is_current) \
         <> CASE WHEN u.email IS NULL THEN 0 ELSE 1 END",
    ),
    ("an email address that nobody has", "authn_address WHERE NOT is_current AND reserved_until IS NULL"),
    (
        "an email address without an account",
        "authn_address a WHERE NOT EXISTS (SELECT 1 FROM authn_user u WHERE u.id = a.user_id)",
    ),
    (
        "a token without its user",
        "authn_one_time_token t WHERE t.user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM authn_user u WHERE u.id = t.user_id)",
    ),
    (
        "two signing keys at once",
        "authn_signing_key a, authn_signing_key b WHERE a.id < b.id AND a.retired_at IS NULL AND b.retired_at IS NULL \
         AND (a.promoted_at IS NULL) = (b.promoted_at IS NULL)",
    ),
    (
        "a retired signing key that could sign",
        "authn_signing_key WHERE retired_at IS NOT NULL AND (private_key IS NOT NULL OR expires_at IS NULL)",
    ),
    ("a token redeemed before it was issued", "authn_one_time_token WHERE used_at < created_at"),
];

/// Insists on whole objects.
pub(crate) async fn tables(app: &App) {
    for (meaning, rows) in FORBIDDEN {
        assert_eq!(app.count(rows).await, 0, "{meaning}");
    }
}
