//! What a user must be, or must have done, to pass.

use auth_core::{Auth, ErrorCode, Principal};

use crate::problem::Problem;

/// What a route, an extractor or a subtree requires of the user that a request is from. Without more, every active user
/// passes.
///
/// ```
/// use auth_http::Requirement;
///
/// let payments = Requirement::new().verified().recent();
/// # let _ = payments;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    verified: bool,
    superuser: bool,
    recent: bool,
    scopes: Vec<String>,
    pending_password_change: bool,
}

impl Requirement {
    /// Any active user.
    #[must_use]
    pub const fn new() -> Self {
        Self { verified: false, superuser: false, recent: false, scopes: Vec::new(), pending_password_change: false }
    }

    /// The email address must be verified; otherwise 403 `EMAIL_NOT_VERIFIED`.
    #[must_use]
    pub fn verified(self) -> Self {
        Self { verified: true, ..self }
    }

    /// The user must be a superuser; otherwise 403 `Forbidden`.
    #[must_use]
    pub fn superuser(self) -> Self {
        Self { superuser: true, ..self }
    }

    /// The last login or confirmation of the session must be recent; otherwise 403 `REAUTHENTICATION_REQUIRED`.
    #[must_use]
    pub fn recent(self) -> Self {
        Self { recent: true, ..self }
    }

    /// A session that is limited to some scopes (RFC 6749, section 3.3) must have these among them; otherwise 403
    /// `SCOPE_UPGRADE_REQUIRED`. A session that is not limited, such as one of a login with a password, passes.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Users who must change their password pass as well; otherwise 403 `PASSWORD_CHANGE_REQUIRED`.
    #[must_use]
    pub fn open_to_pending_password_change(self) -> Self {
        Self { pending_password_change: true, ..self }
    }

    /// Checks a user who is authenticated.
    ///
    /// # Errors
    /// Fails with the code of the first condition that does not hold.
    pub fn check(&self, auth: &Auth, principal: &Principal) -> Result<(), Problem> {
        let user = &principal.user;
        if user.must_change_password && !self.pending_password_change {
            return Err(ErrorCode::PasswordChangeRequired.into());
        }
        if self.superuser && !user.is_superuser {
            return Err(ErrorCode::Forbidden.into());
        }
        if self.verified && !user.is_verified {
            return Err(ErrorCode::EmailNotVerified.into());
        }
        if self.recent {
            auth.accounts().require_recent(principal)?;
        }
        if !self.scopes.is_empty() {
            principal.session.require_scopes(&self.scopes)?;
        }
        Ok(())
    }

    /// The codes that [`check`](Self::check) can fail with, and that of a request without a valid token.
    #[must_use]
    pub fn errors(&self) -> Vec<ErrorCode> {
        let conditions = [
            (ErrorCode::Unauthorized, true),
            (ErrorCode::PasswordChangeRequired, !self.pending_password_change),
            (ErrorCode::Forbidden, self.superuser),
            (ErrorCode::EmailNotVerified, self.verified),
            (ErrorCode::ReauthenticationRequired, self.recent),
            (ErrorCode::ScopeUpgradeRequired, !self.scopes.is_empty()),
        ];
        conditions.into_iter().filter_map(|(code, can)| can.then_some(code)).collect()
    }

    /// Whether only superusers pass.
    #[must_use]
    pub fn is_for_superusers(&self) -> bool {
        self.superuser
    }

    /// Whether a user who must change their password passes.
    #[must_use]
    pub fn is_open_to_pending_password_change(&self) -> bool {
        self.pending_password_change
    }

    /// Who passes, in Markdown: `superusers`, `active users with a recent login`.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = if self.superuser { "superusers" } else { "active users" }.to_owned();
        let scopes = self.scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", ");
        let conditions = [
            (self.verified, "a verified email address".to_owned()),
            (self.recent, "a recent login".to_owned()),
            (!self.scopes.is_empty(), format!("the scopes {scopes}")),
        ];
        let conditions: Vec<String> = conditions.into_iter().filter_map(|(is, text)| is.then_some(text)).collect();
        if !conditions.is_empty() {
            text.push_str(" with ");
            text.push_str(&conditions.join(" and "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_has_a_code_and_words() {
        let cases = [
            (Requirement::new(), vec![ErrorCode::PasswordChangeRequired], "active users"),
            (Requirement::new().open_to_pending_password_change(), vec![], "active users"),
            (
                Requirement::new().superuser(),
                vec![ErrorCode::PasswordChangeRequired, ErrorCode::Forbidden],
                "superusers",
            ),
            (
                Requirement::new().open_to_pending_password_change().verified().recent(),
                vec![ErrorCode::EmailNotVerified, ErrorCode::ReauthenticationRequired],
                "active users with a verified email address and a recent login",
            ),
            (
                Requirement::new().open_to_pending_password_change().scopes(["notes:read", "notes:write"]),
                vec![ErrorCode::ScopeUpgradeRequired],
                "active users with the scopes `notes:read`, `notes:write`",
            ),
        ];
        for (requirement, codes, description) in cases {
            let expected: Vec<ErrorCode> = [ErrorCode::Unauthorized].into_iter().chain(codes).collect();
            assert_eq!(requirement.errors(), expected, "{requirement:?}");
            assert_eq!(requirement.description(), description);
        }
    }
}
