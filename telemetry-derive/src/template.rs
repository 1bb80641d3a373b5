//! Texts with values in them, as `format!` writes them.
//!
//! It owns the cut of such a text into literal pieces and names. It must never
//! know a policy.

use proc_macro2::Span;
use syn::LitStr;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(String),
    /// The name or the number of a value.
    Value(String),
}

impl Piece {
    /// What stands in the program: the text, or the value's name.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Literal(word) | Self::Value(word) => word,
        }
    }
}

/// The pieces of `text`, in order. How a value is to be formatted is its
/// policy's business: with `formats` it is passed over, else refused.
pub(crate) fn pieces(text: &LitStr, formats: bool) -> syn::Result<Vec<Piece>> {
    let value = text.value();
    let error = |message: &str| Err(syn::Error::new(text.span(), message));
    let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), value.as_str());
    while let Some(at) = rest.find(['{', '}']) {
        let (before, behind) = rest.split_at(at);
        literal.push_str(before);
        if let Some(doubled) = behind.strip_prefix("{{").or_else(|| behind.strip_prefix("}}")) {
            literal.push_str(behind.get(..1).unwrap_or_default());
            rest = doubled;
            continue;
        }
        let Some((inside, behind)) = behind.strip_prefix('{').and_then(|all| all.split_once('}'))
        else {
            return error("a `{` without a `}`, or the other way round; a brace is written `{{`");
        };
        let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
        let name = name.trim();
        if name.is_empty() {
            return error("each value has a name, `{path}`, so that a policy can be given to it");
        }
        if !format.is_empty() && !formats {
            return error("how a value is written is its policy's business: `{name}` alone");
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(Piece::Value(name.to_owned()));
        rest = behind;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

/// A name in a text as an identifier at the text's place.
pub(crate) fn ident(name: &str, span: Span) -> syn::Result<proc_macro2::Ident> {
    syn::parse_str::<proc_macro2::Ident>(name)
        .map(|mut ident| {
            ident.set_span(span);
            ident
        })
        .map_err(|_| syn::Error::new(span, format!("`{name}` is no name of a value")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_as_the_standard_macros_cut_them() {
        let cut = |text: &str, formats| pieces(&LitStr::new(text, Span::call_site()), formats);
        let (literal, value) = (
            |text: &str| Piece::Literal(text.to_owned()),
            |name: &str| Piece::Value(name.to_owned()),
        );
        assert_eq!(
            cut("a {{b}} {c}{d}: ", false).unwrap(),
            [literal("a {b} "), value("c"), value("d"), literal(": ")]
        );
        assert_eq!(cut("{0:?}", true).unwrap(), [value("0")]);
        assert_eq!(cut("", false).unwrap(), []);
        for wrong in ["{}", "{a", "a}", "{:?}"] {
            assert!(cut(wrong, true).is_err(), "{wrong}");
        }
        assert!(cut("{a:?}", false).is_err());
    }
}
