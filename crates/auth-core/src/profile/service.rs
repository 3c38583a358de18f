//! The service of profiles.

use crate::feature::Feature;
use crate::kernel::Kernel;

/// The service for one's own account.
#[derive(Clone, Copy, Debug)]
pub struct Profiles<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) features: &'a [Feature],
}

impl<'a> Profiles<'a> {
    pub(crate) fn new(kernel: &'a Kernel, features: &'a [Feature]) -> Self {
        Self { kernel, features }
    }
}
