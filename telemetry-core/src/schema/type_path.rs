//! Where a type is declared.
//!
//! It owns the reading of the compiler's name for a type. It must never know what
//! the path is for.

use std::hash::{Hash, Hasher};

/// Where a type is declared.
///
/// ```
/// use telemetry_core::pseudonym::TypePath;
///
/// let run = TypePath::new("program::events::Run");
/// assert_ne!(run, TypePath::new("program::tests::Run"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TypePath {
    path: &'static str,
    /// What the compiler calls it, or a type `__Beside` that is declared beside it.
    name: fn() -> &'static str,
}

impl TypePath {
    /// The type with this path, such as `program::events::Run`.
    pub const fn new(path: &'static str) -> Self {
        Self::named(path, || "")
    }

    /// The same for a type that may be declared inside a function.
    #[doc(hidden)]
    pub const fn named(path: &'static str, name: fn() -> &'static str) -> Self {
        Self { path, name }
    }

    /// The path, without the functions around the type.
    pub(crate) fn path(self) -> &'static str {
        self.path
    }

    /// The functions that the type is declared in; empty for a type of a module.
    ///
    /// A module's path is all that the compiler tells a macro, so that they are
    /// read from the name: `module::function::Type`, or, beside a type with
    /// parameters, `module::function::_::CONSTANT::__Beside`, where `_` is what
    /// the derive writes. Another compiler may write it otherwise. Then nothing
    /// is found here, and the keys of a type that a module has stay as they are.
    pub(crate) fn around(self) -> &'static str {
        let name = (self.name)();
        let module = self.path.rsplit_once("::").map_or("", |(module, _)| module);
        let inside = match name.strip_prefix(module).and_then(|rest| rest.strip_prefix("::")) {
            Some(inside) => inside,
            // In a method of a trait: `<Type as Trait>::method::_::...`.
            None if name.starts_with('<') => name,
            None => return "",
        };
        let end = if name.ends_with("::__Beside") { "::_::" } else { "::" };
        inside.rsplit_once(end).map_or("", |(functions, _)| functions)
    }
}

impl PartialEq for TypePath {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.around() == other.around()
    }
}

impl Eq for TypePath {}

impl Hash for TypePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.path.hash(state);
    }
}
