//! Randomness that repeats itself from run to run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use auth_core::{Random, RandomError};

/// The step of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64: well spread and worthless as a secret. Clones share one sequence, so that two servers of a test never
/// make the same token.
#[derive(Clone, Debug)]
pub struct SeededRandom(Arc<AtomicU64>);

impl SeededRandom {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// A number below this one, or 0 if that is 0.
    #[must_use]
    pub fn below(&self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }

    fn next(&self) -> u64 {
        let mut word = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

impl Default for SeededRandom {
    fn default() -> Self {
        Self::new(7)
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        for chunk in buffer.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.iter_mut().zip(word).for_each(|(byte, random)| *byte = random);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(random: &SeededRandom) -> Vec<u8> {
        let mut buffer = vec![0; 21];
        random.fill(&mut buffer).unwrap();
        buffer
    }

    #[test]
    fn one_seed_one_sequence() {
        let (one, other) = (SeededRandom::new(1), SeededRandom::new(1));
        let first = bytes(&one);
        assert_eq!(first, bytes(&other));
        assert_ne!(first, bytes(&one));
        assert_ne!(first, bytes(&SeededRandom::new(2)));
        assert_ne!(bytes(&one.clone()), bytes(&one), "a clone goes on with the same sequence");
    }
}
