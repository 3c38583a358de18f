//! What a user must be, or must have done, to pass.

use auth_core::session::Freshness;
use auth_core::{Auth, ErrorCode, Principal};

use crate::problem::Problem;

/// What a route, an extractor or a subtree requires of the user that a request is from. Without more, every active user
/// passes, by any session: one that is limited to scopes (RFC 6749, section 3.3) is refused where scopes are named that it
/// lacks, where a superuser or a recent login is required, and by every route of the library that names no scope.
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
    limited: Limited,
    pending_password_change: bool,
    memory: Memory,
}

/// Whether the user and the session may be remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Memory {
    /// Nothing was declared: the app's own handlers take what is remembered, the routes of the library do not.
    #[default]
    Undeclared,
    /// They may, where no more than a user is required.
    Taken,
    /// They may not.
    Refused,
}

/// Which of the sessions that are limited to scopes pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Limited {
    /// Nothing was declared: the app's own handlers let all of them pass, the routes of the library none.
    #[default]
    Undeclared,
    /// None.
    None,
    /// Those that have all of these scopes.
    With(Vec<String>),
    /// All.
    All,
}

impl Requirement {
    /// Any active user.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            verified: false,
            superuser: false,
            recent: false,
            limited: Limited::Undeclared,
            pending_password_change: false,
            memory: Memory::Undeclared,
        }
    }

    /// The email address must be verified; otherwise 403 `EMAIL_NOT_VERIFIED`.
    #[must_use]
    pub fn verified(self) -> Self {
        Self { verified: true, ..self }
    }

    /// The user must be a superuser; otherwise 403 `Forbidden`. A session that is limited to scopes never passes,
    /// whatever its scopes are: 403 `SCOPE_UPGRADE_REQUIRED`.
    #[must_use]
    pub fn superuser(self) -> Self {
        Self { superuser: true, ..self }
    }

    /// The last login or confirmation of the session must be recent; otherwise 403 `REAUTHENTICATION_REQUIRED`. A session
    /// that is limited to scopes never passes, because it stands for a program: 403 `SCOPE_UPGRADE_REQUIRED`.
    #[must_use]
    pub fn recent(self) -> Self {
        Self { recent: true, ..self }
    }

    /// A session that is limited to some scopes (RFC 6749, section 3.3) must have these among them; otherwise 403
    /// `SCOPE_UPGRADE_REQUIRED`. A session that is not limited, such as one of a login with a password, passes.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(Into::into);
        match &mut self.limited {
            Limited::With(needed) => needed.extend(scopes),
            limited => *limited = Limited::With(scopes.collect()),
        }
        self
    }

    /// Sessions that are limited to scopes pass, whatever their scopes are.
    #[must_use]
    pub fn open_to_limited_sessions(self) -> Self {
        Self { limited: Limited::All, ..self }
    }

    /// No session passes that is limited to scopes; otherwise 403 `SCOPE_UPGRADE_REQUIRED` with an empty list.
    #[must_use]
    pub fn closed_to_limited_sessions(self) -> Self {
        Self { limited: Limited::None, ..self }
    }

    /// What the server [remembers](auth_core::session::SessionConfig::cached) of the user and the session is good enough, if the app
    /// has a cache. Never for superusers and recent logins: what asks for them asks the database.
    #[must_use]
    pub fn from_memory(self) -> Self {
        Self { memory: Memory::Taken, ..self }
    }

    /// The database is asked, whatever the server [remembers](auth_core::session::SessionConfig::cached): for what must not happen
    /// even a moment after the session was ended on another server.
    #[must_use]
    pub fn reads_through(self) -> Self {
        Self { memory: Memory::Refused, ..self }
    }

    /// How new what is known of the user and the session has to be.
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        let now = self.memory == Memory::Refused || self.superuser || self.recent;
        if now { Freshness::Now } else { Freshness::Remembered }
    }

    /// Users who must change their password pass as well; otherwise 403 `PASSWORD_CHANGE_REQUIRED`.
    #[must_use]
    pub fn open_to_pending_password_change(self) -> Self {
        Self { pending_password_change: true, ..self }
    }

    /// The same as a route of the library requires it: closed to limited sessions unless it declares otherwise, and with a
    /// recent login where a superuser changes something (OWASP ASVS 8.4.2). It asks the database unless it declares otherwise.
    pub(crate) fn of_route(self, changes_something: bool) -> Self {
        let recent = self.recent || self.superuser && changes_something;
        let limited = if self.limited == Limited::Undeclared { Limited::None } else { self.limited };
        let memory = if self.memory == Memory::Undeclared { Memory::Refused } else { self.memory };
        Self { recent, limited, memory, ..self }
    }

    /// Checks a user who is authenticated.
    ///
    /// # Errors
    /// Fails with the code of the first condition that does not hold.
    pub fn check(&self, auth: &Auth, principal: &Principal) -> Result<(), Problem> {
        let Principal { user, session, .. } = principal;
        if user.must_change_password && !self.pending_password_change {
            return Err(ErrorCode::PasswordChangeRequired.into());
        }
        match &self.limited {
            _ if self.is_closed_to_limited_sessions() => session.require_unlimited()?,
            Limited::With(scopes) => session.require_scopes(scopes)?,
            _ => {}
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
        Ok(())
    }

    /// The codes that [`check`](Self::check) can fail with, and that of a request without a valid token.
    #[must_use]
    pub fn errors(&self) -> Vec<ErrorCode> {
        let needs_scopes = matches!(&self.limited, Limited::With(scopes) if !scopes.is_empty());
        let conditions = [
            (ErrorCode::Unauthorized, true),
            (ErrorCode::PasswordChangeRequired, !self.pending_password_change),
            (ErrorCode::ScopeUpgradeRequired, needs_scopes || self.is_closed_to_limited_sessions()),
            (ErrorCode::Forbidden, self.superuser),
            (ErrorCode::EmailNotVerified, self.verified),
            (ErrorCode::ReauthenticationRequired, self.recent),
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

    /// Whether no session passes that is limited to scopes.
    #[must_use]
    pub fn is_closed_to_limited_sessions(&self) -> bool {
        // Someone who holds a token for a few things is neither the superuser nor a person who has just logged in.
        self.limited == Limited::None || self.superuser || self.recent
    }

    /// Who passes, in Markdown: `superusers`, `active users with a recent login`.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = if self.superuser { "superusers" } else { "active users" }.to_owned();
        let conditions = [(self.verified, "a verified email address"), (self.recent, "a recent login")];
        let conditions: Vec<&str> = conditions.into_iter().filter_map(|(is, text)| is.then_some(text)).collect();
        if !conditions.is_empty() {
            text.push_str(" with ");
            text.push_str(&conditions.join(" and "));
        }
        text
    }

    /// Which sessions pass that are limited to scopes, in Markdown: `sessions with the scope \`notes:read\``; `None` if no
    /// such session does.
    #[must_use]
    pub fn limited_sessions(&self) -> Option<String> {
        let scopes = match &self.limited {
            _ if self.is_closed_to_limited_sessions() => return None,
            Limited::With(scopes) => scopes.as_slice(),
            _ => &[],
        };
        let names = scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", ");
        Some(match scopes.len() {
            0 => "every session that is limited to scopes".to_owned(),
            1 => format!("sessions with the scope {names}"),
            _ => format!("sessions with the scopes {names}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> Requirement {
        Requirement::new().open_to_pending_password_change()
    }

    /// Whatever else a row declares, in whatever order: a superuser, and a user who has just logged in, is a person.
    #[test]
    fn no_limited_session_is_a_superuser_or_a_recent_login() {
        type Declare = fn(Requirement) -> Requirement;
        let sessions: [Declare; 4] = [
            |row| row,
            |row| row.scopes(["account:read"]),
            Requirement::open_to_limited_sessions,
            Requirement::closed_to_limited_sessions,
        ];
        let persons: [Declare; 3] =
            [Requirement::superuser, Requirement::recent, |row| row.verified().superuser().recent()];
        for (session, person) in sessions.iter().flat_map(|session| persons.iter().map(move |person| (session, person)))
        {
            for row in [person(session(Requirement::new())), session(person(Requirement::new()))] {
                for row in [row.clone(), row.clone().of_route(false), row.of_route(true)] {
                    assert!(row.is_closed_to_limited_sessions(), "{row:?}");
                    assert_eq!(row.limited_sessions(), None, "{row:?}");
                    assert!(row.errors().contains(&ErrorCode::ScopeUpgradeRequired), "{row:?}");
                }
            }
        }
    }

    #[test]
    fn each_condition_has_a_code_and_words() {
        use ErrorCode as E;
        let any = Some("every session that is limited to scopes");
        let cases = [
            (Requirement::new(), vec![E::PasswordChangeRequired], "active users", any),
            (open(), vec![], "active users", any),
            (open().of_route(true), vec![E::ScopeUpgradeRequired], "active users", None),
            (open().open_to_limited_sessions().of_route(true), vec![], "active users", any),
            (open().superuser().of_route(false), vec![E::ScopeUpgradeRequired, E::Forbidden], "superusers", None),
            (
                open().superuser().of_route(true),
                vec![E::ScopeUpgradeRequired, E::Forbidden, E::ReauthenticationRequired],
                "superusers with a recent login",
                None,
            ),
            (
                open().verified().recent(),
                vec![E::ScopeUpgradeRequired, E::EmailNotVerified, E::ReauthenticationRequired],
                "active users with a verified email address and a recent login",
                None,
            ),
            (
                open().scopes(["notes:read"]).scopes(["notes:write"]).of_route(true),
                vec![E::ScopeUpgradeRequired],
                "active users",
                Some("sessions with the scopes `notes:read`, `notes:write`"),
            ),
            (
                open().scopes(["a"]).open_to_limited_sessions().superuser(),
                vec![E::ScopeUpgradeRequired, E::Forbidden],
                "superusers",
                None,
            ),
        ];
        for (requirement, codes, description, limited) in cases {
            let expected: Vec<ErrorCode> = [E::Unauthorized].into_iter().chain(codes).collect();
            assert_eq!(requirement.errors(), expected, "{requirement:?}");
            assert_eq!(requirement.description(), description, "{requirement:?}");
            assert_eq!(requirement.limited_sessions().as_deref(), limited, "{requirement:?}");
        }
    }
}
