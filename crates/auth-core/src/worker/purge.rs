//! Deletion of what has expired, by the one list of features.

use crate::error::Result;
use crate::feature::Feature;
use crate::kernel::Kernel;

/// The service that deletes what has expired.
#[derive(Clone, Copy, Debug)]
pub struct Purge<'a> {
    kernel: &'a Kernel,
    features: &'a [Feature],
}

/// How many rows of each feature were deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purged(Vec<(&'static str, u64)>);

impl Purged {
    /// Each feature that deletes what has expired, with the number of rows deleted.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().copied()
    }

    /// How many rows of the feature of this name were deleted.
    #[must_use]
    pub fn of(&self, feature: &str) -> u64 {
        self.iter().filter(|(name, _)| *name == feature).map(|(_, rows)| rows).sum()
    }
}

impl<'a> Purge<'a> {
    pub(crate) fn new(kernel: &'a Kernel, features: &'a [Feature]) -> Self {
        Self { kernel, features }
    }

    /// Deletes what has expired, a thousand rows at a time. [Workers](crate::Auth::spawn_workers) do so once an hour.
    ///
    /// # Errors
    /// Fails when the database does; what was deleted before stays deleted.
    #[tracing::instrument(name = "purge.run", target = "auth::service", level = "debug", skip_all)]
    pub async fn run(&self) -> Result<Purged> {
        let mut purged = Purged::default();
        for feature in self.features {
            if let Some(purge) = feature.purge {
                purged.0.push((feature.name, purge(self.kernel).await?));
            }
        }
        Ok(purged)
    }
}
