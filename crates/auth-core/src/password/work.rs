//! The computations, synchronous and costly: hash, verify, and spend time on nothing.

use super::bounds::{MAX_ITERATIONS, MAX_MEMORY_KIB, MAX_PARALLELISM, MIN_OUTPUT_BYTES};
use super::cost::{Cost, HashConcern};
use super::foreign::{Foreign, UnreadableHash, bare};
use super::hasher_config::HasherConfig;
use super::secret::Password;
use super::signer_key::FirebaseSignerKey;
use super::verdict::{HasherError, Verdict};
use argon2::password_hash::{self, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, RECOMMENDED_SALT_LEN, Version};
use std::sync::atomic::{AtomicU64, Ordering};

/// Argon2id with the present parameters.
pub(super) struct Worker {
    present: Params,
    /// A hash that no password has. It is there beforehand, as stored ones are, so that a hashing thread allocates the same for both.
    nobodys: String,
    firebase: Option<FirebaseSignerKey>,
    done: AtomicU64,
}

impl Worker {
    /// Takes the parameters of `config`, whose [`problems`](HasherConfig::problems) must be none.
    pub(super) fn new(config: &HasherConfig) -> Result<Self, HasherError> {
        let output = Some(Params::DEFAULT_OUTPUT_LEN);
        let present =
            Params::new(config.memory_kib, config.iterations, config.parallelism, output).map_err(internal)?;
        let (nobodys, firebase) = (nobodys(&present), config.firebase_signer_key.clone());
        Ok(Self { present, nobodys, firebase, done: AtomicU64::new(0) })
    }

    /// The [`work`] done so far.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// A fresh hash with a random salt, as a PHC string.
    pub(super) fn hash(&self, password: &[u8]) -> Result<String, HasherError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.present.clone());
        let hash: PasswordHash = argon2.hash_password(password).map_err(internal)?;
        self.done.fetch_add(work(&self.present), Ordering::Relaxed);
        Ok(hash.to_string())
    }

    /// Compares each [spelling](Password::spellings) with a stored string, with at least the [`work`] of one present hash
    /// for each, whatever the outcome and whatever is stored.
    pub(super) fn verify(&self, password: &Password, stored: Option<&str>) -> Result<Verdict, HasherError> {
        let mut verdict = None;
        for spelling in password.spellings() {
            let found = self.verify_spelling(&spelling, stored)?;
            // The first is the normal form, which our own hashes are made from and no other text.
            let counts = verdict.is_none() || stored.is_some_and(is_foreign) && matches!(found, Verdict::Right { .. });
            verdict = if counts { Some(found) } else { verdict };
        }
        Ok(verdict.unwrap_or(Verdict::Wrong))
    }

    fn verify_spelling(&self, spelling: &str, stored: Option<&str>) -> Result<Verdict, HasherError> {
        let (verdict, done) = self.compare(spelling, stored)?;
        // A path that costs less would answer sooner, and tell that the account is absent, broken or old.
        let missing = work(&self.present).saturating_sub(done);
        let spent = done + self.spend(spelling.as_bytes(), missing)?;
        self.done.fetch_add(spent, Ordering::Relaxed);
        Ok(verdict)
    }

    /// The form in which a hash of another system is stored, if a login could be verified with it.
    pub(super) fn adopt(&self, exported: &str) -> Result<String, UnreadableHash> {
        let text = bare(exported)?;
        let Some(phc) = [text, text.strip_prefix("argon2").unwrap_or("")].into_iter().find(|text| !is_foreign(text))
        else {
            return Foreign::read(text, self.firebase.as_ref()).map(|_| text.to_owned());
        };
        Some(adopt_argon2(phc)?).filter(|stored| read(stored).is_some()).ok_or(UnreadableHash::Unknown)
    }

    /// What is wrong with the cost of a stored string that could be verified, if anything.
    pub(super) fn concern(&self, stored: &str) -> Option<HashConcern> {
        if stored.starts_with(&self.current_prefix()) {
            return None;
        }
        let cost = match read(stored) {
            Some((_, params)) => Cost::Argon2(params.m_cost(), params.t_cost()),
            None => Foreign::read(stored, self.firebase.as_ref()).ok()?.cost(),
        };
        cost.concern()
    }

    /// What every hash with the present parameters begins with.
    pub(super) fn current_prefix(&self) -> String {
        prefix(&self.present)
    }

    /// The verdict, and the work it took.
    fn compare(&self, password: &str, stored: Option<&str>) -> Result<(Verdict, u64), HasherError> {
        let Some(stored) = stored else {
            // By the same instructions: the same work done by others takes some percent more or less.
            return self.compare(password, Some(&self.nobodys)).map(|(_, done)| (Verdict::Wrong, done));
        };
        let Some((hash, params)) = read(stored) else {
            // What another scheme costs is not counted: docs/decisions/0010-foreign-work-counts-as-none.md.
            return Ok((self.compare_foreign(password, stored), 0));
        };
        match Argon2::default().verify_password(password.as_bytes(), &hash) {
            Ok(()) => Ok((Verdict::Right { outdated: !self.is_current(stored, &hash, &params) }, work(&params))),
            Err(password_hash::Error::PasswordInvalid) => Ok((Verdict::Wrong, work(&params))),
            Err(error @ password_hash::Error::OutOfMemory) => Err(internal(error)),
            Err(_) => Ok((Verdict::Corrupt, 0)),
        }
    }

    fn compare_foreign(&self, password: &str, stored: &str) -> Verdict {
        match Foreign::read(stored, self.firebase.as_ref()) {
            Ok(hash) if hash.matches(password) => Verdict::Right { outdated: true },
            Ok(_) => Verdict::Wrong,
            Err(_) => Verdict::Corrupt,
        }
    }

    fn is_current(&self, stored: &str, hash: &PasswordHash, params: &Params) -> bool {
        !is_foreign(stored)
            && *params == self.present
            && hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && hash.salt.as_ref().is_some_and(|salt| salt.len() >= RECOMMENDED_SALT_LEN)
    }

    /// Does this much work or a little more, as a hash with the present memory would, and returns how much.
    fn spend(&self, password: &[u8], blocks: u64) -> Result<u64, HasherError> {
        let Some(params) = self.filler(blocks)? else {
            return Ok(0);
        };
        let done = work(&params);
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(password, &[0; RECOMMENDED_SALT_LEN], &mut output).map_err(internal)?;
        std::hint::black_box(output);
        Ok(done)
    }

    /// Parameters of a hash that costs this much work, in no more memory than the present ones.
    fn filler(&self, blocks: u64) -> Result<Option<Params>, HasherError> {
        if blocks == 0 {
            return Ok(None);
        }
        let passes = blocks.div_ceil(self.present.block_count() as u64);
        // Argon2 rounds its memory down to whole slices, four of them, of two blocks at least.
        let memory = blocks.div_ceil(passes).next_multiple_of(4).max(Params::MIN_M_COST.into());
        let narrow = |n: u64| u32::try_from(n).map_err(internal);
        Params::new(narrow(memory)?, narrow(passes)?, 1, None).map(Some).map_err(internal)
    }
}

