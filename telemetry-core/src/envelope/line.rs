//! A stored line in parts, as delivery sees it.

use serde::de::IgnoredAny;

use super::{
    CONTAINER, COUNTS, EVENT, FIELDS, GENERATION, ID, INSTALLATION, Malformed, PERIOD, PURPOSE,
    TIME, VERSION,
};

/// A stored line as delivery sees it: the values that stand around the fields,
/// borrowed, and the fields as they are written. Nothing is allocated, and no
/// tree is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line<'l> {
    pub(crate) id: &'l str,
    pub(crate) time: &'l str,
    pub(crate) event: &'l str,
    pub(crate) version: u64,
    pub(crate) purpose: &'l str,
    /// Absent counts as the first, as in [`parse`].
    pub(crate) generation: u64,
    pub(crate) installation: Option<&'l str>,
    pub(crate) container: bool,
    /// The JSON object with the fields; of a line of counts, an empty one.
    pub(crate) fields: &'l str,
    /// Of a line of counts, the period and the JSON list of the counts.
    pub(crate) counts: Option<(&'l str, &'l str)>,
    /// All of it, without the line feed.
    pub(crate) raw: &'l str,
}

impl<'l> Line<'l> {
    /// Reads a line in exactly the form in which [`write`] writes it: the same
    /// keys in the same order, without spaces, without escapes outside of the
    /// fields, and nothing after them. Whatever else lies in a segment was not
    /// written by this library.
    pub(crate) fn read(line: &'l [u8]) -> Result<Self, Malformed> {
        let raw = std::str::from_utf8(line).map_err(|_| Malformed::NotUtf8)?;
        Self::parts(raw).ok_or(Malformed::NotAnEvent)
    }

    fn parts(raw: &'l str) -> Option<Self> {
        let mut rest = raw.strip_prefix('{')?;
        let id = text(&mut rest, ID)?;
        let time = text(&mut rest, TIME)?;
        let event = text(&mut rest, EVENT)?;
        let version = number(&mut rest, VERSION)?;
        let purpose = text(&mut rest, PURPOSE)?;
        let generation = match after_key(rest, GENERATION) {
            Some(_) => number(&mut rest, GENERATION)?,
            None => 0,
        };
        let installation = match after_key(rest, INSTALLATION) {
            Some(_) => Some(text(&mut rest, INSTALLATION)?),
            None => None,
        };
        let container = match after_key(rest, CONTAINER) {
            Some(value) => {
                rest = value.strip_prefix("true,")?;
                true
            }
            None => false,
        };
        let (fields, counts) = match after_key(rest, PERIOD) {
            Some(_) => {
                let period = text(&mut rest, PERIOD)?;
                let counts = after_key(rest, COUNTS)?.strip_suffix('}')?;
                ("{}", Some((period, counts)))
            }
            None => (after_key(rest, FIELDS)?.strip_suffix('}')?, None),
        };
        let whole = match counts {
            Some((_, counts)) => counts.starts_with('[') && is_json(counts),
            None => fields.starts_with('{') && is_json(fields),
        };
        whole.then_some(Self {
            id,
            time,
            event,
            version,
            purpose,
            generation,
            installation,
            container,
            fields,
            counts,
            raw,
        })
    }
}

/// What follows `"key":` at the front of `rest`.
fn after_key<'l>(rest: &'l str, key: &str) -> Option<&'l str> {
    rest.strip_prefix('"')?.strip_prefix(key)?.strip_prefix("\":")
}

/// The text under `key`, and `rest` moved behind its comma.
fn text<'l>(rest: &mut &'l str, key: &str) -> Option<&'l str> {
    let value = after_key(rest, key)?.strip_prefix('"')?;
    let (text, after) = value.split_once('"')?;
    *rest = after.strip_prefix(',')?;
    // What needs an escape is in no name, time or id.
    (!text.bytes().any(|byte| byte == b'\\' || byte < b' ')).then_some(text)
}

/// The number under `key`, and `rest` moved behind its comma.
fn number(rest: &mut &str, key: &str) -> Option<u64> {
    let (digits, after) = after_key(rest, key)?.split_once(',')?;
    *rest = after;
    // `parse` takes a sign, JSON does not.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Whether `text` is one JSON value, looked at without keeping any of it.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::super::parse;
    use super::*;

    fn line(fields: &str) -> String {
        format!(
            r#"{{"id":"a-1","time":"2026-01-01T00:00:00.000Z","event":"e","version":2,"purpose":"service","generation":7,"installation":"i","fields":{fields}}}"#
        )
    }

    #[test]
    fn a_line_is_read_as_parse_reads_it() {
        let container = line("{}").replace("\"fields\"", "\"container\":true,\"fields\"");
        for raw in [line("{}"), line(r#"{"a":{"b":[1,"}\"]"]}}"#), container] {
            let (read, parsed) =
                (Line::read(raw.as_bytes()).unwrap(), parse(raw.as_bytes()).unwrap());
            assert_eq!((read.id, read.event), (parsed.id.as_str(), parsed.event.as_str()));
            assert_eq!((read.version, read.container), (parsed.version, parsed.container));
            assert_eq!(read.generation, parsed.generation);
            let fields: Map<String, Value> = serde_json::from_str(read.fields).unwrap();
            assert_eq!(fields, parsed.fields, "{raw}");
        }
    }

    #[test]
    fn what_write_does_not_write_is_not_read() {
        let good = line("{}");
        for bad in [
            good.replace("\"id\":", "\"id\": "),
            good.replace("\"fields\":{}", "\"fields\":{},\"password\":1"),
            good.replace("\"fields\":{}", "\"password\":1,\"fields\":{}"),
            good.replace("\"a-1\"", "\"a\\u002d1\""),
            good.replace("{}}", "{}"),
            good.replace("{}", "[]"),
            good.replace("{}", "{}{}"),
            good.replace("{}", "{\"a\":}"),
            good.replace("\"version\":2", "\"version\":-2"),
            String::from("{\"password\":\"hunter2\"}"),
        ] {
            assert_eq!(Line::read(bad.as_bytes()), Err(Malformed::NotAnEvent), "{bad}");
        }
        assert_eq!(Line::read(b"\xff"), Err(Malformed::NotUtf8));
    }
}
