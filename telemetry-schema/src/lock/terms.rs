//! The smallest parts of a line: names, texts, domains.
//!
//! It owns how they are written and read. It must never know in which line
//! they stand.

use std::fmt::Write as _;

use crate::domain::{Domain, Opening};

/// As many parts as a tuple may have here: more than any that may be allowed has,
/// and few enough to list every sequence that it can leave.
const MOST: usize = 8;

/// Writes the text in quotation marks, on one line, with nothing in it that
/// cannot be seen.
pub(super) fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if is_hidden(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Control characters, and those that reorder or hide what is around them: in
/// a review nobody would see them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The text between quotation marks, if `quoted` is one such text and nothing
/// behind it.
pub(crate) fn unquote(quoted: &str) -> Option<String> {
    let (text, rest) = text_at(quoted)?;
    rest.is_empty().then_some(text)
}

/// The text in quotation marks at the start, and what follows.
pub(super) fn text_at(source: &str) -> Option<(String, &str)> {
    let body = source.strip_prefix('"')?;
    let mut text = String::new();
    let mut rest = body;
    loop {
        // Whole stretches at a time: most texts have nothing to undo.
        let stop = rest.find(['"', '\\'])?;
        let (plain, after) = rest.split_at(stop);
        text.push_str(plain);
        if let Some(end) = after.strip_prefix('"') {
            return Some((text, end));
        }
        let mut chars = after.get(1..)?.chars();
        match chars.next()? {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            '0' => text.push('\0'),
            'u' => {
                let digits = chars.as_str().strip_prefix('{')?;
                let (digits, after) = digits.split_once('}')?;
                text.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
                rest = after;
                continue;
            }
            c @ ('"' | '\\' | '\'') => text.push(c),
            _ => return None,
        }
        rest = chars.as_str();
    }
}

/// The parts of `line` between separators, leaving alone those inside of
/// quotation marks and brackets.
pub(crate) fn split(line: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let source = rest?;
        let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
        for (index, byte) in source.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                // All separators are ASCII, so that the index is a boundary.
                _ if depth == 0 && char::from(byte) == separator => {
                    rest = source.get(index + 1..);
                    return source.get(..index);
                }
                _ => {}
            }
        }
        rest = None;
        Some(source)
    })
}

/// A name as it is if nothing in it can be taken for anything else, else in
/// quotation marks.
pub(super) fn name_into(out: &mut String, name: &str, also: &[u8]) {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || also.contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        out.push_str(name);
    } else {
        quote_into(out, name);
    }
}

/// The name at the start, and what follows.
pub(super) fn name_at<'a>(source: &'a str, also: &[u8]) -> Option<(String, &'a str)> {
    if source.starts_with('"') {
        return text_at(source);
    }
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || also.contains(&byte);
    let end = source.bytes().position(|byte| !plain(byte)).unwrap_or(source.len());
    let (name, rest) = source.split_at_checked(end)?;
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

/// A domain as the lock writes it: `"ssh" | "winrm"`, `0..=100 step 10`,
/// `optional pseudonym`.
pub fn domain_text(domain: &Domain) -> String {
    let mut out = String::new();
    domain_into(&mut out, domain);
    out
}

pub(super) fn domain_into(out: &mut String, domain: &Domain) {
    match domain {
        Domain::Nothing => out.push_str("nothing"),
        Domain::Bool => out.push_str("bool"),
        Domain::Texts(texts) if texts.is_empty() => out.push_str("none"),
        Domain::Texts(texts) => {
            for (index, text) in texts.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { " | " });
                quote_into(out, text);
            }
        }
        Domain::Integers { from, to, step } => {
            let _ = write!(out, "{from}..={to}");
            if *step != 1 {
                let _ = write!(out, " step {step}");
            }
        }
        Domain::Networks { v4, v6 } => {
            let part = |name: &str, bits: &Option<u8>| bits.map(|bits| format!("{name} = {bits}"));
            let parts: Vec<String> = part("v4", v4).into_iter().chain(part("v6", v6)).collect();
            let _ = write!(out, "network({})", parts.join(", "));
        }
        Domain::Optional(inner) => {
            out.push_str("optional ");
            domain_into(out, inner);
        }
        Domain::Tuple(parts) => {
            out.push('(');
            for (index, part) in parts.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                domain_into(out, part);
            }
            out.push(')');
        }
        Domain::Array { length, gaps, of } => {
            let _ = write!(out, "{}{length} of ", if *gaps { "up to " } else { "" });
            domain_into(out, of);
        }
        Domain::Fields => out.push_str("fields"),
        Domain::List(inner) => {
            out.push_str("list of ");
            domain_into(out, inner);
        }
        Domain::Map(keys, values) => {
            out.push_str("map of ");
            domain_into(out, keys);
            out.push_str(" to ");
            domain_into(out, values);
        }
        Domain::Open(opening) => out.push_str(opening.name()),
    }
}