/// What every hash with these parameters begins with.
fn prefix(params: &Params) -> String {
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    format!("$argon2id$v=19$m={memory},t={passes},p={lanes}$")
}

/// A hash that no password has: salt and output are zero.
fn nobodys(params: &Params) -> String {
    const SALT: &str = "AAAAAAAAAAAAAAAAAAAAAA";
    const OUTPUT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    format!("{}{SALT}${OUTPUT}", prefix(params))
}

/// Blocks of 1 KiB that a hash computes, which its time is proportional to.
fn work(params: &Params) -> u64 {
    params.block_count() as u64 * u64::from(params.t_cost())
}

/// What Argon2 hashes begin with, in the PHC string format.
const ARGON2: &str = "$argon2";

/// Whether a stored string is a hash that another system made. Imported Argon2 hashes would look like ours, so that they are
/// stored in Django's form.
fn is_foreign(stored: &str) -> bool {
    !stored.starts_with(ARGON2)
}

/// An exported Argon2 hash in Django's form. Some libraries pad the base64, and those of before 2016 name no version.
fn adopt_argon2(text: &str) -> Result<String, UnreadableHash> {
    let mut fields: Vec<&str> = text.split('$').map(|field| field.trim_end_matches('=')).collect();
    if fields.iter().any(|field| field.contains("keyid=") || field.contains("data=")) {
        return Err(UnreadableHash::Peppered);
    }
    if fields.get(2).is_some_and(|field| field.starts_with("m=")) {
        fields.insert(2, "v=16");
    }
    Ok(format!("argon2{}", fields.join("$")))
}

/// Reads a stored PHC string, if it is a whole Argon2 hash whose parameters are bearable: an attacker who can write one
/// row must not be able to exhaust the machine with it. Django puts the name of the scheme before it.
fn read(stored: &str) -> Option<(PasswordHash, Params)> {
    let hash = PasswordHash::new(stored.strip_prefix("argon2").unwrap_or(stored)).ok()?;
    Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    // Without a version the string means Argon2 1.0, which we never wrote and the crate would misread as 1.3.
    Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let bearable =
        params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_ITERATIONS && params.p_cost() <= MAX_PARALLELISM;
    let whole = hash.salt.is_some() && hash.hash.as_ref().is_some_and(|output| output.len() >= MIN_OUTPUT_BYTES);
    (bearable && whole).then_some((hash, params))
}

