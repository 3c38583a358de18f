//! Commands that keep the tables in order.

use std::io::Write;

use auth_core::Auth;
use auth_core::installation::KeyError;

use crate::{Result, explain, print};

pub(crate) async fn outbox(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let state = auth.mail().state().await.map_err(|error| explain(&error))?;
    print(output, &format!("{} mails wait, {} dead letters\n", state.waiting, state.failed))
}

pub(crate) async fn revive(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let revived = auth.mail().revive().await.map_err(|error| explain(&error))?;
    print(output, &format!("{revived} dead letters will be sent again by the workers of the app\n"))
}

pub(crate) async fn after_restore(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let ended = auth.installation().after_restore().await.map_err(|error| explain(&error))?;
    print(
        output,
        &format!(
            "ended {} sessions, {} links and codes, {} mails that waited; everybody logs in again\n",
            ended.sessions, ended.tokens, ended.mails
        ),
    )
}

pub(crate) async fn accept_key(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    auth.installation().accept_key().await.map_err(|error| explain(&error))?;
    print(output, &format!("the database is used with the key {} from now on\n", auth.installation().key_id()))
}

/// Refuses to write what no server could open. Where there is no key yet, that of the command is the first: a server with
/// another one does not start.
pub(crate) async fn insist_on_key(auth: &Auth) -> Result {
    auth.installation().check_keys().await.map_err(|error| match error {
        KeyError::Failed(error) => explain(&error),
        unknown => unknown.to_string(),
    })
}

pub(crate) async fn purge(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let purged = auth.purge().run().await.map_err(|error| explain(&error))?;
    let rows: Vec<String> = purged.iter().map(|(feature, rows)| format!("{rows} of {feature}")).collect();
    print(output, &format!("deleted {}\n", rows.join(", ")))
}

pub(crate) async fn migrate(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    auth_migration::migrate(auth.database())
        .await
        .map_err(|cause| format!("the tables could not be changed: {cause}"))?;
    print(output, "the tables are up to date\n")
}
