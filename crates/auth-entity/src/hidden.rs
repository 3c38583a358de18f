//! Values of columns that `Debug` does not show.

use std::fmt;

use sea_orm::entity::prelude::*;

/// Declares a value that is stored as another type and shows nothing of it.
macro_rules! hidden {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, DeriveValueType)]
        pub struct $name(pub $inner);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }

        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    )+};
}

hidden! {
    /// The digest of something that is to stay unknown. That of six digits gives them away.
    Digest(Vec<u8>);
    /// The hash of a password, in one of the forms that the library verifies.
    PasswordHash(String);
    /// What a single-use token stands for, which may be an account with its password hash.
    Remembered(Json);
}

impl<const N: usize> From<[u8; N]> for Digest {
    fn from(digest: [u8; N]) -> Self {
        Self(digest.to_vec())
    }
}
