//! The templates that the library brings.

/// The parts of one kind in one language, as pairs of name and source.
macro_rules! kinds {
    ($language:literal: $($kind:literal)*) => {
        &[
            kinds!(@file $language, "_layout.html"),
            kinds!(@file $language, "_layout.txt"),
            kinds!(@file $language, "_lifetime.txt"),
            $(
                kinds!(@file $language, $kind, ".subject.txt"),
                kinds!(@file $language, $kind, ".txt"),
                kinds!(@file $language, $kind, ".html"),
            )*
        ]
    };
    (@file $language:literal, $($part:literal),*) => {
        (concat!($language, "/", $($part),*), include_str!(concat!("templates/", $language, "/", $($part),*)))
    };
}

/// What all languages share.
pub(super) const FRAME: (&str, &str) = ("_frame.html", include_str!("templates/_frame.html"));

macro_rules! languages {
    ($($language:literal)*) => {
        /// Each language with its files.
        pub(super) const LANGUAGES: &[(&str, &[(&str, &str)])] = &[
            $(($language, kinds!($language:
                "verify_email" "reset_password" "magic_link" "confirm_email" "email_change_requested" "email_changed"
                "password_changed" "already_registered" "account_reset" "account_deleted"
            ))),*
        ];
    };
}

languages!("en" "de");
