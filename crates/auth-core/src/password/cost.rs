//! What a stored hash costs: those who guess, once the table is stolen, and those who verify.

use std::fmt;

/// A stored hash that verifies, and whose cost is worth a warning. A login with the right password replaces it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashConcern {
    /// An attacker who has the table guesses passwords faster than the OWASP Password Storage Cheat Sheet allows.
    Weak {
        /// The scheme and its parameters.
        found: String,
        /// The least that is recommended.
        least: &'static str,
    },
    /// Each guess at the password keeps a thread busy for about half a second or longer.
    Costly {
        /// The scheme and its parameters.
        found: String,
    },
}

impl fmt::Display for HashConcern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weak { found, least } => write!(f, "{found} is weak: OWASP recommends at least {least}"),
            Self::Costly { found } => write!(f, "{found} is costly: each login takes half a second of a core or more"),
        }
    }
}

/// The parameters of a hash.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cost {
    /// Memory in KiB, and passes.
    Argon2(u32, u32),
    Bcrypt(u32),
    /// The digest, and iterations.
    Pbkdf2(Digest, u32),
    /// The base-two logarithm of N, r, and p.
    Scrypt(u32, u32, u32),
    /// The same, where an attacker who has the table lacks a key.
    KeyedScrypt(u32, u32, u32),
}

/// What PBKDF2 iterates.
#[derive(Clone, Copy, Debug)]
pub(super) enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

