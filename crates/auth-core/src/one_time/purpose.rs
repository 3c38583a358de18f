//! What single-use tokens are for.

/// What a token may be redeemed for. A token of one purpose is worth nothing for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Verification of an email address.
    VerifyEmail,
    /// A new password for one that was forgotten.
    ResetPassword,
    /// A login by mail.
    MagicLink,
    /// Verification of a new email address.
    ChangeEmail,
    /// Reverting to the former email address.
    RevertEmail,
    /// Verification of the email address of an account that is created by it.
    Register,
    /// A session for a browser that comes back from elsewhere.
    Exchange,
    /// The way back from an identity provider.
    OAuthState,
    /// A login that waits for its second factor.
    TwoFactorTicket,
}

impl Purpose {
    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::MagicLink => "magic_link",
            Self::ChangeEmail => "change_email",
            Self::RevertEmail => "revert_email",
            Self::Register => "register",
            Self::Exchange => "exchange",
            Self::OAuthState => "oauth_state",
            Self::TwoFactorTicket => "two_factor_ticket",
        }
    }

    /// What its tokens begin with, so that people and scanners can tell them apart.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::VerifyEmail => "vfy_",
            Self::ResetPassword => "rst_",
            Self::MagicLink => "mgl_",
            Self::ChangeEmail => "chg_",
            Self::RevertEmail => "rev_",
            Self::Register => "reg_",
            Self::Exchange => "xch_",
            Self::OAuthState => "sta_",
            Self::TwoFactorTicket => "p2f_",
        }
    }
}
