//! What all mails share, as the library brings it.

/// The files around the words of a mail, as pairs of name and source: its two forms, and the phrases of each language.
pub(super) const SHARED: [(&str, &str); 4] = [
    ("_frame.txt", include_str!("templates/frame.txt.jinja")),
    ("_frame.html", include_str!("templates/frame.html.jinja")),
    ("en/_layout", include_str!("templates/en.jinja")),
    ("de/_layout", include_str!("templates/de.jinja")),
];
