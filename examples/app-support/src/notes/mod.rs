//! The app's own business: notes, in its own table beside those of the library.

pub(crate) mod entity;
mod migration;

use auth_core::json::parse_strict;
use auth_core::uuid::{Builder, Uuid};
use auth_core::{Auth, Error, ErrorCode, OsRandom, Random, User};
use auth_http::body::collect;
use auth_http::{FieldProblem, Problem, Role};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseConnection, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, SqlErr,
};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::{self, error::RecvError};

pub use entity::Model as Note;
pub(crate) use migration::Migrator;

/// The longest note, in characters.
const MAX_TEXT: usize = 10_000;

/// How a WebSocket is closed whose session has ended: a code of the app's own (RFC 6455, section 7.4.2).
pub const SESSION_ENDED: u16 = 4001;

/// How many new notes may wait for a reader that is slow. One that falls behind misses some.
const WAITING: usize = 100;

/// The role of those who may know how many notes there are.
#[derive(Clone, Copy, Debug)]
pub struct Moderator;

impl Role for Moderator {
    const NAME: &'static str = "moderator";
}

/// How many notes there are.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NoteCount {
    /// Of all users together.
    pub notes: u64,
}

/// The notes of everybody. Every method but the count is told whose it may see.
#[derive(Clone, Debug)]
pub struct Notes {
    auth: Auth,
    db: DatabaseConnection,
    added: broadcast::Sender<Note>,
}

impl Notes {
    pub(crate) fn new(auth: &Auth, db: DatabaseConnection) -> Self {
        Self { auth: auth.clone(), db, added: broadcast::Sender::new(WAITING) }
    }

    /// The notes that the user adds from now on, as JSON, as long as the session lasts. Only those that this server adds: an app with
    /// several has a way to tell the others.
    pub fn live<E: Future<Output = ()>>(&self, user: &User, ended: E) -> impl Stream<Item = String> + use<E> {
        let (added, user_id) = (self.added.subscribe(), user.id);
        let notes = stream::unfold(added, move |mut added| async move {
            loop {
                match added.recv().await {
                    Ok(note) if note.user_id == user_id => {
                        break Some((serde_json::to_string(&note).unwrap_or_default(), added));
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break None,
                }
            }
        });
        notes.take_until(ended)
    }

    /// The user's notes, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, user: &User) -> Result<Vec<Note>, Problem> {
        let own = entity::Entity::find().filter(entity::Column::UserId.eq(user.id));
        Ok(own.order_by_desc(entity::Column::Id).all(&self.db).await.map_err(Error::from)?)
    }

    /// How many notes all users have. For moderators.
    ///
    /// # Errors
    /// Fails when the database does.
    pub async fn count(&self) -> Result<NoteCount, Problem> {
        let notes = entity::Entity::find().count(&self.db).await.map_err(Error::from)?;
        Ok(NoteCount { notes })
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
        let note = note.insert(&self.db).await.map_err(|cause| match cause.sql_err() {
            // The account was deleted a moment ago.
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => ErrorCode::Unauthorized.into(),
            _ => Problem::from(Error::from(cause)),
        })?;
        // Nobody may be listening.
        let _ = self.added.send(note.clone());
        Ok(note)
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
