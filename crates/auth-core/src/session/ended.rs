//! Waiting for the end of a session.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Result;
use crate::kernel::Kernel;
use crate::principal::Session;
use crate::token::TokenRef;

/// How long a connection goes on while nobody can tell whether its session does.
const UNSURE: Duration = Duration::from_secs(60);

/// How long to wait before a look that failed is repeated.
const PAUSE: Duration = Duration::from_secs(1);

/// Resolves when the session has ended.
pub(super) async fn ended(kernel: Kernel, session_id: Uuid, user_id: Uuid) {
    let changes = &kernel.parts().changes;
    let watch = changes.watch(user_id);
    if changes.watchers().needs_lookout() {
        tokio::spawn(look_out(kernel.clone()));
    }
    let mut known_at = kernel.uptime();
    loop {
        let news = watch.news();
        match end_of(&kernel, session_id).await {
            Ok(None) => return,
            Ok(Some(end)) => {
                known_at = kernel.uptime();
                watch.wake_at(end);
                news.await;
            }
            Err(cause) if kernel.uptime().saturating_sub(known_at) >= UNSURE => {
                tracing::warn!(%cause, "whether a session goes on has been unknown for a minute: what waits for its end is told");
                return;
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// When a session ends if nothing happens; `None` if it has ended. A new token does not end it.
async fn end_of(kernel: &Kernel, session_id: Uuid) -> Result<Option<OffsetDateTime>> {
    let any_token = TokenRef::Session { id: session_id, security_epoch: i64::MAX };
    let found = kernel.parts().lookup.find(any_token).await?;
    let end = |session: &Session| {
        let idle = kernel.backend(&session.backend).ok()?.idle(kernel.configs().sessions.idle);
        Some(session.end(idle)).filter(|end| *end > kernel.now())
    };
    Ok(found.and_then(|found| end(&found.session)))
}

/// Looks for news on behalf of all who wait in this server, until nobody does.
async fn look_out(kernel: Kernel) {
    let changes = &kernel.parts().changes;
    let every = kernel.configs().sessions.staleness / 2;
    loop {
        tokio::time::sleep(every).await;
        if let Err(cause) = changes.read(kernel.db(), kernel.uptime()).await {
            tracing::warn!(%cause, "the list of changes could not be read");
        }
        changes.watchers().wake_due(kernel.now());
        if changes.age(kernel.uptime()).is_none_or(|age| age >= UNSURE) {
            changes.watchers().wake_all();
        }
        if changes.watchers().is_deserted() {
            return;
        }
    }
}
