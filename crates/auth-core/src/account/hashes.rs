//! Looking through the stored password hashes for those that are weak, or costly to verify.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Accounts, store};
use crate::error::Result;
use crate::password::HashConcern;

/// How many hashes are read at once, and how many at all: enough for a verdict, in bounded time.
const PAGE: u64 = 1_000;
const MOST: u64 = 100_000;

/// What became of a look through the hashes that are not of the present cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HashReport {
    /// How many were examined, at most 100,000.
    pub examined: u64,
    /// Whether there are more.
    pub has_more: bool,
    /// What is wrong with how many of them.
    pub concerns: BTreeMap<HashConcern, u64>,
}

impl Accounts<'_> {
    /// Finds out which stored password hashes are weaker than recommended, or so costly that each guess is a burden.
    ///
    /// # Errors
    /// Fails when the database does.
    #[tracing::instrument(name = "account.hashes", target = "auth::service", level = "debug", skip_all)]
    pub async fn examine_hashes(&self) -> Result<HashReport> {
        let hasher = self.kernel.hasher();
        let (mut report, mut after) = (HashReport::default(), Uuid::nil());
        let current = hasher.current_prefix();
        loop {
            let page = store::other_hashes(self.kernel.db(), &current, after, PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(report) };
            if report.examined >= MOST {
                return Ok(HashReport { has_more: true, ..report });
            }
            after = *last;
            for concern in page.iter().filter_map(|(_, hash)| hasher.concern(hash)) {
                *report.concerns.entry(concern).or_default() += 1;
            }
            report.examined += page.len() as u64;
        }
    }
}
