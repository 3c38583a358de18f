//! Commands that keep the tables in order.

use std::io::Write;

use auth_core::Auth;

use crate::{Result, explain, print};

pub(crate) async fn outbox(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let state = auth.mail().state().await.map_err(|error| explain(&error))?;
    print(output, &format!("{} mails wait, {} dead letters\n", state.waiting, state.failed))
}

pub(crate) async fn revive(auth: &Auth, output: &mut (dyn Write + Send)) -> Result {
    let revived = auth.mail().revive().await.map_err(|error| explain(&error))?;
    print(output, &format!("{revived} dead letters will be sent again by the workers of the app\n"))
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
