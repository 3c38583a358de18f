//! What tokens are issued for.

/// What a token may be redeemed for. A token of one purpose is worth nothing for another. Declared once, as a constant of
/// the feature that issues it, and listed in the [row](crate::feature::Feature::purposes) of the feature, so that no two
/// have the same name.
///
/// ```
/// use auth_core::one_time::Purpose;
///
/// const JOIN: Purpose = Purpose::new("join_team", "jnt_");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose {
    name: &'static str,
    prefix: &'static str,
}

impl Purpose {
    /// A purpose, by its stable name in the database (snake case, at most 32 characters), and by what its tokens begin with, so that people and
    /// scanners can tell them apart: three lower-case letters and an underscore.
    #[must_use]
    pub const fn new(name: &'static str, prefix: &'static str) -> Self {
        Self { name, prefix }
    }

    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What its tokens begin with.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        self.prefix
    }
}
