//! Registering.

use serde_json::Value;

use super::{NewAccount, Registered, Registration, create, pending};
use crate::account::{Draft, refused};
use crate::client::Client;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventKind;
use crate::kernel::Kernel;
use crate::limit::{Limit, Rate};

/// Registrations that a client tries, whatever becomes of them.
pub const REGISTRATION_TRIES: Limit<Client> = Limit::new("registration_tries", &[Rate::per_hour(30)]);

/// Registrations of a client, with a password that is good enough.
pub const REGISTRATIONS: Limit<Client> = Limit::new("registrations", &[Rate::per_hour(5)]);

/// The service of registration.
#[derive(Clone, Copy, Debug)]
pub struct Registrations<'a> {
    pub(super) kernel: &'a Kernel,
}

impl<'a> Registrations<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel }
    }

    /// Creates an account, and mails a link that verifies its email address. The work is the same whether the address is
    /// free or not, up to the insert that decides. With [`Neutral`](Registration::Neutral) the account waits for that
    /// verification, and the caller learns nothing. With [`Closed`](Registration::Closed) only the app itself,
    /// `Client::default()`, may create accounts.
    ///
    /// # Errors
    /// Fails with `REGISTRATION_DISABLED`, `REGISTER_INVALID_PASSWORD` with a reason, `REGISTER_USER_ALREADY_EXISTS`,
    /// `USERNAME_ALREADY_EXISTS`, `RATE_LIMITED`, when a hook refuses, and when the database does.
    #[tracing::instrument(name = "registration.register", target = "auth::service", level = "debug", skip_all)]
    pub async fn register(&self, new: NewAccount, client: &Client) -> Result<Registered> {
        let mode = self.kernel.configs().registration.mode;
        if mode == Registration::Closed && client.is_remote() {
            return Err(ErrorCode::RegistrationDisabled.into());
        }
        let draft = self.draft(new, client).await?;
        if mode == Registration::Neutral {
            return pending::register_later(self.kernel, draft, client).await;
        }
        let result = create(self.kernel, &draft, ErrorCode::RegisterUserAlreadyExists, client).await;
        if let Err(Error::Refused {
            code: ErrorCode::RegisterUserAlreadyExists | ErrorCode::UsernameAlreadyExists,
            ..
        }) = &result
        {
            self.kernel.emit(client, EventKind::RegisterDuplicate);
        }
        result.map(Registered::Created)
    }

    /// Checks what was asked for, and does the slow part of it.
    async fn draft(&self, new: NewAccount, client: &Client) -> Result<Draft> {
        let NewAccount { email, password, username, display_name, attributes } = new;
        let attributes = Value::Object(attributes);
        self.kernel.check_attributes(&attributes)?;
        let words = [Some(email.as_str()), username.as_ref().map(|name| name.as_str()), display_name.as_deref()];
        let context = self.kernel.policy_context(None, &words);
        let limiter = self.kernel.limiter();
        let bucket = REGISTRATIONS.of(client);
        // Judging a password is work, which a client that is over a limit must not cause.
        limiter.take(&REGISTRATION_TRIES.of(client), client).await?;
        limiter.check(&bucket, client).await?;
        // A rejected password must not count against the limit of registrations.
        let counted = limiter.take(&bucket, client);
        let hashed = self
            .kernel
            .hasher_for(client)
            .check_wait_and_hash(password, self.kernel.configs().passwords.policy.clone(), context, counted)
            .await?;
        let hash = hashed.map_err(|error| refused(error, ErrorCode::RegisterInvalidPassword))?;
        let locale = client.accept_language().map(|_| self.kernel.language(client));
        Ok(Draft {
            email: Some(email),
            username,
            display_name,
            attributes,
            password_hash: Some(hash),
            locale,
            ..Draft::default()
        })
    }
}
