//! Which sessions ended for want of use.

use auth_entity::Timestamp;
use auth_entity::session::Column;
use sea_orm::{ColumnTrait, Condition};
use time::OffsetDateTime;

use crate::clock::before;
use crate::kernel::Kernel;

/// Those that nobody used for as long as their backend allows. Remembered ones are never among them.
pub(super) fn is_unused(kernel: &Kernel, now: OffsetDateTime) -> Condition {
    let since = |idle| Column::LastSeenAt.lte(Timestamp(before(now, idle)));
    let mut others = Condition::all().add(since(kernel.configs().sessions.idle));
    let mut unused = Condition::any();
    for backend in kernel.all_backends() {
        if let Some(refresh) = &backend.refresh {
            others = others.add(Column::Backend.ne(&backend.name));
            unused = unused.add(Condition::all().add(Column::Backend.eq(&backend.name)).add(since(refresh.idle)));
        }
    }
    Condition::all().add(Column::Remembered.eq(false)).add(unused.add(others))
}
