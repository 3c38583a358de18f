//! How well the time of an answer tells whether there is an account.

mod accounts;
mod comparison;
mod order;
mod separation;
mod trials;

use self::comparison::Comparison;
pub(crate) use self::separation::Separation;
use crate::Result;
use crate::database::Bench;

/// The server that is asked. What the frameworks differ in has nothing to do with accounts.
const FRAMEWORK: &str = "axum";

/// How many requests there are of each kind of address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    mails: usize,
    /// Fewer, because each costs a hash.
    logins: usize,
}

impl Pace {
    pub(crate) const QUICK: Self = Self { mails: 600, logins: 80 };
    pub(crate) const FULL: Self = Self { mails: 3_000, logins: 400 };
}

/// What was found out about two kinds of address at one route.
pub(crate) struct Finding {
    pub(crate) framework: &'static str,
    pub(crate) database: &'static str,
    pub(crate) comparison: Comparison,
    /// By the answer itself.
    pub(crate) own: Separation,
    /// By the answer to another request a moment later, which may have to wait for the workers.
    pub(crate) next: Separation,
}

pub(crate) async fn measure(bench: &Bench, pace: Pace) -> Result<Vec<Finding>> {
    let database = bench.name;
    accounts::distinguish(&bench.db).await?;
    let mut findings = Vec::new();
    for comparison in Comparison::ALL {
        eprintln!("timing in {database}: {} {}", comparison.route.path(), comparison.title());
        let count = if comparison.route.mails() { pace.mails } else { pace.logins };
        let trials::Times { own, next } = trials::run(bench, FRAMEWORK, comparison, count).await?;
        let (own, next) = (Separation::of(&own), Separation::of(&next));
        findings.push(Finding { framework: FRAMEWORK, database, comparison, own, next });
    }
    accounts::restore(&bench.db).await?;
    Ok(findings)
}
