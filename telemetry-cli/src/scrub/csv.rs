//! Comma-separated values: fields are scrubbed, the table is not touched.
//!
//! It owns finding the fields of a record and writing changed ones. It must
//! never know a rule.

use std::borrow::Cow;

/// The end of the record that `text` begins with, behind its line feed. A line
/// feed in quotes belongs to the field.
pub(super) fn end_of_record(text: &[u8]) -> Option<usize> {
    let (mut at, mut quoted) = (0, false);
    while let Some(rest) = text.get(at..) {
        let next = memchr::memchr2(b'"', b'\n', rest)?;
        at += next + 1;
        match rest.get(next) {
            Some(b'"') => quoted = !quoted,
            _ if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// The fields of a record, each with where it stands.
pub(super) fn fields(record: &str, delimiter: char) -> Vec<std::ops::Range<usize>> {
    let (mut fields, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, letter) in record.char_indices() {
        if letter == '"' {
            quoted = !quoted;
        } else if letter == delimiter && !quoted {
            fields.push(start..at);
            start = at + letter.len_utf8();
        }
    }
    fields.push(start..record.len());
    fields
}

/// What a field says, without its quotes.
pub(super) fn unquoted(field: &str) -> Cow<'_, str> {
    match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
        Some(inside) if inside.contains("\"\"") => Cow::Owned(inside.replace("\"\"", "\"")),
        Some(inside) => Cow::Borrowed(inside),
        None => Cow::Borrowed(field),
    }
}

/// Scrubs the fields of one record, without its line feed. `scrub` is given
/// the name of the column, where the field begins, and the field. `None` when nothing changed.
pub(super) fn record(
    record: &str,
    delimiter: char,
    columns: &[String],
    mut scrub: impl for<'t> FnMut(&str, usize, &'t str) -> Cow<'t, str>,
) -> Option<String> {
    let (mut written, mut copied) = (None::<String>, 0);
    for (place, range) in fields(record, delimiter).into_iter().enumerate() {
        let raw = record.get(range.clone()).unwrap_or_default();
        let field = unquoted(raw);
        let begins = range.start + usize::from(raw.starts_with('"'));
        let scrubbed = scrub(columns.get(place).map_or("", String::as_str), begins, &field);
        if scrubbed == field {
            continue;
        }
        let written = written.get_or_insert_with(|| String::with_capacity(record.len()));
        written.push_str(record.get(copied..range.start).unwrap_or_default());
        let quotes = raw.starts_with('"') || scrubbed.contains([delimiter, '"', '\n', '\r']);
        if quotes {
            written.push('"');
            written.push_str(&scrubbed.replace('"', "\"\""));
            written.push('"');
        } else {
            written.push_str(&scrubbed);
        }
        copied = range.end;
    }
    let mut written = written?;
    written.push_str(record.get(copied..).unwrap_or_default());
    Some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_scrubbed_and_the_table_stays() {
        let columns = ["name".to_owned(), "password".to_owned()];
        let scrub = |text: &str| {
            record(text, ',', &columns, |column, _, field| match column {
                "password" => Cow::Owned("a,b".to_owned()),
                _ if field.contains("jane") => Cow::Owned(field.replace("jane", "[user]")),
                _ => Cow::Borrowed(field),
            })
        };
        for (before, after) in [
            ("jane,x,1", r#"[user],"a,b",1"#),
            (r#""jane ""x""",,"#, r#""[user] ""x""","a,b","#),
            ("\"a,\njane\"", "\"a,\n[user]\""),
        ] {
            assert_eq!(scrub(before).as_deref(), Some(after), "{before}");
        }
        assert_eq!(record("a;jane", ';', &[], |_, _, field| Cow::Borrowed(field)), None);
    }

    #[test]
    fn a_record_ends_at_a_line_feed_outside_quotes() {
        assert_eq!(end_of_record(b"a,b\nc"), Some(4));
        assert_eq!(end_of_record(b"a,\"b\nc\"\"\n\"\r\nd"), Some(12));
        assert_eq!(end_of_record(b"a,\"b\n"), None);
    }
}
