//! Passwords are compared at the gate alone: a caller of the hasher beside it would let anyone try as many
//! passwords as they like.

use super::File;

/// The core, whose other files must not compare passwords.
const CORE: &str = "crates/auth-core/src/";

/// The gate, and the hasher itself with its tests.
const ALLOWED: [&str; 2] = ["crates/auth-core/src/gate/", "crates/auth-core/src/password/"];

/// What hands out a hasher.
const HASHERS: [&str; 3] = ["hasher()", "hasher_for(", "hasher"];

/// What compares a password, on a line of its own or behind what hands the hasher out.
const VERIFY: &str = concat!(".ver", "ify(");

pub(super) fn problems(files: &[File]) -> Vec<String> {
    let core = files.iter().filter(|file| {
        file.path.starts_with(CORE) && file.path.ends_with(".rs") && !ALLOWED.iter().any(|ok| file.path.starts_with(ok))
    });
    core.flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<String> {
    // The formatter breaks long chains: a call belongs to what stands before it, up to the end of the statement before.
    let mut statement = String::new();
    let mut problems = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default().trim();
        statement.push_str(code);
        if statement.contains(VERIFY) && HASHERS.iter().any(|hasher| statement.contains(hasher)) {
            problems.push(format!(
                "{}:{}: compares a password beside the gate; ask `PasswordGate`, which counts the attempt first",
                file.path,
                index + 1
            ));
            statement.clear();
        }
        if code.ends_with([';', '{', '}']) {
            statement.clear();
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    #[test]
    fn only_the_gate_compares_passwords() {
        let one_line = format!("let v = self.kernel.hasher(){VERIFY}password, hash).await?;");
        let of_client = format!("let v = kernel.hasher_for(client){VERIFY}password, hash).await?;");
        let broken =
            format!("let v = self\n    .kernel\n    .hasher_for(client)\n    {VERIFY}password, hash)\n    .await?;");
        let named = format!("let hasher = kernel.hasher();\nhasher{VERIFY}password, hash).await?;");
        let of_another = format!("let ok = key{VERIFY}message);\nlet hasher = kernel.hasher();");
        let in_comment = format!("// the hasher's `hasher{VERIFY})` is the gate's\nfn f() {{}}");
        for (path, text, expected) in [
            ("crates/auth-core/src/login/service.rs", &one_line, 1),
            ("crates/auth-core/src/login/service.rs", &of_client, 1),
            ("crates/auth-core/src/profile/update.rs", &broken, 1),
            ("crates/auth-core/src/profile/update.rs", &named, 1),
            ("crates/auth-core/src/jwt/codec.rs", &of_another, 0),
            ("crates/auth-core/src/login/service.rs", &in_comment, 0),
            ("crates/auth-core/src/gate/service.rs", &one_line, 0),
            ("crates/auth-core/src/password/tests.rs", &named, 0),
            ("bench/src/raw.rs", &named, 0),
        ] {
            let found = problems(&[file(path, text)]);
            assert_eq!(found.len(), expected, "{path}: {text}: {found:?}");
        }
    }
}
