//! Types and paths as the source writes them.
//!
//! It owns where spaces stand. It must never know what a type is for.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A type or path as one line, spaced as `rustfmt` would.
pub(crate) fn type_text(tokens: TokenStream) -> String {
    let mut text = String::new();
    write_tokens(tokens, &mut text);
    text
}

fn write_tokens(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => write_word(&ident.to_string(), text),
            TokenTree::Literal(literal) => write_word(&literal.to_string(), text),
            TokenTree::Punct(punct) => write_punct(&punct, text),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                if !open.is_empty() && ends_apart(text) {
                    text.push(' ');
                }
                text.push_str(open);
                write_tokens(group.stream(), text);
                text.push_str(close);
            }
        }
    }
}

/// Whether `text` ends with a word that stands apart from a bracket after it: a
/// lifetime or a keyword, and not a path.
fn ends_apart(text: &str) -> bool {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '\'';
    let word = text.rsplit(|letter| !in_word(letter)).next().unwrap_or_default();
    word.starts_with('\'') || matches!(word, "mut" | "const" | "dyn")
}

fn write_word(word: &str, text: &mut String) {
    let glued = text.ends_with(|last: char| !last.is_alphanumeric() && last != '_');
    if !text.is_empty() && !glued {
        text.push(' ');
    }
    text.push_str(word);
}

fn write_punct(punct: &proc_macro2::Punct, text: &mut String) {
    let letter = punct.as_char();
    match letter {
        ',' | ';' => {
            text.push(letter);
            text.push(' ');
        }
        '+' | '=' => {
            text.push(' ');
            text.push(letter);
            text.push(' ');
        }
        '-' if punct.spacing() == Spacing::Joint => text.push_str(" -"),
        '>' if text.ends_with(" -") => text.push_str("> "),
        '\'' => write_word("'", text),
        _ => text.push(letter),
    }
}

/// Whether one of the `names` stands among the tokens.
pub(crate) fn mentions(names: &BTreeSet<String>, ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => names.contains(&ident.to_string()),
        TokenTree::Group(group) => mentions(names, group.stream()),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_rustfmt_would() {
        for text in [
            "Option<&'a str>",
            "&'a mut [std::collections::HashMap<String, Vec<u8>>; 4]",
            "&'a [u8]",
            "Box<dyn Fn(&str) -> u8 + 'static>",
            "fn(u8, (i8, i8)) -> u8",
            "<T as Iterator>::Item",
            "Foo<{ N + 1 }>",
            "*const u8",
        ] {
            let tokens: TokenStream = text.parse().expect("tokens");
            let expected = text.replace("{ ", "{").replace(" }", "}");
            assert_eq!(type_text(tokens), expected);
        }
    }
}
