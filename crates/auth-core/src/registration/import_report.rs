//! What became of an import.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::account::MAX_DISPLAY_NAME;
use crate::identifier::IdentifierError;
use crate::password::{HashConcern, UnreadableHash};

/// What became of an import. Rows are counted from 0, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Each row that is an account now, with its id.
    pub imported: Vec<(usize, Uuid)>,
    /// Each row that was skipped, with the reason.
    pub skipped: Vec<(usize, SkipReason)>,
    /// Each imported row of which something was left out. Import nothing before a [rehearsal](super::Registrations::rehearse_import)
    /// has told which: a second import skips the account.
    pub losses: Vec<(usize, ImportLoss)>,
    /// Each imported row whose password hash is weak, or costly to verify, until its owner logs in.
    pub concerns: Vec<(usize, HashConcern)>,
}

/// Why a row was not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// There is an account with this id, perhaps from an earlier row, or all of its bits are zero.
    #[error("an account with this id exists, or the id is zero")]
    Id,
    /// The email address is invalid.
    #[error("email address: {0}")]
    Email(IdentifierError),
    /// The display name is too long, or has characters that cannot be seen.
    #[error("the display name has more than {MAX_DISPLAY_NAME} characters, or some that cannot be seen")]
    DisplayName,
    /// The attributes cannot be stored, or do not fit the app's type.
    #[error("attributes: {0}")]
    Attributes(String),
    /// The hash can be verified once a setting is made: make it, and import the row again.
    #[error("password hash: {0}")]
    PasswordHash(UnreadableHash),
    /// There is an account with this address, perhaps from an earlier row.
    #[error("an account with this email address exists")]
    EmailTaken,
    /// A hook of the app refused.
    #[error("refused by the app: {0}")]
    Refused(String),
}

/// What an imported account has not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportLoss {
    /// No login could be verified with the hash: its owner resets the password, or logs in by mail.
    #[error("without its password: {0}")]
    PasswordHash(UnreadableHash),
    /// The user name is invalid.
    #[error("without its user name: {0}")]
    Username(IdentifierError),
    /// There is an account with this user name, perhaps from an earlier row.
    #[error("without its user name: an account with this user name exists")]
    UsernameTaken,
}

impl ImportReport {
    /// Says in the log what is wrong with hashes, once for each kind of them, and what was left out.
    pub(super) fn warn(&self) {
        let mut counts: BTreeMap<&HashConcern, usize> = BTreeMap::new();
        for (_, concern) in &self.concerns {
            *counts.entry(concern).or_default() += 1;
        }
        for (concern, accounts) in counts {
            tracing::warn!(accounts, %concern, "imported password hashes need attention until their owners log in");
        }
        let of_password = |(_, loss): &&(usize, ImportLoss)| matches!(loss, ImportLoss::PasswordHash(_));
        let passwords = self.losses.iter().filter(of_password).count();
        let usernames = self.losses.len() - passwords;
        if passwords + usernames > 0 {
            tracing::warn!(passwords, usernames, "accounts were imported without their passwords or user names");
        }
    }
}
