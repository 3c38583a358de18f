//! The one list of features. What must know all of them (the workers, the purge, the export, the checks at start) reads
//! it; the row of a feature stands in its folder.

use crate::feature::Feature;
use crate::mail::MailKind;

/// The features of the library.
pub(crate) const FEATURES: &[Feature] = &[
    crate::account::FEATURE,
    crate::registration::FEATURE,
    crate::login::FEATURE,
    crate::gate::FEATURE,
    crate::device::FEATURE,
    crate::session::FEATURE,
    crate::profile::FEATURE,
    crate::verification::FEATURE,
    crate::password_reset::FEATURE,
    crate::invitation::FEATURE,
    crate::email_change::FEATURE,
    crate::magic_link::FEATURE,
    crate::hasura::FEATURE,
    crate::admin::FEATURE,
    crate::role::FEATURE,
    crate::audit::FEATURE,
    crate::password::FEATURE,
    crate::one_time::FEATURE,
    crate::signing_key::FEATURE,
    crate::limit::FEATURE,
    crate::mail::FEATURE,
];

/// The mails of these features.
pub(crate) fn mail_kinds(features: &[Feature]) -> Vec<MailKind> {
    features.iter().flat_map(|feature| feature.mails).copied().collect()
}
