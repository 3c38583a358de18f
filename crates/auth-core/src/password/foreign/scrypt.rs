//! scrypt (RFC 7914): the PHC string that passlib writes, and the forms of Django and of better-auth.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use scrypt::Params;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::password::bounds::MIN_OUTPUT_BYTES;
use crate::password::cost::Cost;
use crate::password::encoding::{base64, fields, from_hex, named, number};

/// Most bytes of memory (256 MiB) that a stored hash may ask for: twice what OWASP recommends at most.
pub(super) const MAX_MEMORY: u64 = 256 << 20;

/// Most bytes that a stored hash may have written one after the other, which the time is proportional to.
const MAX_WORK: u64 = 512 << 20;

/// better-auth's parameters, which its hashes do not tell: N = 2^14, r = 16, p = 1, a salt of 16 bytes and a key of 64.
const BETTER_AUTH: (u32, u32, u32, usize, usize) = (14, 16, 1, 16, 64);

/// An scrypt hash.
pub(in super::super) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    key: Vec<u8>,
    /// Whether the password was brought to Unicode's normal form KC before.
    compatible: bool,
}

impl Scrypt {
    pub(super) fn read(stored: &str) -> Option<Self> {
        Self::phc(stored).or_else(|| Self::django(stored)).or_else(|| Self::better_auth(stored))
    }

    /// `$scrypt$ln=16,r=8,p=1$salt$key`, in base64.
    fn phc(stored: &str) -> Option<Self> {
        let ["", "scrypt", costs, salt, key] = fields(stored, '$')? else { return None };
        let [log_n, r, p] = fields(costs, ',')?;
        Self::new((named(log_n, "ln")?, named(r, "r")?, named(p, "p")?), base64(salt)?, base64(key)?)
    }

    /// `scrypt$N$salt$r$p$key`: the salt is the text itself, the key base64.
    fn django(stored: &str) -> Option<Self> {
        let ["scrypt", n, salt, r, p, key] = fields(stored, '$')? else { return None };
        let log_n = number(n).filter(|n| n.is_power_of_two())?.ilog2();
        Self::new((log_n, number(r)?, number(p)?), salt.into(), base64(key)?)
    }

    /// `salt:key`, both in hexadecimal; the salt counts as that text.
    fn better_auth(stored: &str) -> Option<Self> {
        let [salt, key] = fields(stored, ':')?;
        let (log_n, r, p, salt_bytes, key_bytes) = BETTER_AUTH;
        from_hex(salt).filter(|salt| salt.len() == salt_bytes)?;
        let key = from_hex(key).filter(|key| key.len() == key_bytes)?;
        Some(Self { compatible: true, ..Self::new((log_n, r, p), salt.into(), key)? })
    }

    fn new((log_n, r, p): (u32, u32, u32), salt: Vec<u8>, key: Vec<u8>) -> Option<Self> {
        let whole = !salt.is_empty() && key.len() >= MIN_OUTPUT_BYTES;
        whole.then_some(Self { params: params(log_n, r, p)?, salt, key, compatible: false })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Scrypt(self.params.log_n().into(), self.params.r(), self.params.p())
    }

    pub(super) fn matches(&self, password: &str) -> bool {
        let matches = |password: &str| {
            let key = derive(&self.params, password.as_bytes(), &self.salt, self.key.len());
            key.is_some_and(|key| verify_slices_are_equal(&key, &self.key).is_ok())
        };
        if !self.compatible {
            return matches(password);
        }
        // NFKC grows UTF-8 at most elevenfold (UAX #15, section 12). With room for all of it no copy is left behind.
        let mut normal = Zeroizing::new(String::with_capacity(password.len().saturating_mul(11)));
        normal.extend(password.nfkc());
        matches(&normal)
    }
}

/// Parameters that are valid and bearable.
pub(super) fn params(log_n: u32, r: u32, p: u32) -> Option<Params> {
    let memory = 1_u64.checked_shl(log_n)?.checked_mul(u64::from(r))?.checked_mul(128)?;
    // RFC 7914: N is larger than 1.
    let bearable = log_n > 0 && memory <= MAX_MEMORY && memory.checked_mul(u64::from(p))? <= MAX_WORK;
    bearable.then(|| Params::new(u8::try_from(log_n).ok()?, r, p).ok())?
}

/// The key of a password, of this many bytes.
pub(super) fn derive(params: &Params, password: &[u8], salt: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let mut key = Zeroizing::new(vec![0; length]);
    scrypt::scrypt(password, salt, params, &mut key).ok()?;
    Some(key)
}
