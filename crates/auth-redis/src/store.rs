//! What is in Redis: under which key, and the commands that read and change it.

use std::fmt::Write;
use std::time::Duration;

use auth_core::token::Ended;
use auth_core::uuid::Uuid;
use redis::{Cmd, RedisResult, cmd};

use crate::link::Link;
use crate::pointer::{Pointer, milliseconds};

/// Stores a pointer and its place in the index; see the file.
const ISSUE: &str = include_str!("issue.lua");

/// Deletes pointers and their places in the index, and raises the fence; see the file.
const FORGET: &str = include_str!("forget.lua");

/// The keys and values. Every key that a command writes expires.
pub(crate) struct Store {
    pub(crate) link: Link,
    pub(crate) prefix: String,
    pub(crate) deadline: Duration,
}

impl Store {
    /// Stores a pointer, in one step with its place in the index. False when its writer was held up, and its epoch has ended
    /// meanwhile.
    pub(crate) async fn put(&self, digest: &[u8; 32], user_id: Uuid, pointer: &Pointer) -> RedisResult<bool> {
        let keys = [self.pointer(&hex(digest)), self.index(user_id), self.fence(user_id)];
        let mut command = script(ISSUE, &keys);
        command.arg(pointer.to_string()).arg(pointer.life()).arg(pointer.security_epoch).arg(pointer.issued_at);
        self.link.run(command.arg(hex(digest)), self.deadline).await
    }

    /// What is stored under a digest.
    pub(crate) async fn get(&self, digest: &[u8; 32]) -> RedisResult<Option<Pointer>> {
        let mut command = cmd("GET");
        let text: Option<String> = self.link.run(command.arg(self.pointer(&hex(digest))), self.deadline).await?;
        Ok(text.as_deref().and_then(Pointer::parse))
    }

    /// Deletes what has ended, in one step with its places in the index.
    pub(crate) async fn remove(&self, ended: &Ended) -> RedisResult<()> {
        let command = match ended {
            Ended::Session { id, user_id } => {
                self.forget(*user_id, [Some(id.to_string()), None, None, None, None, None])
            }
            Ended::Replaced { session_id, user_id, before } => {
                let before = milliseconds(*before).to_string();
                self.forget(*user_id, [Some(session_id.to_string()), Some(before), None, None, None, None])
            }
            Ended::Epoch { user_id, security_epoch, keep, at, until } => {
                let (keep, life) = (keep.map(|id| id.to_string()), milliseconds(*until) - milliseconds(*at));
                let (epoch, at) = (security_epoch.to_string(), milliseconds(*at).to_string());
                self.forget(*user_id, [None, None, Some(epoch), keep, Some(at), Some(life.to_string())])
            }
            // A kind that is newer than this crate. Its tokens expire, and the database refuses them.
            _ => return Ok(()),
        };
        self.link.run(&command, self.deadline).await
    }

    /// What the server says of itself.
    pub(crate) async fn info(&self) -> RedisResult<String> {
        self.link.run(&cmd("INFO"), self.deadline).await
    }

    fn forget(&self, user_id: Uuid, arguments: [Option<String>; 6]) -> Cmd {
        let mut command = script(FORGET, &[self.index(user_id), self.fence(user_id)]);
        command.arg(self.pointer(""));
        for argument in arguments {
            command.arg(argument.unwrap_or_default());
        }
        command
    }

    fn pointer(&self, digest: &str) -> String {
        format!("{}token:{digest}", self.prefix)
    }

    /// The digests of a user's tokens, sorted by when they expire.
    fn index(&self, user_id: Uuid) -> String {
        format!("{}user:{user_id}", self.prefix)
    }

    /// The epoch before which nothing of a user may be stored any more, and when it began.
    fn fence(&self, user_id: Uuid) -> String {
        format!("{}fence:{user_id}", self.prefix)
    }
}

/// A script with its keys. Its text travels each time, so that it does not matter what the server remembers.
fn script(text: &str, keys: &[String]) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys);
    command
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
