//! The two forms of a mail: how each shows links, codes and paragraphs.

use minijinja::{AutoEscape, Value};
use url::Url;

use crate::mail::MailCode;

/// A form that the same words take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Html,
}

/// Elements outside of paragraphs.
const BLOCKS: [&str; 10] = ["<p", "<ul", "<ol", "<div", "<table", "<h2", "<h3", "<hr", "<pre", "<blockquote"];

impl Form {
    pub(super) const ALL: [Self; 2] = [Self::Text, Self::Html];

    /// The template that puts everything together.
    pub(super) fn frame(self) -> &'static str {
        match self {
            Self::Text => "_frame.txt",
            Self::Html => "_frame.html",
        }
    }

    /// What happens to the values of variables.
    pub(super) fn escape(self) -> AutoEscape {
        match self {
            Self::Text => AutoEscape::None,
            Self::Html => AutoEscape::Html,
        }
    }

    /// What was rendered in this form is not escaped again.
    pub(super) fn rendered(self, words: String) -> Value {
        match self {
            Self::Text => Value::from(words),
            Self::Html => Value::from_safe_string(words),
        }
    }

    /// An address, as it stands in a link. The engine would write each slash of it as a character reference, which not
    /// every mail program reverts in a link.
    pub(super) fn address(self, url: &Url) -> Value {
        self.rendered(self.escaped(url.as_str()))
    }

    /// A link that shows `label`; plain text shows the address.
    pub(super) fn link(self, url: &Url, label: &str) -> Value {
        let address = self.escaped(url.as_str());
        match self {
            Self::Text => Value::from(address),
            Self::Html => self.rendered(format!("<a href=\"{address}\">{}</a>", self.escaped(label))),
        }
    }

    /// A code to type in.
    pub(super) fn code(self, code: &MailCode) -> Value {
        match self {
            Self::Text => Value::from(code.as_str()),
            Self::Html => self.rendered(format!("<span class=\"code\">{}</span>", code.as_str())),
        }
    }

    /// Paragraphs that blank lines part, as this form parts them.
    pub(super) fn paragraphs(self, words: &str) -> String {
        let mut paragraphs = vec![String::new()];
        for line in words.lines().map(str::trim_end) {
            match paragraphs.last_mut() {
                Some(last) if !line.is_empty() => {
                    if !last.is_empty() {
                        last.push('\n');
                    }
                    last.push_str(line);
                }
                Some(last) if !last.is_empty() => paragraphs.push(String::new()),
                _ => {}
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        match self {
            Self::Text => paragraphs.join("\n\n"),
            Self::Html => paragraphs.into_iter().map(html_paragraph).collect::<Vec<_>>().join("\n"),
        }
    }

    fn escaped(self, text: &str) -> String {
        if self == Self::Text {
            return text.to_owned();
        }
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                c => escaped.push(c),
            }
        }
        escaped
    }
}

fn html_paragraph(words: String) -> String {
    if BLOCKS.iter().any(|block| words.starts_with(block)) { words } else { format!("<p>{words}</p>") }
}
