//! Newline-delimited JSON: values are scrubbed, nothing else is touched.
//!
//! It owns finding the values of a line, at any depth, and writing changed
//! ones. It must never know a rule.
//!
//! A line is read as bytes and not into a tree, so that what is not scrubbed
//! stays as it was written: order, spaces, escapes, the form of numbers, keys
//! that are there twice.

use std::borrow::Cow;

/// Where a value of a line stands and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Text,
    /// A number, or a word such as `true`.
    Bare,
    Open(u8),
    Close,
    Colon,
    Comma,
}

/// Scrubs the values of one line. `scrub` is given the key that a value stands
/// under, or an empty one, where the value begins, and the value as text. The
/// answer is `None` when nothing changed.
pub(super) fn line<'l>(
    line: &'l str,
    keys: bool,
    mut scrub: impl for<'t> FnMut(&str, usize, &'t str) -> Cow<'t, str>,
) -> Result<Option<String>, NoJson> {
    let mut changed = Changed { line, written: None, copied: 0 };
    // Of each container that is open: whether it has keys. The key of an
    // array's values is that of the array.
    let mut open: Vec<(bool, Cow<'l, str>)> = Vec::new();
    let (mut key, mut expects_key) = (Cow::Borrowed(""), false);
    let mut at = 0;
    while let Some((token, start, end)) = next(line, at)? {
        at = end;
        let raw = line.get(start..end).unwrap_or_default();
        match token {
            Token::Open(bracket) => {
                expects_key = bracket == b'{';
                open.push((expects_key, std::mem::take(&mut key)));
                if !expects_key && let Some((_, of_array)) = open.last() {
                    key = of_array.clone();
                }
            }
            Token::Close => {
                open.pop().ok_or(NoJson)?;
                (key, expects_key) = (Cow::Borrowed(""), false);
            }
            Token::Comma => match open.last() {
                Some((true, _)) => (key, expects_key) = (Cow::Borrowed(""), true),
                Some((false, of_array)) => key = of_array.clone(),
                None => return Err(NoJson),
            },
            Token::Colon => expects_key = false,
            Token::Text if expects_key => {
                key = unescaped(raw)?;
                if keys {
                    let scrubbed = scrub("", start + 1, &key);
                    if scrubbed != key {
                        changed.put(start, end, &quoted(&scrubbed));
                    }
                }
            }
            Token::Text => {
                let text = unescaped(raw)?;
                let scrubbed = scrub(&key, start + 1, &text);
                if scrubbed != text {
                    changed.put(start, end, &quoted(&scrubbed));
                }
            }
            Token::Bare => {
                let scrubbed = scrub(&key, start, raw);
                if scrubbed != raw && !matches!(raw, "true" | "false" | "null") {
                    changed.put(start, end, &quoted(&scrubbed));
                }
            }
        }
    }
    if !open.is_empty() {
        return Err(NoJson);
    }
    Ok(changed.finish())
}

/// The line is not what it should be: it is scrubbed as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoJson;

/// The line with what was changed so far.
struct Changed<'l> {
    line: &'l str,
    written: Option<String>,
    copied: usize,
}

impl Changed<'_> {
    fn put(&mut self, start: usize, end: usize, value: &str) {
        let written = self.written.get_or_insert_with(|| String::with_capacity(self.line.len()));
        written.push_str(self.line.get(self.copied..start).unwrap_or_default());
        written.push_str(value);
        self.copied = end;
    }

    fn finish(self) -> Option<String> {
        let mut written = self.written?;
        written.push_str(self.line.get(self.copied..).unwrap_or_default());
        Some(written)
    }
}

/// The next token at or after `at`, with where it starts and ends.
fn next(line: &str, at: usize) -> Result<Option<(Token, usize, usize)>, NoJson> {
    let bytes = line.as_bytes();
    let rest = bytes.get(at..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let start = at + blank;
    let Some(first) = bytes.get(start) else { return Ok(None) };
    let token = match first {
        b'{' | b'[' => Token::Open(*first),
        b'}' | b']' => Token::Close,
        b':' => Token::Colon,
        b',' => Token::Comma,
        b'"' => return Ok(Some((Token::Text, start, end_of_text(bytes, start)?))),
        b'-' | b'0'..=b'9' | b'a'..=b'z' => {
            let rest = bytes.get(start..).unwrap_or_default();
            let bare =
                |byte: &&u8| matches!(byte, b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'E');
            return Ok(Some((Token::Bare, start, start + rest.iter().take_while(bare).count())));
        }
        _ => return Err(NoJson),
    };
    Ok(Some((token, start, start + 1)))
}

/// Behind the closing quote of the text that begins at `start`.
fn end_of_text(bytes: &[u8], start: usize) -> Result<usize, NoJson> {
    let mut at = start + 1;
    loop {
        let rest = bytes.get(at..).ok_or(NoJson)?;
        at += memchr::memchr2(b'"', b'\\', rest).ok_or(NoJson)?;
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            _ => at += 2,
        }
    }
}

/// The text in quotes, without them and with its escapes resolved.
fn unescaped(raw: &str) -> Result<Cow<'_, str>, NoJson> {
    let inside = raw.get(1..raw.len().saturating_sub(1)).ok_or(NoJson)?;
    if !inside.contains('\\') {
        return Ok(Cow::Borrowed(inside));
    }
    serde_json::from_str(raw).map(Cow::Owned).map_err(|_| NoJson)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shout(text: &str, keys: bool) -> Result<Option<String>, NoJson> {
        line(text, keys, |key, _, value| match (key, value) {
            ("password", _) => Cow::Owned("X".to_owned()),
            _ if value.contains("jane") => Cow::Owned(value.replace("jane", "[user]")),
            _ => Cow::Borrowed(value),
        })
    }

    #[test]
    fn values_of_every_kind_and_depth_are_seen_and_nothing_else_is_touched() {
        for (before, after) in [
            (r#"{ "a" : "jane", "b":1.50e3 }"#, r#"{ "a" : "[user]", "b":1.50e3 }"#),
            (
                r#"{"a":{"b":[["jane",{"c":"x jane"}]]},"a":"jane"}"#,
                r#"{"a":{"b":[["[user]",{"c":"x [user]"}]]},"a":"[user]"}"#,
            ),
            (r#"{"password":4711,"x":true}"#, r#"{"password":"X","x":true}"#),
            (r#"{"password":["a","b"],"x":["a"]}"#, r#"{"password":["X","X"],"x":["a"]}"#),
            (r#"["j\u0061ne","\u00fc"]"#, r#"["[user]","\u00fc"]"#),
            (r#""jane \"q\"""#, r#""[user] \"q\"""#),
        ] {
            assert_eq!(shout(before, false).unwrap().as_deref(), Some(after), "{before}");
        }
        assert_eq!(shout(r#"{"jane":"x","n":null,"e":[],"o":{}}"#, false), Ok(None));
        assert_eq!(shout(r#"{"jane":"x"}"#, true).unwrap().unwrap(), r#"{"[user]":"x"}"#);
    }

    #[test]
    fn what_is_no_json_is_said() {
        for text in ["jane says {", r#"{"a":"jane"#, r#"{"a":1}}"#, "[1", r#"{"a":"\q jane"}"#] {
            assert_eq!(shout(text, false), Err(NoJson), "{text}");
        }
    }
}
