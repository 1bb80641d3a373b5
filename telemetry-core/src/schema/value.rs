//! One value that can leave, as listing a domain makes it.
//!
//! It owns the form of such a value. It must never know an event's own values.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// One value of a domain. It serialises to what a field's value does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Item {
    /// Nothing: the field is left out.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A text.
    Text(Cow<'static, str>),
    /// A list, without elements that are absent.
    List(Vec<Self>),
    /// Fields with their names, without those that are absent.
    Map(Vec<(&'static str, Self)>),
}

impl From<&'static str> for Item {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
                (Ok(integer), _) => serializer.serialize_i64(integer),
                (_, Ok(integer)) => serializer.serialize_u64(integer),
                _ => serializer.serialize_i128(*integer),
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, item) in fields {
                    map.serialize_entry(name, item)?;
                }
                map.end()
            }
        }
    }
}