fn internal(error: impl std::fmt::Display) -> HasherError {
    HasherError::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    fn worker(memory_kib: u32, iterations: u32, parallelism: u32) -> Worker {
        Worker::new(&HasherConfig { memory_kib, iterations, parallelism, ..HasherConfig::insecure_for_tests() })
            .unwrap()
    }

    fn total(worker: &Worker, password: &str, stored: Option<&str>) -> u64 {
        let before = worker.done();
        worker.verify(&Password::new(password), stored).unwrap();
        worker.done() - before
    }

    #[test]
    fn every_verification_costs_one_present_hash() {
        let present = worker(256, 3, 1);
        let one = work(&present.present);
        let (equal, cheap, odd) = (
            present.hash(b"pw").unwrap(),
            worker(8, 1, 1).hash(b"pw").unwrap(),
            worker(101, 2, 3).hash(b"pw").unwrap(),
        );
        for stored in
            [None, Some(""), Some("$2b$12$foreign"), Some(equal.as_str()), Some(cheap.as_str()), Some(odd.as_str())]
        {
            for password in ["wrong", "pw"] {
                let spent = total(&present, password, stored);
                // Whole slices, for each pass, are the only rounding.
                assert!((one..=one + 16).contains(&spent), "{stored:?} cost {spent}, a present hash costs {one}");
            }
        }
        let dear = worker(512, 3, 1).hash(b"pw").unwrap();
        assert_eq!(total(&present, "wrong", Some(&dear)), 2 * one);
        assert_eq!(total(&present, "pw", Some(&equal)), one, "the right password costs no more than one");
        let before = present.done();
        present.hash(b"pw").unwrap();
        assert_eq!(present.done() - before, one);
    }

    /// What it costs depends on the text alone, and our own hashes are of the normal form.
    #[test]
    fn each_spelling_costs_the_same_whatever_is_stored() {
        let present = worker(64, 2, 1);
        let one = work(&present.present);
        let ours = present.hash("ﬁnance o\u{308}".nfc().collect::<String>().as_bytes()).unwrap();
        let folded = present.hash("finance ö".as_bytes()).unwrap();
        let raw = present.hash("ﬁnance o\u{308}".as_bytes()).unwrap();
        let adopt = |hash: &str| present.adopt(hash).unwrap();
        let (wrong, right) = (Verdict::Wrong, |outdated| Verdict::Right { outdated });
        for (stored, expected) in [
            (None, wrong),
            (Some(String::new()), Verdict::Corrupt),
            (Some(ours.clone()), right(false)),
            (Some(folded.clone()), wrong),
            (Some(raw.clone()), wrong),
            (Some(adopt(&ours)), right(true)),
            (Some(adopt(&folded)), right(true)),
            (Some(adopt(&raw)), right(true)),
        ] {
            let before = present.done();
            let verdict = present.verify(&Password::new("ﬁnance o\u{308}"), stored.as_deref()).unwrap();
            assert_eq!((verdict, present.done() - before), (expected, 3 * one), "{stored:?}");
            let before = present.done();
            assert!(!matches!(present.verify(&Password::new("fi"), stored.as_deref()), Ok(Verdict::Right { .. })));
            assert_eq!(present.done() - before, one, "{stored:?}");
        }
    }

    #[test]
    fn fillers_stay_within_the_memory_and_reach_the_work() {
        for (memory, iterations, lanes) in [(8, 1, 1), (19_456, 2, 1), (65_536, 3, 4), (1001, 64, 7)] {
            let worker = worker(memory, iterations, lanes);
            let all = work(&worker.present);
            assert!(worker.filler(0).unwrap().is_none());
            for blocks in [1, 7, 8, 9, 1000, all / 3, all / 2, all - 1, all]
                .into_iter()
                .filter(|blocks| (1..=all).contains(blocks))
            {
                let params = worker.filler(blocks).unwrap().unwrap();
                assert!(params.block_count() <= worker.present.block_count().next_multiple_of(4), "{params:?}");
                let rounding = 8 + 4 * u64::from(params.t_cost());
                assert!((blocks..=blocks + rounding).contains(&work(&params)), "{blocks} of {all}: {params:?}");
            }
        }
    }

    /// A pattern for stored strings that are nearly, or entirely, Argon2 hashes of low cost.
    const NEARLY: &str = "\\$argon2(i|d|id)(\\$v=(16|19|20))?\\$m=[0-9]{0,3},t=[0-9]{0,2},p=[0-9]{0,2}\
        \\$[A-Za-z0-9+/]{0,30}(\\$[A-Za-z0-9+/]{0,90})?";

    proptest! {
        #[test]
        fn whatever_is_stored_only_our_hash_matches(stored in prop_oneof![any::<String>(), NEARLY]) {
            let worker = worker(64, 1, 1);
            let verdict = worker.verify(&Password::new("pw"), Some(&stored)).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let right = matches!(verdict, Verdict::Right { .. });
            prop_assert!(!right);
            prop_assert!(worker.done() >= work(&worker.present));
        }
    }
}
