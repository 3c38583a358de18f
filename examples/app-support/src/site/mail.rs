//! The pages that links in mails lead to. Opening one changes nothing, because mail scanners open links too: its button
//! does.

use auth_core::magic_link::{Preview, WaitingDevice};
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

const PAGES: [Page; 8] = [
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
    Page { path: CONFIRM_LOGIN, title: "Let a device in?", text: "", fields: "", button: "Log that device in" },
];

/// The pages whose text depends on the link.
pub(crate) const MAGIC_LINK: &str = "/magic-link";
pub(crate) const CONFIRM_LOGIN: &str = "/confirm-login";

/// What is behind such a link.
pub(crate) enum Behind {
    /// A login of the browser that opens it.
    Login(Preview),
    /// A login of another device, which waits.
    Device(WaitingDevice),
}

impl Behind {
    /// What the page asks.
    fn text(&self) -> String {
        match self {
            Self::Login(preview) => format!("You will be logged in as {}.", preview.email),
            Self::Device(WaitingDevice { email, browser, system, address, time, .. }) => {
                let system = system.as_ref().map(|system| format!(" on {system}")).unwrap_or_default();
                let address =
                    address.as_ref().map(|address| format!(" from the address {address}")).unwrap_or_default();
                format!(
                    "{browser}{system} wants to be logged in as {email}, since {time}{address}. Confirm only if you asked for it there a moment \
                     ago: that device will be logged in, and not this one."
                )
            }
        }
    }

    /// Where the browser goes then.
    fn next(&self) -> &str {
        match self {
            Self::Login(preview) => preview.redirect_to.as_ref().map_or("/", |target| target.url().as_str()),
            Self::Device(_) => "/",
        }
    }
}

/// The paths of the pages.
pub(super) const MAIL_PAGES: [&str; 8] = [
    PAGES[0].path,
    PAGES[1].path,
    PAGES[2].path,
    PAGES[3].path,
    PAGES[4].path,
    PAGES[5].path,
    PAGES[6].path,
    PAGES[7].path,
];

/// The page of a path. A login by mail names the account, so that nobody is logged in as somebody else unawares.
pub(super) fn mail_page(path: &str, behind: Option<&Behind>) -> Option<Response<Bytes>> {
    let found = PAGES.iter().find(|page| page.path == path)?;
    let text = match behind {
        Some(behind) => behind.text(),
        None if [MAGIC_LINK, CONFIRM_LOGIN].contains(&path) => {
            "This link does not work any more. Ask for a new one.".to_owned()
        }
        None => found.text.to_owned(),
    };
    let next = behind.map_or("/", Behind::next);
    let (action, done) = match path {
        MAGIC_LINK => ("/auth/magic-link/verify".to_owned(), ""),
        CONFIRM_LOGIN => ("/hasura/auth/magic-link/confirm".to_owned(), "Done: go back to that device."),
        path => (format!("/auth{path}"), ""),
    };
    let html = include_str!("mail.html")
        .replace("{title}", found.title)
        .replace("{action}", &action)
        .replace("{fields}", found.fields)
        .replace("{button}", found.button)
        .replace("{done}", done)
        .replace("{next}", &escape(next))
        .replace("{text}", &escape(&text));
    Some(page(StatusCode::OK, PAGE_CSP, html.into()))
}
