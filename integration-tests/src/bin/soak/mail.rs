//! The mails: without a mail server, the example apps log them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The tokens of links to a new password, by address, the newest last.
#[derive(Default)]
pub(crate) struct Mails(Mutex<BTreeMap<String, Vec<String>>>);

impl Mails {
    fn inner(&self) -> MutexGuard<'_, BTreeMap<String, Vec<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that came to an address, without repetitions.
    pub(crate) fn to(&self, address: &str) -> Vec<String> {
        self.inner().get(address).cloned().unwrap_or_default()
    }

    /// All tokens.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.inner().values().flatten().cloned().collect()
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { mails: self, address: String::new() }
    }
}

/// Reads one log.
pub(crate) struct Reader<'a> {
    mails: &'a Mails,
    /// Whom the mail is for whose text is being read.
    address: String,
}

impl Reader<'_> {
    pub(crate) fn read(&mut self, line: &str) {
        if let Some((_, rest)) = line.split_once(" auth::mail: to ") {
            self.address = rest.split(':').next().unwrap_or_default().to_owned();
        }
        let Some((_, rest)) = line.split_once("/reset-password?token=") else { return };
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
        let mut all = self.mails.inner();
        let tokens = all.entry(self.address.clone()).or_default();
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
}
