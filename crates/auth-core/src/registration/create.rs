//! Creating an account at once.

use std::sync::Arc;

use crate::account::{Accounts, Draft};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{ErrorCode, Result};
use crate::kernel::Kernel;
use crate::user::User;
use crate::verification;

/// Inserts an account as an effect of its own, and mails a link that verifies its email address.
pub(crate) async fn create(kernel: &Kernel, draft: &Draft, email_taken: ErrorCode, client: &Client) -> Result<User> {
    let accounts = Accounts::new(kernel);
    let insert = |effect: Arc<Effect>| async move {
        let user = accounts.insert(&effect, draft, email_taken).await?;
        if !user.is_verified {
            verification::invite(&effect, &user).await?;
        }
        Ok(user)
    };
    let created = kernel.effect(client, insert).await;
    accounts.prefer_email_conflict(created, draft.email.as_ref(), None, email_taken).await
}
