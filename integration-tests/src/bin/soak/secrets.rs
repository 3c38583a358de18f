//! The logs: no panic, and nothing that opens an account but the mails, which stand there for want of a mail server.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, SERVERS};
use crate::instance::log_file;
use crate::user::User;

/// Everything that a user would not like to be read.
pub(crate) fn of(user: &User) -> Vec<String> {
    let mut all = user.passwords.clone();
    all.extend(user.former.iter().cloned());
    for session in &user.sessions {
        let token = session.token.split_once('=').map_or(session.token.as_str(), |(_, value)| value);
        all.push(token.to_owned());
        all.extend(session.refresh.iter().chain(&session.spent).cloned());
    }
    all
}

pub(crate) fn search(cluster: &Cluster, known: &BTreeSet<String>) {
    let mailed: BTreeSet<String> = cluster.mails.tokens().into_iter().collect();
    for slot in 0..SERVERS {
        let log = std::fs::read(log_file(&cluster.site.directory, slot)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        cluster.journal.check("I9", !log.is_empty(), || format!("server {slot} has no log"));
        for line in log.lines() {
            cluster.journal.check("I10", !line.contains("panicked at"), || line.to_owned());
            let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "_-.".contains(c)));
            let told = words.filter(|word| known.contains(*word) && !mailed.contains(*word)).count();
            cluster.journal.check("I9", told == 0, || format!("a secret is in the log of server {slot}"));
        }
    }
}
