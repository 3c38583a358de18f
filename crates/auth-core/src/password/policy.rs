//! Which passwords an account may be given.

use super::secret::Password;
use super::{blocklist, estimate};
use zeroize::Zeroizing;

/// Shortest context word, in code points, that is searched for inside a password, and the fewest code points that
/// must be left beside it.
const CONTEXT_CODE_POINTS: usize = 4;

/// The least score of a password that is not a common one: a million guesses do not find it, whatever its letter case.
const UNCOMMON: u8 = 2;

/// The rule for new passwords. It runs on a thread of its own, under a permit of the hasher, so it may take its time.
///
/// It judges registration, reset and change, never a login.
pub trait PasswordPolicy: Send + Sync + 'static {
    /// Judges a new password.
    ///
    /// # Errors
    /// Fails with a [`Refusal`], whose reason is for the user.
    fn check(&self, password: &Password, context: &PolicyContext) -> Result<(), Refusal>;
}

/// Why a password was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// A sentence to show. It must not repeat the password.
    pub reason: String,
}

impl Refusal {
    /// A refusal with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// What an attacker would try first for this account. No `Debug`, since it holds the address.
#[derive(Clone, Default)]
pub struct PolicyContext {
    /// Service name, host, mail address, user name, display name, in any case and with their separators.
    pub words: Vec<String>,
}

impl PolicyContext {
    /// Each word in lower case, whole and in its parts, without doubles, the longest first. A mail address
    /// contributes its local part and the labels of its domain.
    fn terms(&self) -> Vec<String> {
        let mut terms: Vec<String> = self.words.iter().flat_map(|word| parts(&word.to_lowercase())).collect();
        terms.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        terms.dedup();
        terms
    }
}

fn parts(word: &str) -> Vec<String> {
    let around_at = word.split('@');
    let pieces = word.split(|c: char| !c.is_alphanumeric());
    let all = std::iter::once(word).chain(around_at).chain(pieces);
    all.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Length, block list, context words and estimated strength: the advice of NIST SP 800-63B-4 (section 3.1.1.2) and
/// OWASP ASVS 6.2.
///
/// There are no rules of composition and no rotation, which both documents advise against.
#[derive(Debug, Clone)]
pub struct StandardPolicy {
    min: usize,
    max: usize,
    min_score: Option<u8>,
    blocklist: bool,
    context: bool,
}

impl Default for StandardPolicy {
    /// At least 8 code points, score 2, block list and context words: for accounts with a second factor or throttled
    /// logins.
    fn default() -> Self {
        Self { min: 8, max: Password::MAX_CODE_POINTS, min_score: Some(2), blocklist: true, context: true }
    }
}

impl StandardPolicy {
    /// At least 15 code points and score 3: for accounts whose only factor is the password (NIST SP 800-63B-4).
    #[must_use]
    pub fn strict() -> Self {
        Self::default().min(15).min_score(Some(3))
    }

    /// At least 3 code points and nothing else: for replacing a service whose users hold such passwords.
    #[must_use]
    pub fn compat() -> Self {
        Self::default().min(3).min_score(None).blocklist(false).context(false)
    }

    /// Sets the fewest code points.
    #[must_use]
    pub fn min(self, min: usize) -> Self {
        Self { min, ..self }
    }

    /// Sets the most code points, between 64 (a lower limit defeats pass phrases, ASVS 6.2.9) and
    /// [`Password::MAX_CODE_POINTS`]; values beyond are moved to the bound.
    #[must_use]
    pub fn max(self, max: usize) -> Self {
        Self { max: max.clamp(64, Password::MAX_CODE_POINTS), ..self }
    }

    /// Sets the least strength that `zxcvbn` must estimate, from 0 to 4; `None` asks for none.
    #[must_use]
    pub fn min_score(self, min_score: Option<u8>) -> Self {
        Self { min_score, ..self }
    }

    /// Sets whether common passwords are refused: those that `zxcvbn`, which has lists of them, finds within a million
    /// guesses when all letters are in lower case, and ways across a keyboard that it does not know.
    #[must_use]
    pub fn blocklist(self, blocklist: bool) -> Self {
        Self { blocklist, ..self }
    }

    /// Sets whether passwords made of context words are refused.
    #[must_use]
    pub fn context(self, context: bool) -> Self {
        Self { context, ..self }
    }

    fn check_length(&self, password: &Password) -> Result<(), Refusal> {
        // The bytes first: counting code points takes time in proportion to the input.
        if password.is_too_long() || password.code_points() > self.max {
            return Err(Refusal::new(format!("This password is too long: use at most {} characters.", self.max)));
        }
        if password.code_points() < self.min {
            return Err(Refusal::new(format!("This password is too short: use at least {} characters.", self.min)));
        }
        Ok(())
    }

    fn check_strength(&self, password: &Password, lowercase: &str, terms: &[String]) -> Result<(), Refusal> {
        let min_score = self.min_score.unwrap_or(0);
        if min_score == 0 && !self.blocklist {
            return Ok(());
        }
        let words: Vec<&str> = terms.iter().map(String::as_str).collect();
        let score = |text| estimate::score(text, &words);
        let in_lower_case = score(lowercase);
        if self.blocklist && (in_lower_case < UNCOMMON || blocklist::contains(lowercase)) {
            return Err(Refusal::new(
                "This password is one of the first that are guessed: add more words or less predictable characters.",
            ));
        }
        // Capital letters make a password stronger, and never weaker: most need no second estimate.
        if in_lower_case < min_score && (lowercase == password.expose() || score(password.expose()) < min_score) {
            return Err(Refusal::new(
                "This password is too easy to guess: add more words or less predictable characters.",
            ));
        }
        Ok(())
    }
}

impl PasswordPolicy for StandardPolicy {
    fn check(&self, password: &Password, context: &PolicyContext) -> Result<(), Refusal> {
        self.check_length(password)?;
        let lowercase = Zeroizing::new(password.expose().to_lowercase());
        let terms = if self.context { context.terms() } else { Vec::new() };
        if is_made_of(&lowercase, &terms) {
            return Err(Refusal::new(
                "This password is little more than a name or address of yours, or of this service: choose another.",
            ));
        }
        self.check_strength(password, &lowercase, &terms)
    }
}

/// Whether a password equals a term, or has fewer than [`CONTEXT_CODE_POINTS`] left once the terms are taken out.
/// Shorter terms occur in good passwords by chance and are not taken out.
fn is_made_of(lowercase: &str, terms: &[String]) -> bool {
    let mut rest = Zeroizing::new(lowercase.to_owned());
    for term in terms {
        if lowercase == term {
            return true;
        }
        if term.chars().count() >= CONTEXT_CODE_POINTS && rest.contains(term.as_str()) {
            rest = Zeroizing::new(rest.replace(term.as_str(), ""));
            if rest.chars().count() < CONTEXT_CODE_POINTS {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(words: &[&str]) -> PolicyContext {
        PolicyContext { words: words.iter().map(|w| (*w).to_owned()).collect() }
    }

    fn refusal(policy: &StandardPolicy, password: &str, words: &[&str]) -> Option<String> {
        policy.check(&Password::new(password), &context(words)).err().map(|r| r.reason)
    }

    #[test]
    fn lengths_are_counted_in_code_points_after_normalisation() {
        let length_only = |policy: StandardPolicy| policy.min_score(None).blocklist(false).context(false);
        let policies = [
            (length_only(StandardPolicy::default()), 8, 256),
            (length_only(StandardPolicy::strict()), 15, 256),
            (StandardPolicy::compat(), 3, 256),
            (StandardPolicy::compat().min(10).max(100), 10, 100),
            (StandardPolicy::compat().max(1), 3, 64),
            (StandardPolicy::compat().max(9999), 3, 256),
        ];
        for (policy, min, max) in policies {
            for unit in ["x", "é", "e\u{301}", "漢", "🔑", " "] {
                for n in [min - 1, min, 64, 128, max, max + 1, 100_000] {
                    let expected = match n {
                        n if n < min => Some("too short"),
                        n if n > max => Some("too long"),
                        _ => None,
                    };
                    let reason = refusal(&policy, &unit.repeat(n), &[]);
                    assert_eq!(reason.is_some(), expected.is_some(), "{unit:?} x {n}, {policy:?}");
                    assert!(
                        reason.unwrap_or_default().contains(expected.unwrap_or_default()),
                        "{unit:?} x {n}, {policy:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        let policy = StandardPolicy::default().min_score(None);
        for (password, common) in [
            ("password1", true),
            ("PassWord1", true),
            ("1q2w3e4r5t6y", true),
            ("aaaaaaaaaaaa", true),
            ("QWERTYUIOP", true),
            ("passwordpassword", true),
            ("trustno1trustno1", true),
            ("password1 ", true),
            ("starwars", true),
            ("madison9", true),
            ("0Lo9Ki8Mju7", true),
            ("1b2c3d4e5f6g", true),
            ("\u{17F}tarwars", false),
            ("violet kettle", false),
            ("0lo9ki8mju7 & more", false),
        ] {
            assert_eq!(refusal(&policy, password, &[]).is_some(), common, "{password}");
            assert_eq!(refusal(&policy.clone().blocklist(false), password, &[]), None, "{password}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn passwords_made_of_context_words_are_refused() {
        let words = [
            "Acme Cloud",
            "login.acme.example",
            "Jane.Doe@Mailhost.org",
            "janed",
            "Jane Doe-Smith",
            "bob",
            "",
        ];
        let policy = StandardPolicy::default().min_score(None).blocklist(false).min(3);
        for (password, refused) in [
            ("acme cloud", true), ("AcmeCloud", true), ("acme", true), ("acme123", true), ("123acme", true),
            ("1acme23", true), ("acmeacme12", true), ("acme1234", false), ("Jane.Doe@mailhost.org", true),
            ("jane.doe", true), ("JANE.DOE!", true), ("mailhost", true), ("mailhost.org", true),
            ("mailhost2024", false), ("janed123", true), ("smith12", true), ("smithjane99", true),
            ("example99", true), ("bob", true), ("bob12", false), ("doe", true), ("does", false),
            ("unrelated", false), ("acm3", false),
        ] {
            assert_eq!(refusal(&policy, password, &words).is_some(), refused, "{password}");
            assert_eq!(
                refusal(&policy.clone().context(false), password, &words),
                None,
                "{password}"
            );
            assert_eq!(refusal(&policy, password, &[]), None, "{password} without context");
        }
    }

    #[test]
    fn presets_judge_strength() {
        let (standard, strict, compat) =
            (StandardPolicy::default(), StandardPolicy::strict(), StandardPolicy::compat());
        for (password, by_standard, by_strict, by_compat) in [
            ("abc", false, false, true),
            ("P@ssw0rd1", false, false, true),
            ("Summer2024", false, false, true),
            ("tr0ub4dor&3", true, false, true),
            ("correct horse battery staple", true, true, true),
            ("nfV7$k2pQz", true, false, true),
            ("  leading and trailing spaces  ", true, true, true),
            ("überraschung im kühlschrank", true, true, true),
            ("abcabcabcabcabcabc", false, false, true),
            ("19871987198719871987", false, false, true),
        ] {
            for (policy, accepted) in [(&standard, by_standard), (&strict, by_strict), (&compat, by_compat)] {
                let reason = refusal(policy, password, &[]);
                assert_eq!(reason.is_none(), accepted, "{password:?} by {policy:?}: {reason:?}");
            }
        }
    }

    #[test]
    fn context_words_lower_the_strength() {
        let words = ["Zwetschgendatschi"];
        let password = "zwetschgendatschi7rq2";
        let policy = StandardPolicy::default().min_score(Some(3));
        assert_eq!(refusal(&policy, password, &[]), None);
        assert!(refusal(&policy, password, &words).is_some());
    }

    #[test]
    fn a_reason_never_repeats_the_password() {
        for password in ["kjh", "password1", "jane.doe!", "tttttttu", &"kjh".repeat(100)] {
            let reason = refusal(&StandardPolicy::default(), password, &["jane.doe@x.org"]).unwrap();
            assert!(reason.ends_with('.') && !reason.contains(password), "{reason}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_password_panics(password: String, words: Vec<String>) {
            let _ = StandardPolicy::default().min(0).check(&Password::new(&password), &PolicyContext { words });
        }
    }
}
