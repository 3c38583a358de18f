//! What `Debug` shows of what superusers ask for: not whom it is about.

use std::fmt;

use super::{AdminChanges, NewUser, PageRequest};
use crate::hidden::{Hidden, hidden};

impl fmt::Debug for PageRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cursor, limit, prefix } = self;
        let mut shown = f.debug_struct("PageRequest");
        shown.field("cursor", cursor).field("limit", limit).field("prefix", &hidden(prefix)).finish()
    }
}

impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, username, password, display_name, attributes: _, is_active, is_superuser, is_verified } =
            self;
        f.debug_struct("NewUser")
            .field("email", &hidden(email))
            .field("username", &hidden(username))
            .field("password", &hidden(password))
            .field("display_name", &hidden(display_name))
            .field("attributes", &Hidden)
            .field("is_active", is_active)
            .field("is_superuser", is_superuser)
            .field("is_verified", is_verified)
            .finish()
    }
}

impl fmt::Debug for AdminChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            email,
            password,
            current_password,
            username,
            display_name,
            attributes,
            is_active,
            is_superuser,
            is_verified,
        } = self;
        f.debug_struct("AdminChanges")
            .field("email", &hidden(email))
            .field("password", &hidden(password))
            .field("current_password", &hidden(current_password))
            .field("username", &hidden(username))
            .field("display_name", &hidden(display_name))
            .field("attributes", &hidden(attributes))
            .field("is_active", is_active)
            .field("is_superuser", is_superuser)
            .field("is_verified", is_verified)
            .finish()
    }
}
