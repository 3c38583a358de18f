//! The one connection to Redis, which is replaced as soon as it fails, and the deadline of everything that goes through it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult};

/// A connection that is made when the first command needs it, and that all commands share.
pub(crate) struct Link {
    client: Client,
    current: Mutex<Current>,
    /// Held by the caller that connects.
    connecting: tokio::sync::Mutex<()>,
}

/// The present connection, if there is one.
#[derive(Default)]
struct Current {
    /// How many there were: what tells it from those before.
    number: u64,
    connection: Option<MultiplexedConnection>,
}

/// A connection as a command takes it.
struct Taken {
    connection: MultiplexedConnection,
    number: u64,
    is_new: bool,
}

impl Link {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, current: Mutex::default(), connecting: tokio::sync::Mutex::default() }
    }

    /// Runs a command, within `deadline` in all. It must be one that does no more when it is carried out twice. A command that
    /// fails may have been carried out all the same, or be carried out later.
    pub(crate) async fn run<T: FromRedisValue>(&self, command: &Cmd, deadline: Duration) -> RedisResult<T> {
        let mut used = None;
        let work = async {
            loop {
                let Taken { mut connection, number, is_new } = self.take().await?;
                used = Some(number);
                match command.query_async(&mut connection).await {
                    // The server may have been restarted since the connection was used.
                    Err(cause) if cause.is_io_error() && !is_new => self.drop_connection(number),
                    result => return result,
                }
            }
        };
        let result = tokio::time::timeout(deadline, work).await.unwrap_or_else(|_| {
            Err(RedisError::from((ErrorKind::Io, "no answer in time", format!("within {deadline:?}"))))
        });
        // Another one may lead to a server that works: a name may have moved to another machine.
        if let (Err(_), Some(number)) = (&result, used) {
            self.drop_connection(number);
        }
        result
    }

    async fn take(&self) -> RedisResult<Taken> {
        if let Some(taken) = self.present() {
            return Ok(taken);
        }
        let _turn = self.connecting.lock().await;
        if let Some(taken) = self.present() {
            return Ok(taken);
        }
        // The caller has a deadline for all of it.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let mut current = self.current();
        current.number = current.number.wrapping_add(1);
        current.connection = Some(connection.clone());
        Ok(Taken { connection, number: current.number, is_new: true })
    }

    fn present(&self) -> Option<Taken> {
        let current = self.current();
        let connection = current.connection.clone()?;
        Some(Taken { connection, number: current.number, is_new: false })
    }

    /// Has the next command connect anew, unless another one has done so already.
    fn drop_connection(&self, number: u64) {
        let mut current = self.current();
        if current.number == number {
            current.connection = None;
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
