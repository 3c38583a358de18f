//! What must be true of the tables whatever went wrong.

use crate::App;

/// Rows that must not exist: what they would mean, and where they would be.
const FORBIDDEN: [(&str, &str); 8] = [
    ("a session without a user", "auth_session s WHERE NOT EXISTS (SELECT 1 FROM auth_user u WHERE u.id = s.user_id)"),
    (
        "a session from after the last change of its user",
        "auth_session s WHERE s.sev > (SELECT u.sev FROM auth_user u WHERE u.id = s.user_id)",
    ),
    (
        "a session that ends before it begins",
        "auth_session WHERE expires_at <= created_at OR last_seen_at < created_at",
    ),
    ("an account without a name", "auth_user WHERE email_key IS NULL AND username_key IS NULL"),
    ("a malformed credential", "auth_user WHERE password_hash NOT LIKE '$argon2id$%'"),
    (
        "half a name",
        "auth_user WHERE (email IS NULL) <> (email_key IS NULL) OR (username IS NULL) <> (username_key IS NULL)",
    ),
    (
        "a token without its user",
        "auth_one_time_token t WHERE t.user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM auth_user u WHERE u.id = t.user_id)",
    ),
    ("a token redeemed before it was issued", "auth_one_time_token WHERE used_at < created_at"),
];

/// Insists on whole objects.
pub(crate) async fn tables(app: &App) {
    for (meaning, rows) in FORBIDDEN {
        assert_eq!(app.count(rows).await, 0, "{meaning}");
    }
}
