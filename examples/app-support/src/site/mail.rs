//! The pages that links in mails lead to. Opening one changes nothing, because mail scanners open links too: its button
//! does.

use auth_core::magic_link::Preview;
use bytes::Bytes;
use http::{Response, StatusCode};

use super::{PAGE_CSP, escape, page};

/// A page behind a link.
struct Page {
    path: &'static str,
    title: &'static str,
    text: &'static str,
    fields: &'static str,
    button: &'static str,
}

const NEW_PASSWORD: &str =
    "<label>New password <input name=\"password\" type=\"password\" autocomplete=\"new-password\" required></label>";

const PAGES: [Page; 7] = [
    Page {
        path: "/verify",
        title: "Confirm your address",
        text: "Is this your email address, and did you ask for an account here?",
        fields: "",
        button: "Yes, confirm",
    },
    Page {
        path: "/reset-password",
        title: "Choose a new password",
        text: "All devices will be logged out.",
        fields: NEW_PASSWORD,
        button: "Set the password",
    },
    Page {
        path: "/change-email/confirm",
        title: "Confirm your new address",
        text: "From then on mail goes here.",
        fields: "",
        button: "Use this address",
    },
    Page {
        path: "/change-email/revert",
        title: "Take the change back",
        text: "Your old address counts again, all devices are logged out, and a link to a new password is mailed to you.",
        fields: "",
        button: "That was not me",
    },
    Page {
        path: "/accept-invitation",
        title: "Choose a password",
        text: "An account was created for you. Log in with this password afterwards.",
        fields: NEW_PASSWORD,
        button: "Set the password",
    },
    Page {
        path: "/device/confirm",
        title: "Recognize this device",
        text: "You can log in from here with your password, even while others try theirs.",
        fields: "",
        button: "Yes, this is my device",
    },
    Page { path: MAGIC_LINK, title: "Log in", text: "", fields: "", button: "Log in" },
];

/// The page whose text depends on the link.
pub(crate) const MAGIC_LINK: &str = "/magic-link";

/// The paths of the pages.
pub(super) const MAIL_PAGES: [&str; 7] =
    [PAGES[0].path, PAGES[1].path, PAGES[2].path, PAGES[3].path, PAGES[4].path, PAGES[5].path, PAGES[6].path];

/// The page of a path. A login by mail names the account, so that nobody is logged in as somebody else unawares.
pub(super) fn mail_page(path: &str, preview: Option<&Preview>) -> Option<Response<Bytes>> {
    let found = PAGES.iter().find(|page| page.path == path)?;
    let text = match preview {
        Some(preview) => format!("You will be logged in as {}.", preview.email),
        None if path == MAGIC_LINK => "This link does not work any more. Ask for a new one.".to_owned(),
        None => found.text.to_owned(),
    };
    let next = preview.and_then(|preview| preview.redirect_to.as_ref()).map_or("/", |target| target.url().as_str());
    let action = if path == MAGIC_LINK { "/auth/magic-link/verify".to_owned() } else { format!("/auth{path}") };
    let html = include_str!("mail.html")
        .replace("{title}", found.title)
        .replace("{action}", &action)
        .replace("{fields}", found.fields)
        .replace("{button}", found.button)
        .replace("{next}", &escape(next))
        .replace("{text}", &escape(&text));
    Some(page(StatusCode::OK, PAGE_CSP, html.into()))
}
