//! What a user must be, or must have done, to pass.

use auth_core::session::Freshness;
use auth_core::{Auth, ErrorCode, Principal, RoleName};

use crate::barrier::DEADLINE;
use crate::problem::Problem;

/// What a route, an extractor or a subtree requires of the user that a request is from. Without more, every active user
/// passes, by any session: one that is limited to scopes (RFC 6749, section 3.3) is refused where scopes are named that it
/// lacks, where a superuser or a recent login is required, where a role is required and no scope named, and by every route of
/// the library that names no scope.
///
/// ```
/// use auth_http::Requirement;
///
/// let payments = Requirement::new().verified().recent();
/// let newsroom = Requirement::new().role("editor");
/// # let _ = (payments, newsroom);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    verified: bool,
    superuser: bool,
    roles: Vec<RoleName>,
    /// Whether a role is required that cannot exist.
    nobody: bool,
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

/// A role, named by a type of the app, for the extractor `RequireRole`. A name that is not
/// [canonical](RoleName::is_canonical) does not compile.
///
/// ```
/// struct Editor;
///
/// impl auth_http::Role for Editor {
///     const NAME: &'static str = "editor";
/// }
/// # let _ = auth_http::Requirement::new().role_of::<Editor>();
/// ```
///
/// ```compile_fail
/// struct Owner;
///
/// impl auth_http::Role for Owner {
///     const NAME: &'static str = " owner";
/// }
/// let _ = auth_http::Requirement::new().role_of::<Owner>();
/// ```
pub trait Role: Send + Sync + 'static {
    /// The canonical name.
    const NAME: &'static str;
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
            roles: Vec::new(),
            nobody: false,
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

    /// The user must have this role now, and those that were named before; otherwise 403 `Forbidden`. It is looked up for each
    /// request. A session that is limited to scopes does not pass unless scopes are named as well: 403
    /// `SCOPE_UPGRADE_REQUIRED`. Superusers need the role like everybody else. A name that no role can have lets nobody pass.
    #[must_use]
    pub fn role(mut self, name: &str) -> Self {
        match RoleName::parse(name) {
            Ok(role) => self.roles.push(role),
            Err(_) => self.nobody = true,
        }
        self
    }

    /// The same for a role that a type names.
    #[must_use]
    pub fn role_of<R: Role>(self) -> Self {
        const {
            assert!(RoleName::is_canonical(R::NAME), "the name of a role is in lower case: see `auth_core::RoleName`");
        }
        self.role(R::NAME)
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
    /// has a cache. Never for superusers, roles and recent logins: what asks for them asks the database.
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
        let now = self.memory == Memory::Refused || self.superuser || self.recent || self.needs_role();
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

    /// Checks a user who is authenticated. Costs one statement if a role is required.
    ///
    /// # Errors
    /// Fails with the code of the first condition that does not hold, and when the database does.
    pub async fn check(&self, auth: &Auth, principal: &Principal) -> Result<(), Problem> {
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
        if self.needs_role() {
            self.check_roles(auth, principal).await?;
        }
        if self.verified && !user.is_verified {
            return Err(ErrorCode::EmailNotVerified.into());
        }
        if self.recent {
            auth.accounts().require_recent(principal)?;
        }
        Ok(())
    }

    async fn check_roles(&self, auth: &Auth, principal: &Principal) -> Result<(), Problem> {
        let roles = auth.roles();
        let has_all = tokio::time::timeout(DEADLINE, roles.has_all(principal.user.id, &self.roles));
        let has_all = has_all.await.map_err(|_| ErrorCode::Overloaded)??;
        if has_all && !self.nobody { Ok(()) } else { Err(ErrorCode::Forbidden.into()) }
    }

    fn needs_role(&self) -> bool {
        self.nobody || !self.roles.is_empty()
    }

    /// The codes that [`check`](Self::check) can fail with, and that of a request without a valid token.
    #[must_use]
    pub fn errors(&self) -> Vec<ErrorCode> {
        let needs_scopes = matches!(&self.limited, Limited::With(scopes) if !scopes.is_empty());
        let conditions = [
            (ErrorCode::Unauthorized, true),
            (ErrorCode::PasswordChangeRequired, !self.pending_password_change),
            (ErrorCode::ScopeUpgradeRequired, needs_scopes || self.is_closed_to_limited_sessions()),
            (ErrorCode::Forbidden, self.superuser || self.needs_role()),
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
        match self.limited {
            Limited::None => true,
            Limited::Undeclared => self.superuser || self.recent || self.needs_role(),
            Limited::With(_) | Limited::All => self.superuser || self.recent,
        }
    }

    /// Who passes, in Markdown: `superusers`, `active users with a recent login`.
    #[must_use]
    pub fn description(&self) -> String {
        let mut text = if self.superuser { "superusers" } else { "active users" }.to_owned();
        let others = [(self.verified, "a verified email address"), (self.recent, "a recent login")];
        let others = others.into_iter().filter(|(is, _)| *is).map(|(_, text)| text.to_owned());
        let conditions: Vec<String> =
            self.roles.iter().map(|role| format!("the role `{role}`")).chain(others).collect();
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

    /// A row that names scopes beside a role was written with programs in mind.
    #[test]
    fn a_limited_session_has_a_role_only_where_scopes_are_named() {
        let editor = || Requirement::new().role("Editor");
        for row in [editor(), editor().role("writer"), Requirement::new().role(" owner")] {
            assert!(row.is_closed_to_limited_sessions(), "{row:?}");
            assert!(row.clone().of_route(false).is_closed_to_limited_sessions(), "{row:?}");
            assert!(!row.clone().scopes(["notes:write"]).is_closed_to_limited_sessions(), "{row:?}");
            assert!(!row.clone().open_to_limited_sessions().is_closed_to_limited_sessions(), "{row:?}");
            assert!(row.clone().scopes(["a"]).recent().is_closed_to_limited_sessions(), "{row:?}");
            assert!(row.errors().contains(&ErrorCode::Forbidden), "{row:?}");
        }
        assert_eq!(editor(), Requirement::new().role("editor"));
        assert_eq!(editor().recent().description(), "active users with the role `editor` and a recent login");
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
