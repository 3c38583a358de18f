//! Kinds of mail, and what one mail of a kind says.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{MailCode, MailLink};
use crate::{Error, Result};

/// A kind of mail: its name, what its mails carry, and its words. Declared once, as a constant of the feature that sends
/// it:
///
/// ```
/// use std::time::Duration;
///
/// use auth_core::mail::MailKind;
///
/// const ENGLISH: &str = r#"
/// {% block subject %}Join {{ team }} at {{ service }}{% endblock %}
/// {% block before %}You were invited to {{ team }}.{% endblock %}
/// {% block action %}Join{% endblock %}
/// "#;
/// const JOIN_TEAM: MailKind = MailKind::new("join_team", &[("en", ENGLISH)])
///     .carries_link(Duration::from_secs(24 * 60 * 60))
///     .uses(&[("team", "Analytical Engines")]);
/// ```
#[derive(Clone, Copy)]
pub struct MailKind {
    name: &'static str,
    texts: &'static [(&'static str, &'static str)],
    link: Carried,
    code: bool,
    recovers: bool,
    values: &'static [(&'static str, &'static str)],
}

/// Whether mails of a kind have a link, and for how long it usually works.
#[derive(Clone, Copy)]
enum Carried {
    Never,
    Perhaps(Duration),
    Always(Duration),
}

impl MailKind {
    /// A kind that carries nothing: its stable name in snake case, and its [template](super::Templates) in each language.
    #[must_use]
    pub const fn new(name: &'static str, texts: &'static [(&'static str, &'static str)]) -> Self {
        Self { name, texts, link: Carried::Never, code: false, recovers: false, values: &[] }
    }

    /// Each mail has a link. Samples, which templates are tried with, say that it works for so long.
    #[must_use]
    pub const fn carries_link(self, lifetime: Duration) -> Self {
        Self { link: Carried::Always(lifetime), ..self }
    }

    /// Some mails have a link: templates ask for it with `{% if link %}`.
    #[must_use]
    pub const fn may_carry_link(self, lifetime: Duration) -> Self {
        Self { link: Carried::Perhaps(lifetime), ..self }
    }

    /// Some mails have a code as well, for readers who cannot open the link: templates ask for it with `{% if code %}`.
    #[must_use]
    pub const fn may_carry_code(self) -> Self {
        Self { code: true, ..self }
    }

    /// Its mails get their readers back into an account: others cannot use up what may be sent of them.
    #[must_use]
    pub const fn recovers_access(self) -> Self {
        Self { recovers: true, ..self }
    }

    /// Whether its mails are counted by themselves.
    pub(crate) fn recovers(self) -> bool {
        self.recovers
    }

    /// Templates may use these variables of the kind's own, each given with a sample.
    #[must_use]
    pub const fn uses(self, values: &'static [(&'static str, &'static str)]) -> Self {
        Self { values, ..self }
    }

    /// The stable name, which the kind's templates carry as well.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The template in each language that it comes with.
    pub(super) fn texts(self) -> &'static [(&'static str, &'static str)] {
        self.texts
    }

    /// The names of its own variables.
    pub(super) fn own_variables(self) -> impl Iterator<Item = &'static str> {
        self.values.iter().map(|(name, _)| *name)
    }

    /// A mail of this kind, which still lacks what it carries.
    #[must_use]
    pub fn message(self) -> Message {
        Message { kind: self, link: None, code: None, values: BTreeMap::new() }
    }

    /// A message for each form that its mails can have, with samples of what they carry.
    pub(super) fn samples(self, link: impl Fn(Duration) -> MailLink, code: &MailCode) -> Vec<Message> {
        let values = self.values.iter().map(|(name, sample)| ((*name).to_owned(), (*sample).to_owned())).collect();
        let bare = Message { values, ..self.message() };
        let linked = match self.link {
            Carried::Never => vec![bare],
            Carried::Perhaps(lifetime) => vec![bare.clone().link(link(lifetime)), bare],
            Carried::Always(lifetime) => vec![bare.link(link(lifetime))],
        };
        let coded = linked.iter().filter(|_| self.code).map(|message| message.clone().code(code.clone()));
        coded.chain(linked.clone()).collect()
    }
}

impl PartialEq for MailKind {
    /// Kinds have unique names.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for MailKind {}

impl fmt::Debug for MailKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailKind({})", self.name)
    }
}

/// What one mail says: its kind and what that carries. `Debug` shows the kind alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(super) kind: MailKind,
    pub(super) link: Option<MailLink>,
    pub(super) code: Option<MailCode>,
    pub(super) values: BTreeMap<String, String>,
}

impl Message {
    /// Adds the link.
    #[must_use]
    pub fn link(self, link: MailLink) -> Self {
        Self { link: Some(link), ..self }
    }

    /// Adds the code.
    #[must_use]
    pub fn code(self, code: MailCode) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Gives one of the kind's [own variables](MailKind::uses) its value. Templates escape it; that it does not mislead its
    /// reader is up to the caller.
    #[must_use]
    pub fn value(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// Insists on what the kind carries: a defect of the caller is found by its first test, not by the reader of a mail.
    ///
    /// # Errors
    /// Fails with an internal error that names what is missing or does not belong there.
    pub(crate) fn check(&self) -> Result<()> {
        let MailKind { name, link, code, values, .. } = self.kind;
        let linked = match link {
            Carried::Never => self.link.is_none(),
            Carried::Perhaps(_) => true,
            Carried::Always(_) => self.link.is_some(),
        };
        let valued =
            self.values.len() == values.len() && values.iter().all(|(name, _)| self.values.contains_key(*name));
        let complete = linked && (code || self.code.is_none()) && valued;
        if complete { Ok(()) } else { Err(Error::internal(format!("give the mail `{name}` what its kind carries"))) }
    }
}

impl From<MailKind> for Message {
    fn from(kind: MailKind) -> Self {
        kind.message()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind.name).finish_non_exhaustive()
    }
}
