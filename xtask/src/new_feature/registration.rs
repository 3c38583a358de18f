//! Where a feature is registered: a text that is put into a file that exists.

/// A text and its place.
pub(super) struct Registration {
    pub(super) file: &'static str,
    place: Place,
    pub(super) text: &'static str,
}

/// A place, found by how a line begins. Indentation does not count.
enum Place {
    /// Before the first such line.
    Before(&'static str),
    /// After the last such line.
    After(&'static str),
    /// Within the first line that contains it, right behind it.
    Within(&'static str),
}

pub(super) const fn before(file: &'static str, anchor: &'static str, text: &'static str) -> Registration {
    Registration { file, place: Place::Before(anchor), text }
}

pub(super) const fn after(file: &'static str, anchor: &'static str, text: &'static str) -> Registration {
    Registration { file, place: Place::After(anchor), text }
}

pub(super) const fn within(file: &'static str, anchor: &'static str, text: &'static str) -> Registration {
    Registration { file, place: Place::Within(anchor), text }
}

impl Registration {
    pub(super) fn anchor(&self) -> &'static str {
        match self.place {
            Place::Before(anchor) | Place::After(anchor) | Place::Within(anchor) => anchor,
        }
    }

    /// The file with the text put in, or `None` without an anchor.
    pub(super) fn apply(&self, content: &str, text: &str) -> Option<String> {
        if let Place::Within(anchor) = self.place {
            let end = content.find(anchor)? + anchor.len();
            return Some(format!("{}{text}{}", &content[..end], &content[end..]));
        }
        let mut lines: Vec<&str> = content.lines().collect();
        let mut indices = (0..lines.len()).filter(|index| lines[*index].trim_start().starts_with(self.anchor()));
        let position = match self.place {
            Place::After(_) => indices.next_back()? + 1,
            _ => indices.next()?,
        };
        lines.insert(position, text);
        Some(lines.join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insertion_keeps_the_rest() {
        let content = "mod a;\n    mod b;\n\nfn f() {}\n";
        assert_eq!(before("", "mod ", "").apply(content, "mod n;").unwrap(), format!("mod n;\n{content}"));
        assert_eq!(
            after("", "mod ", "").apply(content, "mod n;").unwrap(),
            "mod a;\n    mod b;\nmod n;\n\nfn f() {}\n"
        );
        assert_eq!(within("", "fn f(", "").apply(content, "x: u8").unwrap(), content.replace("f()", "f(x: u8)"));
        assert_eq!(after("", "use ", "").apply(content, "mod n;"), None);
        assert_eq!(within("", "use ", "").apply(content, "mod n;"), None);
    }
}
