//! What a file says to people: comments and strings of sources, and pages without their code.

use crate::tidy::File;

/// A piece of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
}

/// Pages that codegen writes from strings, and lists of words that nobody wrote.
const NOT_OURS: [&str; 4] = ["docs/endpoints.md", "docs/errors.md", "LICENSE", "blocklist.txt"];

/// The prose of a file by its lines.
pub(super) fn of(file: &File) -> Vec<Line> {
    let is = |extension: &str| file.path.ends_with(extension);
    if NOT_OURS.iter().any(|name| file.path.contains(name)) {
        return vec![];
    }
    if is(".rs") {
        rust(&file.text)
    } else if is(".md") {
        page(&file.text)
    } else if is(".html") || is(".txt") || is(".jinja") {
        numbered(&file.text).collect()
    } else if is(".toml") || is(".py") || is("run") {
        numbered(&file.text).filter_map(comment).collect()
    } else {
        vec![]
    }
}

fn numbered(text: &str) -> impl Iterator<Item = Line> {
    text.lines().enumerate().map(|(index, line)| Line { number: index + 1, text: line.to_owned() })
}

/// The comment of a line, which `#` begins.
fn comment(line: Line) -> Option<Line> {
    let (before, text) = line.text.split_once('#')?;
    (before.is_empty() || before.ends_with(' ')).then(|| Line { number: line.number, text: text.to_owned() })
}

/// A page without its blocks of code.
fn page(text: &str) -> Vec<Line> {
    let mut inside = false;
    let mut lines = vec![];
    for line in numbered(text) {
        let is_fence = line.text.trim_start().starts_with("```");
        if !is_fence && !inside {
            lines.push(line);
        }
        inside ^= is_fence;
    }
    lines
}

/// The comments and strings of a source.
fn rust(text: &str) -> Vec<Line> {
    let mut scanner = Scanner { rest: text, number: 1, lines: vec![] };
    while !scanner.rest.is_empty() {
        scanner.step();
    }
    scanner.lines
}

struct Scanner<'a> {
    rest: &'a str,
    number: usize,
    lines: Vec<Line>,
}

impl<'a> Scanner<'a> {
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            let text = self.take(rest.find('\n').unwrap_or(rest.len()));
            self.keep(text.trim_start_matches(['/', '!']));
        } else if rest.starts_with("/*") {
            let text = self.take(rest.find("*/").map_or(rest.len(), |end| end + 2));
            self.keep(text);
        } else if let Some(hashes) = raw_string(rest) {
            let (start, end) = (rest.find('"').unwrap_or_default() + 1, format!("\"{}", "#".repeat(hashes)));
            self.take(start);
            let text = self.take(self.rest.find(&end).unwrap_or(self.rest.len()));
            self.keep(text);
            self.take(end.len().min(self.rest.len()));
        } else if rest.starts_with('"') {
            self.take(1);
            let text = self.take(end_of_string(self.rest));
            self.keep(text);
            self.take(1.min(self.rest.len()));
        } else if let Some(length) = character(rest) {
            self.take(length);
        } else {
            // A whole word, so that no prefix of a string is looked for within it.
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let one = rest.chars().next().map_or(1, char::len_utf8);
            self.take(word.max(one));
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.number += text.matches('\n').count();
        text
    }

    /// Keeps what has just been taken.
    fn keep(&mut self, text: &str) {
        let first = self.number - text.matches('\n').count();
        self.lines.extend(text.lines().zip(first..).map(|(text, number)| Line { number, text: text.to_owned() }));
    }
}

/// The number of `#` if a raw string begins here.
fn raw_string(text: &str) -> Option<usize> {
    let text = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = text.len() - text.trim_start_matches('#').len();
    text[hashes..].starts_with('"').then_some(hashes)
}

/// The length of a string up to the quote that ends it.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().find(|(_, letter)| {
        let ends = *letter == '"' && !escaped;
        escaped = *letter == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(index, _)| index)
}

/// The length of a character literal, as opposed to a lifetime.
fn character(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escaped) = inner.strip_prefix('\\') {
        return Some(2 + escaped.char_indices().skip(1).find(|(_, letter)| *letter == '\'')?.0 + 1);
    }
    let letter = inner.chars().next()?;
    inner[letter.len_utf8()..].starts_with('\'').then_some(letter.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::file;

    fn texts(path: &str, text: &str) -> Vec<(usize, String)> {
        of(&file(path, text)).into_iter().map(|line| (line.number, line.text.trim().to_owned())).collect()
    }

    #[test]
    fn comments_and_strings_of_sources_are_prose() {
        let found = |text: &str| texts("a.rs", text);
        let line = |number: usize, text: &str| (number, text.to_owned());
        for (source, expected) in [
            ("//! Head.\nfn f() {} // end\n", vec![line(1, "Head."), line(2, "end")]),
            ("let a = \"one \\\" two\";\nb\n", vec![line(1, "one \\\" two")]),
            ("let a = \"one \\\n    two\";\n// three", vec![line(1, "one \\"), line(2, "two"), line(3, "three")]),
            ("let a = r#\"a \" b\"#; let c = br\"d\"; // e", vec![line(1, "a \" b"), line(1, "d"), line(1, "e")]),
            ("fn f<'a>(x: &'a str) { '\"'; '\\''; '\\u{41}'; 'é' } // end", vec![line(1, "end")]),
            ("/* a\nb */ let else_ = identifier;", vec![line(1, "/* a"), line(2, "b */")]),
            ("let bar = foo; for r in x {}", vec![]),
            ("\"never ends", vec![line(1, "never ends")]),
        ] {
            assert_eq!(found(source), expected, "{source}");
        }
    }

    #[test]
    fn other_files_have_prose_of_their_own() {
        let line = |number: usize, text: &str| (number, text.to_owned());
        for (path, text, expected) in [
            ("a.md", "one\n```rust\ntwo\n```\nthree\n", vec![line(1, "one"), line(5, "three")]),
            ("docs/errors.md", "one\n", vec![]),
            ("a.toml", "# one\na = 1 # two\n", vec![line(1, "one"), line(2, "two")]),
            ("a.html", "<p>one</p>\n", vec![line(1, "<p>one</p>")]),
            ("a.json", "\"one\"\n", vec![]),
        ] {
            assert_eq!(texts(path, text), expected, "{path}");
        }
    }
}
