//! The app's own business: notes, in its own table beside those of the library.

pub(crate) mod entity;
mod migration;

use auth_core::json::parse_strict;
use auth_core::uuid::{Builder, Uuid};
use auth_core::{Auth, Error, ErrorCode, OsRandom, Random, User};
use auth_http::body::collect;
use auth_http::{FieldProblem, Problem};
use bytes::Bytes;
use futures_util::Stream;
use http::HeaderMap;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, SqlErr};
use serde_json::Value;

pub use entity::Model as Note;
pub(crate) use migration::Migrator;

/// The longest note, in characters.
const MAX_TEXT: usize = 10_000;

/// The notes of everybody. Every method is told whose it may see.
#[derive(Clone, Debug)]
pub struct Notes {
    auth: Auth,
    db: DatabaseConnection,
}

impl Notes {
    pub(crate) fn new(auth: &Auth, db: DatabaseConnection) -> Self {
        Self { auth: auth.clone(), db }
    }

    /// The user's notes, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, user: &User) -> Result<Vec<Note>, Problem> {
        let own = entity::Entity::find().filter(entity::Column::UserId.eq(user.id));
        Ok(own.order_by_desc(entity::Column::Id).all(&self.db).await.map_err(Error::from)?)
    }

    /// Adds a note from the JSON body of a request, `{"text": "..."}`, read as the library reads those of its own routes:
    /// with a limit and within a deadline, which no framework has by itself.
    ///
    /// # Errors
    /// 413, 408; 422 for a text that is missing, empty or longer than 10,000 characters; the database's.
    pub async fn add<S, E>(&self, user: &User, body: S) -> Result<Note, Problem>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        let text = text(&collect(&HeaderMap::new(), body).await?)?;
        let note = entity::ActiveModel { id: Set(self.new_id()?), user_id: Set(user.id), text: Set(text) };
        note.insert(&self.db).await.map_err(|cause| match cause.sql_err() {
            // The account was deleted a moment ago.
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => ErrorCode::Unauthorized.into(),
            _ => Error::from(cause).into(),
        })
    }

    /// Removes one of the user's notes.
    ///
    /// # Errors
    /// 404 for the note of somebody else as for none at all; the database's.
    pub async fn remove(&self, user: &User, id: &str) -> Result<(), Problem> {
        let id: Uuid = id.parse().map_err(|_| ErrorCode::NotFound)?;
        let own =
            entity::Entity::delete_many().filter(entity::Column::Id.eq(id)).filter(entity::Column::UserId.eq(user.id));
        let removed = own.exec(&self.db).await.map_err(Error::from)?;
        if removed.rows_affected == 0 { Err(ErrorCode::NotFound.into()) } else { Ok(()) }
    }

    fn new_id(&self) -> Result<Uuid, Error> {
        let mut bytes = [0; 10];
        OsRandom.fill(&mut bytes).map_err(Error::internal)?;
        let milliseconds = u64::try_from(self.auth.now().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        Ok(Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid())
    }
}

fn text(body: &[u8]) -> Result<String, Problem> {
    let invalid = |kind, msg| Err(Problem::validation(vec![FieldProblem::new(kind, "body", "text", msg)]));
    let Ok(Value::Object(mut object)) = parse_strict(body) else {
        return invalid("json_invalid", "the body must be a JSON object");
    };
    match object.remove("text") {
        None => invalid("missing", "Field required"),
        // PostgreSQL stores no NUL.
        Some(Value::String(text)) if text.contains('\0') => invalid("string_unicode", "no NUL characters"),
        Some(Value::String(text)) if text.is_empty() => invalid("string_too_short", "at least 1 character"),
        Some(Value::String(text)) if text.chars().count() > MAX_TEXT => {
            invalid("string_too_long", "at most 10000 characters")
        }
        Some(Value::String(text)) => Ok(text),
        Some(_) => invalid("string_type", "Input should be a string"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_texts_of_1_to_10000_characters() {
        let body = |text: &str| serde_json::json!({ "text": text, "more": 1 }).to_string();
        for good in ["x".to_owned(), "é".repeat(MAX_TEXT)] {
            assert_eq!(text(body(&good).as_bytes()), Ok(good));
        }
        let bad = [body(""), body(&"x".repeat(MAX_TEXT + 1)), body("a\0b"), "{}".into(), "[]".into(), "".into()];
        for body in bad.into_iter().chain([r#"{"text":1}"#.into(), r#"{"text":"a","text":"b"}"#.into()]) {
            assert_eq!(text(body.as_bytes()).unwrap_err().code(), ErrorCode::Validation, "{body}");
        }
    }
}
