//! What `Debug` prints in the place of secrets and of what tells who somebody is.

use std::fmt;

/// Something that is not shown.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Shows whether there is something, and nothing of it.
pub(crate) fn hidden<T>(value: &Option<T>) -> Option<Hidden> {
    value.as_ref().map(|_| Hidden)
}
