//! What becomes of accounts that nobody uses.

use std::time::Duration;

/// The shortest time after which unused accounts may go: a link to verify the address has to work until then.
const MIN_UNUSED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The configuration of accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountConfig {
    /// After which time an account is deleted whose email address was never verified and which nobody ever logged in to; at
    /// least 7 days. `None`, which is the default, keeps all accounts.
    ///
    /// The time counts from the last change of the account, or from its import: an imported account is unused until its user
    /// logs in here, whatever happened elsewhere. Superusers, and accounts without an email address, always stay. Nobody is told
    /// by mail, because an address that was never verified may be a stranger's. Each run of the purge reads the whole table of
    /// accounts.
    pub delete_unused_after: Option<Duration>,
}

impl AccountConfig {
    /// Everything that is wrong with this configuration; empty when it can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        match self.delete_unused_after {
            Some(time) if time < MIN_UNUSED => {
                vec!["set `delete_unused_after` of the accounts to at least 7 days, or to `None`".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_given_a_week() {
        for (time, is_good) in
            [(None, true), (Some(MIN_UNUSED), true), (Some(MIN_UNUSED - Duration::from_millis(1)), false)]
        {
            assert_eq!(AccountConfig { delete_unused_after: time }.problems().is_empty(), is_good, "{time:?}");
        }
    }
}