/// The domain that is all of `source`, if it is one.
pub fn domain_from_text(source: &str) -> Option<Domain> {
    let (domain, rest) = domain_at(source, DEEPEST)?;
    rest.is_empty().then_some(domain)
}

/// How deep domains nest: far deeper than any type that a person writes, and
/// shallow enough for the smallest stack.
const DEEPEST: usize = 64;

fn domain_at(source: &str, depth: usize) -> Option<(Domain, &str)> {
    let depth = depth.checked_sub(1)?;
    let boxed = |rest| domain_at(rest, depth).map(|(inner, rest)| (Box::new(inner), rest));
    if source.starts_with('"') {
        return texts_at(source);
    }
    if let Some(rest) = source.strip_prefix('(') {
        return tuple_at(rest, depth);
    }
    if let Some(rest) = source.strip_prefix("optional ") {
        return boxed(rest).map(|(inner, rest)| (Domain::Optional(inner), rest));
    }
    if let Some(rest) = source.strip_prefix("list of ") {
        return boxed(rest).map(|(inner, rest)| (Domain::List(inner), rest));
    }
    if let Some(rest) = source.strip_prefix("map of ") {
        let (keys, rest) = boxed(rest)?;
        let (values, rest) = boxed(rest.strip_prefix(" to ")?)?;
        return Some((Domain::Map(keys, values), rest));
    }
    if let Some(rest) = source.strip_prefix("network(") {
        let (inside, rest) = rest.split_once(')')?;
        return networks(inside).map(|domain| (domain, rest));
    }
    let gaps = source.starts_with("up to ");
    if let Some((length, rest)) = source.strip_prefix("up to ").unwrap_or(source).split_once(" of ")
        && let Ok(length) = length.parse()
    {
        return boxed(rest).map(|(of, rest)| (Domain::Array { length, gaps, of }, rest));
    }
    if source.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return integers_at(source);
    }
    let end = source.bytes().position(|b| !b.is_ascii_lowercase()).unwrap_or(source.len());
    let (word, rest) = source.split_at_checked(end)?;
    let domain = match word {
        "nothing" => Domain::Nothing,
        "bool" => Domain::Bool,
        "none" => Domain::Texts(Vec::new()),
        "fields" => Domain::Fields,
        _ => Domain::Open(Opening::ALL.into_iter().find(|opening| opening.name() == word)?),
    };
    Some((domain, rest))
}

fn texts_at(source: &str) -> Option<(Domain, &str)> {
    let (first, mut rest) = text_at(source)?;
    let mut texts = vec![first];
    while let Some(more) = rest.strip_prefix(" | ") {
        let (text, after) = text_at(more)?;
        texts.push(text);
        rest = after;
    }
    Some((Domain::Texts(texts), rest))
}

fn tuple_at(mut rest: &str, depth: usize) -> Option<(Domain, &str)> {
    let mut parts = Vec::new();
    if let Some(rest) = rest.strip_prefix(')') {
        return Some((Domain::Tuple(parts), rest));
    }
    loop {
        let (part, after) = domain_at(rest, depth)?;
        if parts.len() == MOST {
            return None;
        }
        parts.push(part);
        match after.strip_prefix(", ") {
            Some(more) => rest = more,
            None => return Some((Domain::Tuple(parts), after.strip_prefix(')')?)),
        }
    }
}

fn networks(inside: &str) -> Option<Domain> {
    let (mut v4, mut v6) = (None, None);
    for part in inside.split(", ") {
        match part.split_once(" = ")? {
            ("v4", bits) => v4 = Some(bits.parse().ok().filter(|bits| *bits <= 32)?),
            ("v6", bits) => v6 = Some(bits.parse().ok().filter(|bits| *bits <= 128)?),
            _ => return None,
        }
    }
    Some(Domain::Networks { v4, v6 })
}

fn integers_at(source: &str) -> Option<(Domain, &str)> {
    let number = |source: &str| {
        let sign = usize::from(source.starts_with('-'));
        let digits = source.bytes().skip(sign).position(|b| !b.is_ascii_digit());
        digits.map_or(source.len(), |digits| digits + sign)
    };
    let (from, rest) = source.split_at_checked(number(source))?;
    let rest = rest.strip_prefix("..=")?;
    let (to, rest) = rest.split_at_checked(number(rest))?;
    let (step, rest) = match rest.strip_prefix(" step ") {
        Some(rest) => {
            let (step, rest) = rest.split_at_checked(number(rest))?;
            (step.parse().ok().filter(|step| *step != 0)?, rest)
        }
        None => (1, rest),
    };
    Some((Domain::Integers { from: from.parse().ok()?, to: to.parse().ok()?, step }, rest))
}
