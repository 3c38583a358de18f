//! PBKDF2 (RFC 8018): the forms of Django, passlib, Werkzeug and ASP.NET Core Identity.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256, PBKDF2_HMAC_SHA512};

use crate::password::bounds::MIN_OUTPUT_BYTES;
use crate::password::cost::{Cost, Digest};
use crate::password::encoding::{base64, fields, from_hex, named, number};

/// Most iterations that a stored hash may ask for: some seconds. Django had one million in 2025, a fifth more each year.
const MAX_ITERATIONS: u32 = 10_000_000;

/// Most bytes of output: each further block of a digest would cost all iterations again.
const MAX_OUTPUT_BYTES: usize = 64;

/// A PBKDF2 hash.
pub(in super::super) struct Pbkdf2 {
    digest: Digest,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    /// What was derived; systems differ in how much of it they store.
    output: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn read(stored: &str) -> Option<Self> {
        let forms = [Self::django, Self::passlib, Self::werkzeug, Self::asp_net];
        forms.into_iter().find_map(|form| form(stored))
    }

    /// `pbkdf2_sha256$iterations$salt$output`: the salt is the text itself.
    fn django(stored: &str) -> Option<Self> {
        let [name, iterations, salt, output] = fields(stored, '$')?;
        Self::new(digest(name.strip_prefix("pbkdf2_")?)?, number(iterations)?, salt.into(), base64(output)?)
    }

    /// `$pbkdf2-sha256$iterations$salt$output`; of Ory Kratos with `i=iterations,l=length`.
    fn passlib(stored: &str) -> Option<Self> {
        let ["", name, costs, salt, output] = fields(stored, '$')? else { return None };
        let name = name.strip_prefix("pbkdf2")?;
        let digest = if name.is_empty() { Digest::Sha1 } else { digest(name.strip_prefix('-')?)? };
        let output = base64(output)?;
        let iterations = match fields(costs, ',') {
            Some([iterations, length]) => {
                let is_whole = named(length, "l").and_then(|length| usize::try_from(length).ok()) == Some(output.len());
                named(iterations, "i").filter(|_| is_whole)
            }
            None => number(costs),
        };
        Self::new(digest, iterations?, base64(salt)?, output)
    }

    /// `pbkdf2:sha256:iterations$salt$output`: the salt is the text itself, the output hexadecimal.
    fn werkzeug(stored: &str) -> Option<Self> {
        let [method, salt, output] = fields(stored, '$')?;
        let ["pbkdf2", name, iterations] = fields(method, ':')? else { return None };
        Self::new(digest(name)?, number(iterations)?, salt.into(), from_hex(output)?)
    }

    /// The base64 of a version and what it says: in the older one a salt and an output of fixed lengths, in the newer one
    /// digest, iterations and length of the salt before them.
    fn asp_net(stored: &str) -> Option<Self> {
        const OLD: (u32, usize, usize) = (1000, 16, 32);
        let bytes = base64(stored)?;
        let (version, rest) = bytes.split_first()?;
        if *version == 0 {
            let (iterations, salt, output) = OLD;
            let (salt, output) = rest.split_at_checked(salt).filter(|(_, rest)| rest.len() == output)?;
            return Self::new(Digest::Sha1, iterations, salt.into(), output.into());
        }
        let (header, rest) = rest.split_at_checked(12).filter(|_| *version == 1)?;
        let [digest, iterations, salt] = *header.as_chunks::<4>().0 else { return None };
        let digest = match u32::from_be_bytes(digest) {
            0 => Digest::Sha1,
            1 => Digest::Sha256,
            2 => Digest::Sha512,
            _ => return None,
        };
        let (salt, output) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(salt)).ok()?)?;
        Self::new(digest, u32::from_be_bytes(iterations), salt.into(), output.into())
    }

    fn new(digest: Digest, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Option<Self> {
        let iterations = NonZeroU32::new(iterations).filter(|iterations| iterations.get() <= MAX_ITERATIONS)?;
        let is_whole = !salt.is_empty() && (MIN_OUTPUT_BYTES..=MAX_OUTPUT_BYTES).contains(&output.len());
        is_whole.then_some(Self { digest, iterations, salt, output })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Pbkdf2(self.digest, self.iterations.get())
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let algorithm = match self.digest {
            Digest::Sha1 => PBKDF2_HMAC_SHA1,
            Digest::Sha256 => PBKDF2_HMAC_SHA256,
            Digest::Sha512 => PBKDF2_HMAC_SHA512,
        };
        pbkdf2::verify(algorithm, self.iterations, &self.salt, password, &self.output).is_ok()
    }
}

fn digest(name: &str) -> Option<Digest> {
    match name {
        "sha1" => Some(Digest::Sha1),
        "sha256" => Some(Digest::Sha256),
        "sha512" => Some(Digest::Sha512),
        _ => None,
    }
}
