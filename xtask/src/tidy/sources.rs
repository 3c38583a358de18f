//! Rules about single files: size, forbidden calls, a head that says what the file is for.

use super::File;

const WARN_LINES: usize = 400;
const MAX_LINES: usize = 800;
/// Code of a whole adapter crate, without blank lines and comments.
const MAX_ADAPTER_LINES: usize = 400;
const ADAPTERS: [&str; 3] = ["crates/auth-axum/src/", "crates/auth-actix/src/", "crates/auth-poem/src/"];

// Put together here, so that this file does not contain what it looks for.
const UNFINISHED: [&str; 3] = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];
const PANICKING: [&str; 2] = [concat!(".unw", "rap()"), concat!(".exp", "ect(\"")];
// Ids are made before the insert: what a second statement reads may be of another connection.
const COUNTED_IDS: [&str; 3] =
    [concat!("last_insert", "_id"), concat!("LAST_INSERT", "_ID"), concat!("auto_increment = ", "true")];
const MACHINE_PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/home", "/user")];

pub(super) fn warnings(files: &[File]) -> Vec<String> {
    let long = long_files(files).into_iter().filter(|(_, lines)| *lines <= MAX_LINES);
    long.map(|(path, lines)| format!("{path}: {lines} lines, the aim is {WARN_LINES}; split it by subject")).collect()
}

/// All problems. Crates in `exempt` are not published: they may panic.
pub(super) fn problems(files: &[File], exempt: &[&str]) -> Vec<String> {
    let mut problems: Vec<String> = long_files(files)
        .into_iter()
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines, at most {MAX_LINES}; split it by subject"))
        .collect();
    problems.extend(files.iter().flat_map(machine_paths));
    problems.extend(files.iter().filter(|file| is_rust(file)).flat_map(|file| forbidden_calls(file, exempt)));
    problems.extend(files.iter().filter_map(missing_head));
    problems.extend(ADAPTERS.iter().filter_map(|adapter| adapter_size(files, adapter)));
    problems
}

fn is_rust(file: &File) -> bool {
    file.path.ends_with(".rs")
}

fn is_test(path: &str) -> bool {
    path.starts_with("integration-tests/")
        || path.ends_with("tests.rs")
        || path.contains("/tests/")
        || path.contains("/fuzzing/")
}

