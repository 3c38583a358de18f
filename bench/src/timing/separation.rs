//! How well two kinds of address can be told apart by time.

/// What was measured of two kinds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Separation {
    /// The median of each, in microseconds.
    pub(crate) medians: [f64; 2],
    /// The probability that one of the first kind takes longer than one of the second (the area under the ROC curve): a
    /// half when time tells nothing, 1 or 0 when it tells all.
    pub(crate) auc: f64,
    /// By how much that strays from a half by chance in 19 of 20 runs, when time tells nothing.
    pub(crate) chance: f64,
}

impl Separation {
    /// By the times of each kind in microseconds.
    pub(super) fn of(times: &[Vec<f64>; 2]) -> Self {
        let [first, second] = times.each_ref().map(|times| times.len() as f64);
        let chance = 1.96 * ((first + second + 1.0) / (12.0 * first * second)).sqrt();
        // The rank-sum statistic of Mann and Whitney, in pairs.
        let wins = rank_sum(times) - first * (first + 1.0) / 2.0;
        Self { medians: times.each_ref().map(|times| median(times)), auc: wins / (first * second), chance }
    }
}

/// The sum of the ranks of the first kind among all; equal times share the mean of their ranks.
fn rank_sum([first, second]: &[Vec<f64>; 2]) -> f64 {
    let mark = |times: &[f64], is_first: bool| times.iter().map(|time| (*time, is_first)).collect::<Vec<_>>();
    let mut all = [mark(first, true), mark(second, false)].concat();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut sum = 0.0;
    let mut before = 0;
    for equal in all.chunk_by(|one, other| one.0 == other.0) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        sum += rank * equal.iter().filter(|(_, is_first)| *is_first).count() as f64;
        before += equal.len();
    }
    sum
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::Separation;

    fn auc(first: &[f64], second: &[f64]) -> f64 {
        Separation::of(&[first.to_vec(), second.to_vec()]).auc
    }

    #[test]
    fn counts_pairs_and_halves_of_ties() {
        assert_eq!(auc(&[3.0, 4.0], &[1.0, 2.0]), 1.0);
        assert_eq!(auc(&[1.0, 2.0], &[3.0, 4.0]), 0.0);
        assert_eq!(auc(&[1.0, 1.0], &[1.0, 1.0, 1.0]), 0.5);
        // 2 > 1 and 3 > 1, 3 > 2, and one tie: 3.5 of 4 pairs.
        assert_eq!(auc(&[3.0, 2.0], &[1.0, 2.0]), 0.875);
    }
}