/// The least memory in KiB for so many passes, with which Argon2id is strong enough (OWASP Password Storage Cheat Sheet).
pub(super) const ARGON2: [(u32, u32); 5] = [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

/// The least p for a base-two logarithm of N, with r = 8.
const SCRYPT: [(u32, u32); 5] = [(17, 1), (16, 2), (15, 3), (14, 5), (13, 10)];

const BCRYPT: u32 = 10;

/// From here on a verification takes about half a second.
const COSTLY_BCRYPT: u32 = 14;
const COSTLY_ITERATIONS: u32 = 1_000_000;
/// In KiB that are filled, over all passes.
const COSTLY_ARGON2: u64 = 512 * 1024;
/// In bytes that are written, over all p.
const COSTLY_SCRYPT: u64 = 256 << 20;

impl Cost {
    /// What is wrong with it, if anything.
    pub(super) fn concern(self) -> Option<HashConcern> {
        if let Some(least) = self.too_little() {
            return Some(HashConcern::Weak { found: self.to_string(), least });
        }
        self.too_much().then(|| HashConcern::Costly { found: self.to_string() })
    }

    fn too_little(self) -> Option<&'static str> {
        match self {
            Self::Argon2(memory, passes) => {
                let strong = ARGON2.iter().any(|(least, times)| memory >= *least && passes >= *times);
                (!strong).then_some("19456 KiB and 2 passes")
            }
            Self::Bcrypt(cost) => (cost < BCRYPT).then_some("a cost of 10"),
            Self::Pbkdf2(Digest::Sha1, iterations) => (iterations < 1_300_000).then_some("1300000 iterations"),
            Self::Pbkdf2(Digest::Sha256, iterations) => (iterations < 600_000).then_some("600000 iterations"),
            Self::Pbkdf2(Digest::Sha512, iterations) => (iterations < 210_000).then_some("210000 iterations"),
            Self::Scrypt(log_n, r, p) => {
                // Memory counts, be it by N or by r.
                let log_n = log_n.saturating_add(r.max(1).ilog2()).saturating_sub(3);
                let strong = SCRYPT.iter().any(|(least, times)| log_n >= *least && p >= *times);
                (!strong).then_some("N = 2^17, r = 8 and p = 1")
            }
            Self::KeyedScrypt(..) => None,
        }
    }

    fn too_much(self) -> bool {
        match self {
            Self::Argon2(memory, passes) => u64::from(memory) * u64::from(passes) >= COSTLY_ARGON2,
            Self::Bcrypt(cost) => cost >= COSTLY_BCRYPT,
            Self::Pbkdf2(_, iterations) => iterations >= COSTLY_ITERATIONS,
            Self::Scrypt(log_n, r, p) | Self::KeyedScrypt(log_n, r, p) => {
                let written = 128_u64.saturating_mul(u64::from(r)).saturating_mul(u64::from(p));
                1_u64.checked_shl(log_n).is_none_or(|n| n.saturating_mul(written) >= COSTLY_SCRYPT)
            }
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2(memory, passes) => write!(f, "Argon2 with {memory} KiB and {passes} passes"),
            Self::Bcrypt(cost) => write!(f, "bcrypt with a cost of {cost}"),
            Self::Pbkdf2(digest, iterations) => {
                let digest = match digest {
                    Digest::Sha1 => "SHA-1",
                    Digest::Sha256 => "SHA-256",
                    Digest::Sha512 => "SHA-512",
                };
                write!(f, "PBKDF2 with {digest} and {iterations} iterations")
            }
            Self::Scrypt(log_n, r, p) | Self::KeyedScrypt(log_n, r, p) => {
                write!(f, "scrypt with N = 2^{log_n}, r = {r} and p = {p}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn too_little_and_too_much_are_told() {
        for (cost, expected) in [
            (Cost::Bcrypt(4), "weak"), (Cost::Bcrypt(9), "weak"), (Cost::Bcrypt(10), ""), (Cost::Bcrypt(13), ""),
            (Cost::Bcrypt(14), "costly"), (Cost::Bcrypt(16), "costly"),
            (Cost::Pbkdf2(Digest::Sha256, 1), "weak"), (Cost::Pbkdf2(Digest::Sha256, 599_999), "weak"),
            (Cost::Pbkdf2(Digest::Sha256, 600_000), ""), (Cost::Pbkdf2(Digest::Sha256, 999_999), ""),
            (Cost::Pbkdf2(Digest::Sha256, 1_000_000), "costly"), (Cost::Pbkdf2(Digest::Sha1, 1_299_999), "weak"),
            (Cost::Pbkdf2(Digest::Sha1, 1_300_000), "costly"), (Cost::Pbkdf2(Digest::Sha512, 209_999), "weak"),
            (Cost::Pbkdf2(Digest::Sha512, 210_000), ""), (Cost::Pbkdf2(Digest::Sha512, 10_000_000), "costly"),
            (Cost::Argon2(19_456, 2), ""), (Cost::Argon2(19_456, 1), "weak"), (Cost::Argon2(8, 64), "weak"),
            (Cost::Argon2(65_536, 3), ""), (Cost::Argon2(131_072, 4), "costly"), (Cost::Argon2(1 << 20, 1), "costly"),
            (Cost::Scrypt(17, 8, 1), ""), (Cost::Scrypt(16, 8, 1), "weak"), (Cost::Scrypt(16, 8, 2), ""),
            (Cost::Scrypt(14, 8, 5), ""), (Cost::Scrypt(14, 8, 1), "weak"), (Cost::Scrypt(14, 16, 1), "weak"),
            (Cost::Scrypt(16, 16, 1), ""), (Cost::Scrypt(1, 1, 1), "weak"), (Cost::Scrypt(18, 8, 1), "costly"),
            (Cost::Scrypt(63, 8, 1), "costly"), (Cost::KeyedScrypt(14, 8, 1), ""), (Cost::KeyedScrypt(18, 8, 1), "costly"),
        ] {
            let concern = cost.concern().map(|concern| concern.to_string()).unwrap_or_default();
            assert_eq!(concern.is_empty(), expected.is_empty(), "{cost:?}: {concern}");
            assert!(concern.contains(expected), "{cost:?}: {concern}");
        }
    }

    #[test]
    fn a_concern_says_what_was_found_and_what_is_recommended() {
        let texts = [Cost::Bcrypt(4), Cost::Pbkdf2(Digest::Sha256, 1), Cost::Argon2(8, 1), Cost::Scrypt(18, 8, 1)];
        assert_eq!(
            texts.map(|cost| cost.concern().unwrap().to_string()),
            [
                "bcrypt with a cost of 4 is weak: OWASP recommends at least a cost of 10",
                "PBKDF2 with SHA-256 and 1 iterations is weak: OWASP recommends at least 600000 iterations",
                "Argon2 with 8 KiB and 1 passes is weak: OWASP recommends at least 19456 KiB and 2 passes",
                "scrypt with N = 2^18, r = 8 and p = 1 is costly: each login takes half a second of a core or more",
            ]
        );
    }
}
