//! The order in which two kinds take their turns.

use sha2::{Digest, Sha256};

/// Which of two kinds comes when, `count` times each: at random, so that neither a drift of the machine nor what comes
/// before a request favours one of them, and the same in every run.
pub(super) fn shuffled(seed: &str, count: usize) -> Vec<usize> {
    let mut turns: Vec<usize> = (0..2 * count).collect();
    turns.sort_by_cached_key(|turn| Sha256::digest(format!("{seed} {turn}")));
    turns.into_iter().map(|turn| turn % 2).collect()
}
