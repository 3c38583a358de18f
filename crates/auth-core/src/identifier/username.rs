//! User names.

use super::IdentifierError;
use std::fmt;
use std::ops::RangeInclusive;

/// Allowed lengths in characters, which are bytes here.
const LENGTH: RangeInclusive<usize> = 2..=32;

/// Names that could be taken for the service, its staff or its addresses (RFC 2142), or for a missing value.
const RESERVED: &str = "\
    abuse account accounts admin administrator admins anonymous api auth billing contact daemon donotreply everyone \
    ftp guest help helpdesk hostmaster info login logout mail mailerdaemon me mod moderator nan nil nobody none \
    noreply null oauth official operator owner postmaster register root sales security self service settings signin \
    signup staff su sudo superadmin superuser support sysadmin sysop system team undefined webmaster www";

/// A user name: ASCII letters, digits, `.`, `_` and `-`, 2 to 32 of them, the first a letter or digit.
///
/// No other script is allowed, hence no mixed-script look-alikes, and no `@`, hence never an address. Hidden
/// from `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Username {
    name: String,
    key: String,
}

impl Username {
    /// Parses a user name for an account that is to bear it; blanks around it are ignored.
    ///
    /// # Errors
    /// Fails with [`IdentifierError::UsernameInvalid`] for another form, [`IdentifierError::UsernameReserved`] for a
    /// name of the service, also when it is disguised by separators or look-alike digits (`adm1n`, `ro-ot`).
    pub fn parse(input: &str) -> Result<Self, IdentifierError> {
        let name = well_formed(input)?;
        if is_reserved(name) {
            return Err(IdentifierError::UsernameReserved);
        }
        Ok(Self { name: name.to_owned(), key: name.to_ascii_lowercase() })
    }

    /// The name as it was typed, to store and show.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The canonical spelling, for the unique index and limiters.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The key that a name typed at login would have, reserved or not; `None` when no user name has this form.
    #[must_use]
    pub fn key_of(input: &str) -> Option<String> {
        well_formed(input).ok().map(str::to_ascii_lowercase)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Username(***)")
    }
}

/// The input without the blanks around it, when it has the form of a user name.
fn well_formed(input: &str) -> Result<&str, IdentifierError> {
    let name = input.trim_matches(' ');
    if !LENGTH.contains(&name.len()) {
        return Err(IdentifierError::UsernameInvalid("A user name has 2 to 32 characters."));
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Err(IdentifierError::UsernameInvalid(
            "A user name consists of the letters a to z, digits, dots, hyphens and underscores.",
        ));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(IdentifierError::UsernameInvalid("A user name starts with a letter or a digit."));
    }
    Ok(name)
}

fn is_reserved(name: &str) -> bool {
    let seen = skeleton(name);
    RESERVED.split(' ').any(|reserved| skeleton(reserved) == seen)
}

/// A name as a careless eye sees it: no case, no separators, one spelling for each group of look-alikes.
fn skeleton(name: &str) -> String {
    let seen = name.chars().filter(char::is_ascii_alphanumeric);
    let one_each = seen.map(|c| match c.to_ascii_lowercase() {
        '0' => 'o',
        '1' | 'i' => 'l',
        '2' => 'z',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '6' | '8' => 'b',
        '7' => 't',
        '9' => 'g',
        other => other,
    });
    one_each.collect::<String>().replace("rn", "m").replace("vv", "w")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_names_keep_their_spelling() {
        let long = "a".repeat(32);
        for (input, key) in [
            ("Ann", "ann"),
            ("ann.lee", "ann.lee"),
            ("a-b_c.d", "a-b_c.d"),
            ("42", "42"),
            ("7up", "7up"),
            ("X9", "x9"),
            ("ends.", "ends."),
            ("rooted", "rooted"),
            ("administer", "administer"),
            ("apiary", "apiary"),
            ("webster", "webster"),
            (&long, &long),
        ] {
            let name = Username::parse(input).unwrap();
            assert_eq!((name.as_str(), name.key()), (input, key));
            assert_eq!(Username::key_of(input).as_deref(), Some(key));
            let again = Username::parse(name.key()).unwrap();
            assert_eq!(again.key(), key);
        }
        assert_eq!(Username::parse("  Ann ").unwrap().as_str(), "Ann");
    }

    #[test]
    #[rustfmt::skip]
    fn other_forms_are_refused() {
        let long = "a".repeat(33);
        for input in [
            "", "a", " a ", &long, ".ann", "_ann", "-ann", "ann lee", "ann@lee", "ann\0", "an\u{200B}n",
            "ann\u{202E}", "ann/lee", "ann+lee", "<ann>", "ánn", "аdmin", "ａｎｎ", "mi\u{212A}e", "ſam", "ann\r\nlee",
            "an🙂n", "ann\n", "\tann", "\r\nann",
        ] {
            assert_eq!(
                Username::parse(input).unwrap_err().kind(),
                "username_invalid",
                "{input:?}"
            );
            assert_eq!(Username::key_of(input), None, "{input:?}");
        }
    }

    #[test]
    fn reserved_names_are_refused_in_every_disguise() {
        let disguised = "\
            admin ADMIN Admin adm1n 4dm1n a.d.m.i.n ad-min admin_ ro_ot r00t rooT admlnlstrator administrator system \
            5y5tem support 5upp0rt security postmaster p0stma5ter hostmaster webmaster abuse no-reply no_reply \
            n0reply me m3 null nul1 nuii undefined api ap1 auth login 1og1n www w.w.w mailer-daemon \
            adrnin vvebrnaster VVWVV si9n-up 6ill1ng";
        for input in disguised.split(' ').chain([" Admin "]) {
            assert_eq!(Username::parse(input), Err(IdentifierError::UsernameReserved), "{input:?}");
            assert!(Username::key_of(input).is_some(), "{input:?} may still log in");
        }
    }
}
