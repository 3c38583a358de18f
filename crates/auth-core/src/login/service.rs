//! The service of logins.

use std::time::Duration;

use crate::account::{Accounts, Credentials};
use crate::backend::BuiltBackend;
use crate::client::Client;
use crate::error::{ErrorCode, Result};
use crate::event::{EventKind, LoginFailure};
use crate::gate::{Checked, PasswordGate};
use crate::kernel::Kernel;
use crate::password::{Password, Verdict};
use crate::session::{Login, Proof, Sessions, establish::establish};

/// How long a refusal waits at most, at random. To read an account takes some hundred microseconds more than to find that there is
/// none: among pauses of this length, more attempts would have to be averaged than the limits allow.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// The service of logins.
#[derive(Clone, Copy, Debug)]
pub struct Logins<'a> {
    kernel: &'a Kernel,
    remembered: bool,
}

impl<'a> Logins<'a> {
    pub(crate) fn new(kernel: &'a Kernel) -> Self {
        Self { kernel, remembered: false }
    }

    /// Whether the browser keeps the sessions that begin when it is closed. They have no idle limit then.
    #[must_use]
    pub fn remembered(self, remembered: bool) -> Self {
        Self { remembered, ..self }
    }

    /// Logs in with a user name or an email address and a password.
    ///
    /// # Errors
    /// Fails with `LOGIN_BAD_CREDENTIALS` for an unknown account, a wrong password and an inactive account alike, after
    /// the same work; with `LOGIN_USER_NOT_VERIFIED` after a correct password only; with `RATE_LIMITED` after too many wrong
    /// ones, also when this one is right; and with `OVERLOADED` when too many hashes are waiting.
    #[tracing::instrument(name = "login.login", target = "auth::service", level = "debug", skip_all)]
    pub async fn login(
        &self,
        name: &str,
        password: Password,
        backend: &BuiltBackend,
        client: &Client,
    ) -> Result<Login> {
        let accounts = Accounts::new(self.kernel);
        let checked = PasswordGate::new(self.kernel).check_login(name, password.clone(), backend, client).await?;
        let outdated = match self.judge(&checked) {
            Ok(outdated) => outdated,
            Err((reason, code)) => {
                let user_id = checked.found.as_ref().map(|found| found.user.id);
                let failure = EventKind::LoginFailed { user_id, reason };
                if reason == LoginFailure::NotVerified {
                    // The password is right, and the answer says so.
                    checked.passed().await;
                    self.kernel.emit(client, failure);
                } else {
                    checked.failed(failure);
                }
                tokio::time::sleep(self.kernel.part_of(LONGEST_PAUSE)?).await;
                return Err(code.into());
            }
        };
        let (found, device) = checked.passed().await;
        // `judge` lets nobody pass who does not exist.
        let Credentials { user, password_hash: hash, password_is_confirmed } =
            found.ok_or(ErrorCode::LoginBadCredentials)?;
        // Hashed anew only now: the time would tell that the password of an account that may not log in was right.
        let hasher = self.kernel.hasher_for(client);
        let fresh = if outdated { Some(hasher.hash(password).await?) } else { None };
        // Others who know the password do not read the account's mail.
        let confirms = !password_is_confirmed && device.as_ref().is_some_and(|device| device.opened_mail);
        let (user, upgrade, proof) = (&user, &fresh.zip(hash), Proof::password().with_device(device));
        let proof = &proof.remembered(self.remembered);
        let login = self.kernel.effect(client, |effect| async move {
            if let Some((fresh, stored)) = upgrade {
                accounts.upgrade_hash(&effect, user.id, stored, fresh).await?;
            }
            let login = establish(&effect, user, proof, backend).await?;
            if confirms {
                accounts.confirm_password(&effect, user.id).await?;
            }
            Ok(login)
        });
        Sessions::new(self.kernel).emit_if_outdated(login.await, user, client)
    }

    /// The verdict on a login: whether the stored hash is outdated, or the reason and the answer of a refusal.
    fn judge(&self, checked: &Checked<'_>) -> Result<bool, (LoginFailure, ErrorCode)> {
        const BAD: ErrorCode = ErrorCode::LoginBadCredentials;
        let Some(Credentials { user, password_hash, .. }) = &checked.found else {
            return Err((LoginFailure::UnknownUser, BAD));
        };
        let outdated = match checked.verdict {
            Verdict::Right { outdated } => outdated,
            Verdict::Wrong if password_hash.is_none() => return Err((LoginFailure::NoPassword, BAD)),
            Verdict::Wrong => return Err((LoginFailure::WrongPassword, BAD)),
            Verdict::Corrupt => return Err((LoginFailure::CorruptHash, BAD)),
        };
        if !user.is_active {
            return Err((LoginFailure::Inactive, BAD));
        }
        if !self.kernel.configs().login.admits(user) {
            return Err((LoginFailure::NotVerified, ErrorCode::LoginUserNotVerified));
        }
        Ok(outdated)
    }
}
