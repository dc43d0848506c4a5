//! Delegation of a trait's methods to another value, for the trusting kernels of FVM 2 and 3
//! (FVM 4 brings its own macros).

/// `forward!(Type, inner_expression_of_self; Trait { ref name(arg: Type) -> Ret; mut name(...) -> Ret; })`.
/// `ref` methods take `&self`, `mut` methods `&mut self`; the inner value comes from
/// the inherent methods `inner(&self)` and `inner_mut(&mut self)`.
macro_rules! forward {
    ($type:ty: $trait:path { $($kind:tt $name:ident($($arg:ident: $arg_type:ty),*) -> $ret:ty;)* }) => {
        impl $trait for $type {
            $(crate::fvm::forward::forward!(@ $kind $name($($arg: $arg_type),*) -> $ret);)*
        }
    };
    (@ ref $name:ident($($arg:ident: $arg_type:ty),*) -> $ret:ty) => {
        fn $name(&self, $($arg: $arg_type),*) -> $ret {
            self.inner().$name($($arg),*)
        }
    };
    (@ mut $name:ident($($arg:ident: $arg_type:ty),*) -> $ret:ty) => {
        fn $name(&mut self, $($arg: $arg_type),*) -> $ret {
            self.inner_mut().$name($($arg),*)
        }
    };
}

pub(crate) use forward;
