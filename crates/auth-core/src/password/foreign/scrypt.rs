//! scrypt (RFC 7914): the PHC string that passlib writes, and the forms of Django, Werkzeug and better-auth.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use scrypt::Params;
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
}

impl Scrypt {
    pub(super) fn read(stored: &str) -> Option<Self> {
        let forms = [Self::phc, Self::django, Self::werkzeug, Self::better_auth];
        forms.into_iter().find_map(|form| form(stored))
    }

    /// `$scrypt$ln=16,r=8,p=1$salt$key`, in base64. Ory Kratos writes N itself where others have its logarithm.
    fn phc(stored: &str) -> Option<Self> {
        let ["", "scrypt", costs, salt, key] = fields(stored, '$')? else { return None };
        let [log_n, r, p] = fields(costs, ',')?;
        let log_n = named(log_n, "ln")?;
        let log_n = if log_n < u64::BITS { log_n } else { logarithm(log_n)? };
        Self::new((log_n, named(r, "r")?, named(p, "p")?), base64(salt)?, base64(key)?)
    }

    /// `scrypt$N$salt$r$p$key`: the salt is the text itself, the key base64.
    fn django(stored: &str) -> Option<Self> {
        let ["scrypt", n, salt, r, p, key] = fields(stored, '$')? else { return None };
        Self::new((logarithm(number(n)?)?, number(r)?, number(p)?), salt.into(), base64(key)?)
    }

    /// `scrypt:N:r:p$salt$key`: the salt is the text itself, the key hexadecimal.
    fn werkzeug(stored: &str) -> Option<Self> {
        let [method, salt, key] = fields(stored, '$')?;
        let ["scrypt", n, r, p] = fields(method, ':')? else { return None };
        Self::new((logarithm(number(n)?)?, number(r)?, number(p)?), salt.into(), from_hex(key)?)
    }

    /// `salt:key`, both in hexadecimal; the salt counts as that text in lower case.
    fn better_auth(stored: &str) -> Option<Self> {
        let [salt, key] = fields(stored, ':')?;
        let (log_n, r, p, salt_bytes, key_bytes) = BETTER_AUTH;
        from_hex(salt).filter(|salt| salt.len() == salt_bytes)?;
        let key = from_hex(key).filter(|key| key.len() == key_bytes)?;
        Self::new((log_n, r, p), salt.to_ascii_lowercase().into(), key)
    }

    fn new((log_n, r, p): (u32, u32, u32), salt: Vec<u8>, key: Vec<u8>) -> Option<Self> {
        let is_whole = !salt.is_empty() && key.len() >= MIN_OUTPUT_BYTES;
        is_whole.then_some(Self { params: params(log_n, r, p)?, salt, key })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::Scrypt(self.params.log_n().into(), self.params.r(), self.params.p())
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let key = derive(&self.params, password, &self.salt, self.key.len());
        key.is_some_and(|key| verify_slices_are_equal(&key, &self.key).is_ok())
    }
}

fn logarithm(n: u32) -> Option<u32> {
    n.is_power_of_two().then(|| n.ilog2())
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
