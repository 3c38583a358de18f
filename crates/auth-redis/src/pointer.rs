//! What Redis has under the digest of a token.

use std::fmt;

use auth_core::time::OffsetDateTime;
use auth_core::uuid::Uuid;

/// Where a token points. The scripts read the first three of its parts, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pointer {
    /// The session.
    pub(crate) session_id: Uuid,
    /// The user's epoch at issue.
    pub(crate) security_epoch: i64,
    /// When it was issued, in milliseconds since 1970.
    pub(crate) issued_at: i64,
    /// When it expires, in milliseconds since 1970.
    pub(crate) expires_at: i64,
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session_id, security_epoch, issued_at, expires_at } = self;
        write!(f, "{session_id}:{security_epoch}:{issued_at}:{expires_at}")
    }
}

impl Pointer {
    /// Reads what [`Display`](fmt::Display) wrote; `None` for anything else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let pointer = Self {
            session_id: parts.next()?.parse().ok()?,
            security_epoch: parts.next()?.parse().ok()?,
            issued_at: parts.next()?.parse().ok()?,
            expires_at: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(pointer)
    }

    /// How long it has to live from its issue on, in milliseconds. Not above zero when it must not be stored.
    pub(crate) fn life(&self) -> i64 {
        self.expires_at.saturating_sub(self.issued_at)
    }
}

/// A moment in milliseconds since 1970.
pub(crate) fn milliseconds(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_as_it_was_written() {
        let pointer =
            Pointer { session_id: Uuid::from_u128(42), security_epoch: -3, issued_at: 1000, expires_at: 1001 };
        let text = pointer.to_string();
        assert_eq!(text, "00000000-0000-0000-0000-00000000002a:-3:1000:1001");
        assert_eq!(Pointer::parse(&text), Some(pointer));
        assert_eq!(pointer.life(), 1);
        for other in ["", "a:b:c:d", &text[1..], &text[..40], &format!("{text}:1"), &format!("{text} ")] {
            assert_eq!(Pointer::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_rounds_to_nothing_has_no_life() {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(1_999_999_999).unwrap();
        assert_eq!(milliseconds(moment), 1999);
        assert_eq!(milliseconds(OffsetDateTime::from_unix_timestamp_nanos(-1).unwrap()), -1);
        let later = moment + auth_core::time::Duration::nanoseconds(1);
        assert_eq!(milliseconds(later), 2000);
    }
}
