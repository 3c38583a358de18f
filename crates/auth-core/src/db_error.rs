//! What an error of the database means for the caller.

use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// The unique index that a statement ran into, in the words in which the database names it.
pub(crate) fn unique_violation(error: &DbErr) -> Option<String> {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) => Some(named_index(&message).to_owned()),
        _ => None,
    }
}

/// Whether a row that others refer to was to be deleted, or one was to refer to a row that is not there.
pub(crate) fn is_foreign_key_violation(error: &DbErr) -> bool {
    // Where the reference says `RESTRICT`: PostgreSQL's restrict_violation, and a trigger of SQLite's.
    const RESTRICTED: [&str; 2] = ["23001", "1811"];
    let code = || match sqlx_error(error) {
        Some(SqlxError::Database(cause)) => cause.code().map(|code| code.into_owned()),
        _ => None,
    };
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
        || code().is_some_and(|code| RESTRICTED.contains(&code.as_str()))
}

/// The part of the message that holds no values. MySQL and MariaDB put the value that was refused before the index, and
/// clients choose it.
fn named_index(message: &str) -> &str {
    message.rsplit(" for key ").next().unwrap_or(message)
}

/// The indexes that two transactions run into when neither could know of the other, and the next attempt does.
const RACED: [&str; 3] = ["authn_one_time_token_place", "authn_one_time_token_turn", "authn_signing_key_generation"];

/// Whether the same transaction may succeed when it is run again.
pub(crate) fn is_conflict(error: &DbErr) -> bool {
    if unique_violation(error).is_some_and(|index| RACED.iter().any(|raced| index.contains(raced))) {
        return true;
    }
    let Some(SqlxError::Database(cause)) = sqlx_error(error) else { return false };
    // PostgreSQL: serialisation failure, deadlock. MySQL reports its deadlock with the same class 40.
    cause.code().is_some_and(|code| code == "40001" || code == "40P01")
}

/// Whether the database is unavailable or too busy, as opposed to the statement being wrong.
pub(crate) fn is_unavailable(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    match sqlx_error(error) {
        Some(SqlxError::Database(cause)) => cause.code().is_some_and(|code| is_transient(&code)),
        Some(
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed
            | SqlxError::BeginFailed,
        ) => true,
        _ => false,
    }
}

/// Codes of a database that would take the statement at another time.
fn is_transient(code: &str) -> bool {
    // SQLSTATE classes of PostgreSQL and MySQL: connection, transaction rollback, resources, intervention, system; and
    // MySQL's own for a connection that was killed and a statement that took too long.
    const CLASSES: [&str; 6] = ["08", "40", "53", "57", "58", "70"];
    // PostgreSQL's lock_not_available, read_only_sql_transaction, and its end of a transaction that was idle or open for
    // too long; MySQL sends its own conditions as HY000.
    const STATES: [&str; 5] = ["55P03", "25006", "25P03", "25P04", "HY000"];
    // SQLite's primary codes: busy, locked, read only, I/O, full, cannot open.
    const SQLITE: [u32; 6] = [5, 6, 8, 10, 13, 14];
    if code.len() == 5 {
        return CLASSES.iter().any(|class| code.starts_with(class)) || STATES.contains(&code);
    }
    code.parse::<u32>().is_ok_and(|code| SQLITE.contains(&(code & 0xff)))
}

fn sqlx_error(error: &DbErr) -> Option<&SqlxError> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_a_message_are_no_index() {
        for (message, index) in [
            ("UNIQUE constraint failed: authn_user.username_key", "UNIQUE constraint failed: authn_user.username_key"),
            (
                "duplicate key value violates unique constraint \"i\"",
                "duplicate key value violates unique constraint \"i\"",
            ),
            ("Duplicate entry 'username@example.org' for key 'authn_user_username'", "'authn_user_username'"),
            (
                "Duplicate entry ' for key 'username'' for key 'authn_user.authn_user_username'",
                "'authn_user.authn_user_username'",
            ),
        ] {
            assert_eq!(named_index(message), index);
        }
    }

    #[test]
    fn tells_a_database_that_is_away_from_a_wrong_statement() {
        let transient = [
            "08006", "08S01", "40001", "40P01", "53100", "53300", "55P03", "57P01", "57P03", "57014", "58030", "25006",
            "25P03", "25P04", "70100", "HY000", "5", "6", "8", "10", "13", "14", "261", "517", "778", "1032",
        ];
        // Constraints, syntax, privileges, values: nobody need try these again.
        let permanent =
            ["23505", "23000", "42601", "42501", "42S02", "22001", "22P05", "0A000", "1", "19", "787", "2067", ""];
        for (codes, expected) in [(&transient[..], true), (&permanent[..], false)] {
            for code in codes {
                assert_eq!(is_transient(code), expected, "{code}");
            }
        }
    }
}
