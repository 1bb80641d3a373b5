//! What a policy was given.
//!
//! It owns parameters and where an attribute writes each. It must never know
//! which policy has which.

use std::fmt::{self, Display, Formatter};

use super::domain::Numbers;

/// One parameter of a policy.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name, such as `bounds` or `because`.
    pub name: &'static str,
    /// What it was given.
    pub value: ParameterValue,
    /// Where an attribute writes it.
    pub written: Written,
}

/// What a parameter was given.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParameterValue {
    /// Nothing: that it stands there says it.
    Flag,
    /// A whole number.
    Number(i128),
    /// Numbers.
    Numbers(Numbers),
    /// A text.
    Text(&'static str),
    /// Texts.
    Texts(&'static [&'static str]),
    /// A path in the source.
    Path(&'static str),
}

impl Display for ParameterValue {
    /// Writes the value as an attribute does; of a flag nothing.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => Ok(()),
            Self::Number(number) => write!(f, "{number}"),
            Self::Numbers(Numbers::Int(numbers)) => separated(f, numbers),
            Self::Numbers(Numbers::Float(numbers)) => separated(f, numbers),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(texts) => {
                for (index, text) in texts.iter().enumerate() {
                    write!(f, "{}{text:?}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Path(path) => f.write_str(path),
        }
    }
}

fn separated<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
    }
    Ok(())
}

/// Where an attribute writes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Written {
    /// In parentheses, the value alone: `bucket(10, 100)`.
    Inside,
    /// In parentheses, by name: `truncate_ip(v4 = 16)`.
    InsideNamed,
    /// Beside the policy: `hash, domain = "user"`.
    Beside,
    /// As what the policy is set to: `with = path::to::function`.
    Assigned,
}

/// The parameters of a policy, in the order in which an attribute writes them.
///
/// They are held in place, so that a `const fn` can make them; it is a slice.
#[derive(Clone, Copy, PartialEq)]
pub struct Parameters {
    items: [Parameter; Self::MOST],
    length: usize,
}

impl Parameters {
    /// As many as the policy with the most has.
    const MOST: usize = 3;

    /// None.
    pub const NONE: Self = Self {
        items: [Parameter { name: "", value: ParameterValue::Flag, written: Written::Inside };
            Self::MOST],
        length: 0,
    };

    #[expect(clippy::indexing_slicing, reason = "a policy with more does not compile")]
    pub(super) const fn and(mut self, parameter: Parameter) -> Self {
        self.items[self.length] = parameter;
        self.length += 1;
        self
    }
}

impl std::ops::Deref for Parameters {
    type Target = [Parameter];

    fn deref(&self) -> &[Parameter] {
        self.items.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