/// The lines before a test module at the end of the file.
fn production_lines(file: &File) -> Vec<&str> {
    let lines: Vec<&str> = file.text.lines().collect();
    let is_start = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
    let end = lines.windows(2).position(is_start).unwrap_or(lines.len());
    lines[..end].to_vec()
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

/// A line without a comment at its end.
fn code_of(line: &str) -> &str {
    if is_code(line) { line.split(" // ").next().unwrap_or(line) } else { "" }
}

fn long_files(files: &[File]) -> Vec<(&str, usize)> {
    let sources = files.iter().filter(|file| is_rust(file) && !is_test(&file.path));
    let sizes = sources.map(|file| (file.path.as_str(), production_lines(file).len()));
    sizes.filter(|(_, lines)| *lines > WARN_LINES).collect()
}

fn machine_paths(file: &File) -> Vec<String> {
    let found = numbered(file.text.lines()).filter_map(|(number, line)| {
        let path = MACHINE_PATHS.iter().find(|path| line.contains(**path))?;
        Some(format!("{}:{number}: names `{path}`, a path of one machine; make it relative", file.path))
    });
    found.collect()
}

fn forbidden_calls(file: &File, exempt: &[&str]) -> Vec<String> {
    let mut problems = vec![];
    for (number, line) in numbered(file.text.lines()) {
        if let Some(call) = UNFINISHED.iter().find(|call| code_of(line).contains(**call)) {
            problems.push(format!("{}:{number}: `{call}` is unfinished work; finish or remove it", file.path));
        }
    }
    let package = file.path.strip_prefix("crates/").and_then(|rest| rest.split('/').next());
    if package.is_none_or(|name| exempt.contains(&name)) || is_test(&file.path) {
        return problems;
    }
    for (number, line) in numbered(production_lines(file).into_iter()) {
        if let Some(id) = COUNTED_IDS.iter().find(|id| code_of(line).contains(**id)) {
            problems.push(format!("{}:{number}: `{id}` lets the database make an id; use `Kernel::new_id`", file.path));
        }
        if let Some(call) = PANICKING.iter().find(|call| code_of(line).contains(**call)) {
            problems.push(format!("{}:{number}: `{call}` can panic in a host's server; return an error", file.path));
        }
    }
    problems
}

fn numbered<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = (usize, &'a str)> {
    lines.enumerate().map(|(index, line)| (index + 1, line))
}

fn missing_head(file: &File) -> Option<String> {
    let is_source = is_rust(file) && file.path.starts_with("crates/") && file.path.contains("/src/");
    (is_source && !file.text.starts_with("//!"))
        .then(|| format!("{}: begin it with a `//!` line that says what it is for", file.path))
}

fn adapter_size(files: &[File], adapter: &str) -> Option<String> {
    let sources = files.iter().filter(|file| file.path.starts_with(adapter) && is_rust(file) && !is_test(&file.path));
    let lines: usize = sources.map(|file| production_lines(file).iter().filter(|line| is_code(line)).count()).sum();
    (lines > MAX_ADAPTER_LINES).then(|| {
        format!("{adapter}: {lines} lines of code, at most {MAX_ADAPTER_LINES}; move what is not framework types to auth-http")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn repeat(line: &str, count: usize) -> String {
        format!("//! Head.\n{}", format!("{line}\n").repeat(count))
    }

    #[test]
    fn rules_about_one_file() {
        let unwrap = format!("//! Head.\nfn f() {{ g(){}; }}\n", PANICKING[0]);
        let expect = format!("//! Head.\nfn f() {{ g(){}x\"); }}\n", PANICKING[1]);
        let counted = format!("//! Head.\nfn f() {{ result.{}() }}\n", COUNTED_IDS[0]);
        let unfinished = format!("//! Head.\nfn f() {{ {}) }}\n", UNFINISHED[0]);
        let in_test = format!("//! Head.\n\n#[cfg(test)]\nmod tests {{\n    fn f() {{ g(){} }}\n}}\n", PANICKING[0]);
        let in_comment = format!("//! Head.\n/// `g(){}`\nfn f() {{}} // {}\n", PANICKING[0], UNFINISHED[1]);
        for (path, text, expected) in [
            ("crates/auth-core/src/a.rs", "//! Head.\n", None),
            ("crates/auth-core/src/a.rs", "fn f() {}\n", Some("`//!`")),
            ("crates/auth-core/src/a.rs", &unwrap, Some("a.rs:2")),
            ("crates/auth-core/src/a.rs", &expect, Some("a.rs:2")),
            ("crates/auth-core/src/a.rs", &counted, Some("a.rs:2")),
            ("crates/auth-core/src/a.rs", &in_test, None),
            ("crates/auth-core/src/a.rs", &in_comment, None),
            ("crates/auth-core/src/a/tests.rs", &unwrap, None),
            ("crates/auth-testkit/src/a.rs", &unwrap, None),
            ("integration-tests/src/a.rs", &unwrap, None),
            ("integration-tests/src/a.rs", &unfinished, Some("unfinished")),
            ("docs/a.md", &format!("see {}x", MACHINE_PATHS[0]), Some("docs/a.md:1")),
            ("crates/auth-core/src/a.rs", &repeat("fn f() {}", 900), Some("at most 800")),
            ("integration-tests/src/a.rs", &repeat("fn f() {}", 900), None),
            ("crates/auth-poem/src/a.rs", &repeat("fn f() {}", 401), Some("at most 400")),
            ("crates/auth-poem/src/a.rs", &repeat("// why", 401), None),
        ] {
            let found = problems(&[file(path, text)], &["auth-testkit"]);
            match expected {
                None => assert_eq!(found, Vec::<String>::new(), "{path}"),
                Some(part) => assert!(found.len() == 1 && found[0].contains(part), "{path}: {found:?}"),
            }
        }
    }

    #[test]
    fn long_files_are_warned_about() {
        for (lines, expected) in [(399, 0), (400, 1), (799, 1), (800, 0)] {
            let files = [file("crates/auth-core/src/a.rs", &repeat("fn f() {}", lines))];
            assert_eq!(warnings(&files).len(), expected, "{lines} and a head");
        }
    }
}
