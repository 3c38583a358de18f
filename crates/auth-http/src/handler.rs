//! Functions that answer requests, as rows of the table hold them.
//!
//! A handler is an `async fn` of a [`Call`], for users of their [`Principal`] as well, and of what it takes from the
//! request: a body, a [`Query`], the [`Id`] in the path. The types of these arguments decode the request and describe
//! themselves in the OpenAPI document, so that neither can differ from what the function takes.

use std::sync::Arc;

use auth_core::uuid::Uuid;
use auth_core::{Principal, RoleName};
use futures_util::future::BoxFuture;

use crate::call::Call;
use crate::decode::{Decode, Schema};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::requirement::Requirement;

pub(crate) type SchemaOf = fn() -> Schema;

/// An answer in the making.
pub(crate) type Answer = BoxFuture<'static, Result<Reply, Problem>>;

/// A handler for everyone. Rows are made once: only what it returns is allocated for each request.
pub(crate) type PublicFn = Arc<dyn Fn(Call) -> Answer + Send + Sync>;

/// A handler for users.
pub(crate) type UserFn = Arc<dyn Fn(Call, Box<Principal>) -> Answer + Send + Sync>;

/// What answers for a row, with what it requires: nothing else can call a handler that takes a principal.
#[derive(Clone)]
pub(crate) enum Handler {
    Public(PublicFn),
    User(Requirement, UserFn),
}

/// The shapes of what a handler takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) body: Option<SchemaOf>,
    pub(crate) query: Option<SchemaOf>,
}

/// An argument of a handler that is taken from the request.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a request",
    note = "take a body declared by `request!`, a `Query` of one, the `Id` or the `RolePart`; a `Principal` comes second, on rows that \
            are mounted by `user`, `superuser` or `requires`"
)]
pub(crate) trait Input: Sized + Send {
    /// Takes it.
    fn take(call: &Call) -> Result<Self, Problem>;

    /// Adds its shape.
    fn describe(shapes: &mut Shapes);
}

/// A body.
impl<T: Decode + Send> Input for T {
    fn take(call: &Call) -> Result<Self, Problem> {
        call.body()
    }

    fn describe(shapes: &mut Shapes) {
        shapes.body = Some(T::schema);
    }
}

/// The query.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: Decode + Send> Input for Query<T> {
    fn take(call: &Call) -> Result<Self, Problem> {
        call.query().map(Self)
    }

    fn describe(shapes: &mut Shapes) {
        shapes.query = Some(T::schema);
    }
}

/// The `{id}` in the path.
pub(crate) struct Id(pub(crate) Uuid);

impl Input for Id {
    fn take(call: &Call) -> Result<Self, Problem> {
        call.id().map(Self)
    }

    fn describe(_: &mut Shapes) {}
}

/// The `{role}` in the path.
pub(crate) struct RolePart(pub(crate) RoleName);

impl Input for RolePart {
    fn take(call: &Call) -> Result<Self, Problem> {
        call.role().map(Self)
    }

    fn describe(_: &mut Shapes) {}
}

/// A function that answers everyone. `Args` are the types of its inputs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer a public row",
    note = "it must be an `async fn` of a `Call` and up to two inputs, without a `Principal`"
)]
pub(crate) trait AnswersEveryone<Args> {
    fn into_handler(self, shapes: &mut Shapes) -> PublicFn;
}

/// A function that answers users. `Args` are the types of its inputs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer a row for users",
    note = "it must be an `async fn` of a `Call`, a `Principal` and up to two inputs"
)]
pub(crate) trait AnswersUsers<Args> {
    fn into_handler(self, shapes: &mut Shapes) -> UserFn;
}

/// Implements a trait for functions of these inputs. They are taken in their order, inside the handler's future: its
/// deadline and its barrier hold for decoding as well.
macro_rules! functions {
    ($trait:ident -> $handler:ident, ($($principal:ident: $Principal:ty)?), [$($input:ident)*]) => {
        impl<F, Answered, $($input),*> $trait<($($input,)*)> for F
        where
            F: Fn(Call $(, $Principal)? $(, $input)*) -> Answered + Copy + Send + Sync + 'static,
            Answered: Future<Output = Result<Reply, Problem>> + Send + 'static,
            $($input: Input,)*
        {
            fn into_handler(self, _shapes: &mut Shapes) -> $handler {
                $($input::describe(_shapes);)*
                Arc::new(move |call: Call $(, $principal: Box<$Principal>)?| -> Answer {
                    functions!(@boxed self(call $(, $principal)?) [$($input)*])
                })
            }
        }
    };
    (@boxed $function:ident($call:ident) []) => {
        Box::pin($function($call))
    };
    (@boxed $function:ident($call:ident, $principal:ident) []) => {
        // Taken out of its box where it is used.
        Box::pin(async move { $function($call, *$principal).await })
    };
    (@boxed $function:ident($call:ident $(, $principal:ident)?) [$($input:ident)+]) => {
        Box::pin(async move {
            #[expect(non_snake_case, reason = "each input is named like its type")]
            let ($($input,)+) = ($($input::take(&$call)?,)+);
            $function($call $(, *$principal)? $(, $input)+).await
        })
    };
}

functions!(AnswersEveryone -> PublicFn, (), []);
functions!(AnswersEveryone -> PublicFn, (), [A]);
functions!(AnswersEveryone -> PublicFn, (), [A B]);
functions!(AnswersUsers -> UserFn, (principal: Principal), []);
functions!(AnswersUsers -> UserFn, (principal: Principal), [A]);
functions!(AnswersUsers -> UserFn, (principal: Principal), [A B]);

#[cfg(test)]
mod tests {
    use super::*;

    trait IsInput<Marker> {
        fn holds() -> bool {
            true
        }
    }

    impl<T> IsInput<()> for T {}
    impl<T: Input> IsInput<u8> for T {}

    /// Were a principal an input, a handler that takes one could be mounted on a row for everyone: this would be
    /// ambiguous and not compile.
    #[test]
    fn a_principal_is_not_taken_from_a_request() {
        assert!(<Principal as IsInput<_>>::holds());
    }
}
