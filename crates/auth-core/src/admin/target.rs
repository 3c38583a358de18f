//! Whose account a superuser acts on.

use uuid::Uuid;

use super::AdminChanges;
use crate::account::require_superuser_in_person;
use crate::error::Result;
use crate::kernel::Kernel;
use crate::principal::Principal;
use crate::profile::{AccountChanges, Profiles, Rights};

/// Whose account a superuser acts on.
pub(super) enum Target<'a> {
    /// Their own, where the rules of everybody's own account hold, whatever route they took.
    Own(Profiles<'a>),
    /// Somebody else's.
    Other(OtherAccount),
}

/// An account of somebody else than the superuser who acts. [`target`] alone creates it, and everything that changes
/// an account on behalf of a superuser takes one: a stolen session must not take its own account over by a route that is
/// meant for the accounts of others.
#[derive(Clone, Copy)]
pub(super) struct OtherAccount(Uuid);

impl OtherAccount {
    pub(super) fn id(self) -> Uuid {
        self.0
    }
}

/// Whose account it is that a superuser wants to change, if they may.
///
/// # Errors
/// Fails as [`require_superuser_in_person`] does.
pub(super) fn target<'a>(kernel: &'a Kernel, actor: &Principal, id: Uuid) -> Result<Target<'a>> {
    require_superuser_in_person(kernel, actor)?;
    if id != actor.user.id {
        return Ok(Target::Other(OtherAccount(id)));
    }
    // The list of features is for the export.
    Ok(Target::Own(Profiles::new(kernel, &[])))
}

impl AdminChanges {
    /// What superusers may change about their own accounts. Nobody vouches for an address of their own.
    pub(super) fn of_own(self) -> (AccountChanges, Rights) {
        let Self {
            email,
            password,
            current_password,
            username,
            display_name,
            attributes,
            is_active,
            is_superuser,
            is_verified: _,
        } = self;
        let changes = AccountChanges { email, password, current_password, username, display_name, attributes };
        (changes, Rights { is_active, is_superuser })
    }
}
