//! What taking one makes of a row, as conditions and expressions of SQL.

use auth_entity::limit::Column;
use sea_orm::sea_query::{CaseStatement, DynIden, Expr};
use sea_orm::{Condition, ExprTrait};

use super::Pace;
use super::claim::{Claim, Columns};

/// A column of the row that a table, or an alias of it, stands for.
pub(super) fn column(table: &DynIden, column: Column) -> Expr {
    Expr::col((table.clone(), column))
}

impl Claim {
    /// Whether the row is worth nothing any more. One that ends far too late is from before the clock was set back.
    /// Clocks of servers differ, and requests overtake each other: a little too late does not count.
    fn over(&self, table: &DynIden, now: i64) -> Condition {
        let ends_at = || column(table, Column::EndsAt);
        Condition::any().add(ends_at().lte(now)).add(ends_at().gt(now + 2 * self.horizon()))
    }

    /// Whether one may be taken of the row.
    pub(super) fn room(&self, table: &DynIden, now: i64) -> Condition {
        let next_at = || column(table, Column::NextAt);
        match self.pace {
            Pace::Window => self.over(table, now).add(column(table, Column::Used).lt(self.times())),
            _ => self.over(table, now).add(next_at().lte(now)).add(next_at().gt(now + 2 * self.per())),
        }
    }

    /// What taking one makes of a row that has room. To be assigned in this order, because MySQL lets a later assignment
    /// see an earlier one.
    pub(super) fn taken(&self, table: &DynIden, now: i64) -> Columns<Expr, Expr> {
        let first = self.first(now);
        let when_over = |value: i64| Expr::case(self.over(table, now), value);
        let (next_at, ends_at) = match self.pace {
            Pace::Window => {
                (Expr::value(0_i64), when_over(first.ends_at).finally(column(table, Column::EndsAt)).into())
            }
            Pace::Even => {
                let more = |of| column(table, of).add(self.every());
                let next_at = when_over(first.next_at).finally(more(Column::NextAt));
                (next_at.into(), when_over(first.ends_at).finally(more(Column::EndsAt)).into())
            }
            Pace::Doubling | Pace::Spaced => {
                (self.next_after_use(table, when_over(first.next_at), now), Expr::value(first.ends_at))
            }
        };
        let used = Expr::case(self.over(table, now), first.used).finally(column(table, Column::Used).add(1));
        Columns { next_at, used: used.into(), ends_at }
    }

    /// The next moment by the number of uses in a row: nothing to wait for, the growing waits, the longest.
    fn next_after_use(&self, table: &DynIden, case: CaseStatement, now: i64) -> Expr {
        let growing = (self.times()..).take_while(|used| self.wait(*used) < self.per());
        let steps = std::iter::once(self.times() - 1).chain(growing);
        let case =
            steps.fold(case, |case, used| case.case(column(table, Column::Used).lt(used), self.next_at(used, now)));
        case.finally(now + self.per()).into()
    }
}
