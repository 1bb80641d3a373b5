//! What the schema must know of a field's type.
//!
//! It owns the question of the derive to a type under a policy. It must never
//! report that a type does not fit: the function that applies the policy does,
//! and one mistake is to be reported once.

use std::marker::PhantomData;

use super::allow::allow_schema;
use super::{
    Addressable, Countable, Describable, Digestible, FileNamed, Hashable, Numeric, TelemetryValue,
    Textual,
};
use crate::leaf::kind::{Address, FileName, Identifier, Number, Parts, Text, Unlisted};
use crate::leaf::{HasLeaves, Map, Private};
use crate::schema::{Domain, Opening, Policy, Shape};

/// A type, asked for its constants: `Of::<T>::TEXT`.
///
/// Each constant is there when `T` has the bound of the policy; if not,
/// [`IfUnknown`] has one of the same name, so that it always compiles.
#[doc(hidden)]
#[derive(Debug)]
pub struct Of<T: ?Sized>(PhantomData<T>);

impl<T: TelemetryValue + ?Sized> Of<T> {
    pub const VALUE: Domain = T::DOMAIN;
    /// What the schema says of `allow`.
    pub const ALLOWED: Policy = allow_schema(T::DOMAIN);
}

impl<T: Textual + ?Sized> Of<T> {
    pub const TEXT: Shape = <T as HasLeaves<Text>>::SHAPE;
}

impl<T: Hashable + ?Sized> Of<T> {
    pub const HASHED: Shape = <T as HasLeaves<Identifier>>::SHAPE;
}

impl<T: Digestible + ?Sized> Of<T> {
    pub const DIGESTED: Shape = <T as HasLeaves<Unlisted>>::SHAPE;
}

impl<T: Describable + ?Sized> Of<T> {
    pub const PARTS: Shape = <T as HasLeaves<Parts>>::SHAPE;
}

impl<T: FileNamed + ?Sized> Of<T> {
    pub const FILE: Shape = <T as HasLeaves<FileName>>::SHAPE;
}

impl<T: Numeric + ?Sized> Of<T> {
    pub const NUMBER: Shape = <T as HasLeaves<Number>>::SHAPE;
}

impl<T: Addressable + ?Sized> Of<T> {
    pub const ADDRESS: Shape = <T as HasLeaves<Address>>::SHAPE;
}

impl<T: Countable + ?Sized> Of<T> {
    pub const COUNTABLE: Shape = T::SHAPE;
}

/// Types that are private, alone or in what only holds them.
macro_rules! private {
    ($($Type:ty),*) => {$(
        impl<T> Of<$Type> {
            pub const PRIVATE: bool = true;
        }
    )*};
}
private!(
    Private<T>,
    &Private<T>,
    Box<Private<T>>,
    Option<Private<T>>,
    &Option<Private<T>>,
    Vec<Private<T>>,
    &[Private<T>]
);

/// The same of the keys and of the values of a map.
macro_rules! of_maps {
    ($($Part:ident: $ALLOWED:ident $HASHED:ident $DIGESTED:ident $PARTS:ident $TEXT:ident $FILE:ident $NUMBER:ident $ADDRESS:ident $COUNTABLE:ident;)*) => {$(
        impl<T: Map<$Part: TelemetryValue> + ?Sized> Of<T> {
            pub const $ALLOWED: Policy = allow_schema(<T::$Part as TelemetryValue>::DOMAIN);
        }

        impl<T: Map<$Part: Hashable> + ?Sized> Of<T> {
            pub const $HASHED: Shape = <T::$Part as HasLeaves<Identifier>>::SHAPE;
        }

        impl<T: Map<$Part: Digestible> + ?Sized> Of<T> {
            pub const $DIGESTED: Shape = <T::$Part as HasLeaves<Unlisted>>::SHAPE;
        }

        impl<T: Map<$Part: Describable> + ?Sized> Of<T> {
            pub const $PARTS: Shape = <T::$Part as HasLeaves<Parts>>::SHAPE;
        }

        impl<T: Map<$Part: Textual> + ?Sized> Of<T> {
            pub const $TEXT: Shape = <T::$Part as HasLeaves<Text>>::SHAPE;
        }

        impl<T: Map<$Part: FileNamed> + ?Sized> Of<T> {
            pub const $FILE: Shape = <T::$Part as HasLeaves<FileName>>::SHAPE;
        }

        impl<T: Map<$Part: Numeric> + ?Sized> Of<T> {
            pub const $NUMBER: Shape = <T::$Part as HasLeaves<Number>>::SHAPE;
        }

        impl<T: Map<$Part: Addressable> + ?Sized> Of<T> {
            pub const $ADDRESS: Shape = <T::$Part as HasLeaves<Address>>::SHAPE;
        }

        impl<T: Map<$Part: Countable> + ?Sized> Of<T> {
            pub const $COUNTABLE: Shape = <T::$Part as Countable>::SHAPE;
        }
    )*};
}
of_maps! {
    Key: KEY_ALLOWED KEY_HASHED KEY_DIGESTED KEY_PARTS KEY_TEXT KEY_FILE KEY_NUMBER KEY_ADDRESS KEY_COUNTABLE;
    Value: MAPPED_ALLOWED MAPPED_HASHED MAPPED_DIGESTED MAPPED_PARTS MAPPED_TEXT MAPPED_FILE MAPPED_NUMBER MAPPED_ADDRESS MAPPED_COUNTABLE;
}

/// What is said of a type that a policy does not take.
#[doc(hidden)]
pub trait IfUnknown {
    const PRIVATE: bool = false;
    const VALUE: Domain = Domain::Open(Opening::Vouched);
    const ALLOWED: Policy = allow_schema(Self::VALUE);
    const KEY_ALLOWED: Policy = allow_schema(Self::VALUE);
    const MAPPED_ALLOWED: Policy = allow_schema(Self::VALUE);
    const HASHED: Shape = Shape::ONE;
    const KEY_HASHED: Shape = Shape::ONE;
    const MAPPED_HASHED: Shape = Shape::ONE;
    const DIGESTED: Shape = Shape::ONE;
    const KEY_DIGESTED: Shape = Shape::ONE;
    const MAPPED_DIGESTED: Shape = Shape::ONE;
    const PARTS: Shape = Shape::ONE;
    const KEY_PARTS: Shape = Shape::ONE;
    const MAPPED_PARTS: Shape = Shape::ONE;
    const TEXT: Shape = Shape::ONE;
    const KEY_TEXT: Shape = Shape::ONE;
    const MAPPED_TEXT: Shape = Shape::ONE;
    const FILE: Shape = Shape::ONE;
    const KEY_FILE: Shape = Shape::ONE;
    const MAPPED_FILE: Shape = Shape::ONE;
    const NUMBER: Shape = Shape::ONE;
    const KEY_NUMBER: Shape = Shape::ONE;
    const MAPPED_NUMBER: Shape = Shape::ONE;
    const ADDRESS: Shape = Shape::ONE;
    const KEY_ADDRESS: Shape = Shape::ONE;
    const MAPPED_ADDRESS: Shape = Shape::ONE;
    const COUNTABLE: Shape = Shape::ONE;
    const KEY_COUNTABLE: Shape = Shape::ONE;
    const MAPPED_COUNTABLE: Shape = Shape::ONE;
    const NESTED: Policy = Policy::nested(Shape::ONE, &[]);
    const KEY_NESTED: Policy = Self::NESTED;
    const MAPPED_NESTED: Policy = Self::NESTED;
}
impl<T: ?Sized> IfUnknown for Of<T> {}
