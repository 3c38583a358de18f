//! Random interleavings of what several people do: the same ones in each run, unless `PROPTEST_CASES` asks for more.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Interleavings of each scenario, unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 35;

/// Plays interleavings, each among people of its own. `play` says whether what matters came to pass, or what went wrong.
///
/// # Panics
/// Panics with the shortest steps that go wrong, and when what matters came to pass in fewer than a third: the others say
/// nothing.
pub(crate) async fn play_each<T, F>(interleavings: Vec<Vec<T>>, play: impl Fn(Vec<T>) -> F)
where
    T: Clone + Debug,
    F: Future<Output = Result<bool, String>>,
{
    let mut telling = 0;
    for steps in &interleavings {
        match play(steps.clone()).await {
            Ok(tells) => telling += usize::from(tells),
            Err(wrong) => {
                let (steps, wrong) = shortest(&play, steps.clone(), wrong).await;
                panic!("{wrong}: {steps:#?}");
            }
        }
    }
    let all = interleavings.len();
    assert!(telling * 3 > all, "of {all} interleavings only {telling} say anything");
}

/// Interleavings of at most so many steps.
#[allow(clippy::disallowed_methods, reason = "the variable of proptest, which tests may read")]
pub(crate) fn interleavings<T: Clone + Debug>(step: impl Strategy<Value = T>, longest: usize) -> Vec<Vec<T>> {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let steps = vec(step, 1..=longest);
    (0..cases).map(|_| steps.new_tree(&mut runner).expect("steps").current()).collect()
}

/// Leaves out whatever is not needed to make it go wrong.
async fn shortest<T, F>(play: &impl Fn(Vec<T>) -> F, mut steps: Vec<T>, mut wrong: String) -> (Vec<T>, String)
where
    T: Clone,
    F: Future<Output = Result<bool, String>>,
{
    let mut at = 0;
    while at < steps.len() {
        let mut fewer = steps.clone();
        fewer.remove(at);
        match play(fewer.clone()).await {
            Ok(_) => at += 1,
            Err(still) => (steps, wrong, at) = (fewer, still, 0),
        }
    }
    (steps, wrong)
}
