//! A place in a line of JSON.
//!
//! It owns the grammar of JSON as far as a check needs it: it moves over a
//! value and says where it was, without making anything of it. It must never
//! know what a value means.

/// The line is no JSON from this place on.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotJson;

/// A string as it stands between its quotation marks.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawString<'l> {
    pub(super) raw: &'l [u8],
    pub(super) escaped: bool,
}

impl RawString<'_> {
    /// The string itself, where it holds an escape.
    pub(super) fn unescaped(self) -> Option<String> {
        let mut quoted = Vec::with_capacity(self.raw.len() + 2);
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        serde_json::from_slice(&quoted).ok()
    }
}

/// The kinds of values, by their first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonType {
    Object,
    Array,
    Text,
    Number,
    Bool,
    Null,
}

impl JsonType {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}

/// Values within values: a line that nests deeper was not written by us, and
/// would end the stack.
const DEEPEST: u32 = 64;

#[derive(Clone, Debug)]
pub(super) struct Cursor<'l> {
    line: &'l [u8],
    at: usize,
}

type Parsed<T> = Result<T, NotJson>;

impl<'l> Cursor<'l> {
    pub(super) fn new(line: &'l [u8]) -> Self {
        Self { line, at: 0 }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    #[inline]
    fn spaces(&mut self) {
        while let Some(b' ' | b'\t' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// Moves over `expected`, and the spaces before it, if it stands here.
    #[inline]
    pub(super) fn take(&mut self, expected: u8) -> bool {
        // Our own lines have no spaces: look for them only when needed.
        if self.byte() == Some(expected) {
            self.at += 1;
            return true;
        }
        self.spaces();
        let there = self.byte() == Some(expected);
        self.at += usize::from(there);
        there
    }

    #[inline]
    pub(super) fn must(&mut self, expected: u8) -> Parsed<()> {
        if self.take(expected) { Ok(()) } else { Err(NotJson) }
    }

    /// Whether nothing but spaces follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.spaces();
        self.at == self.line.len()
    }

    /// The kind of the value that stands here.
    #[inline]
    pub(super) fn shape(&mut self) -> Parsed<JsonType> {
        self.spaces();
        match self.byte() {
            Some(b'"') => Ok(JsonType::Text),
            Some(b'-' | b'0'..=b'9') => Ok(JsonType::Number),
            Some(b'{') => Ok(JsonType::Object),
            Some(b'[') => Ok(JsonType::Array),
            Some(b't' | b'f') => Ok(JsonType::Bool),
            Some(b'n') => Ok(JsonType::Null),
            _ => Err(NotJson),
        }
    }

    /// Moves over a string.
    #[inline]
    pub(super) fn text(&mut self) -> Parsed<RawString<'l>> {
        self.must(b'"')?;
        let rest = self.line.get(self.at..).ok_or(NotJson)?;
        let mut escaped = false;
        let mut index = plain(rest);
        loop {
            match rest.get(index) {
                Some(b'"') => break,
                Some(b'\\') => {
                    let behind = rest.get(index + 1..).unwrap_or_default();
                    index += escape(behind)?;
                    escaped = true;
                }
                // The line's end, or a control character.
                _ => return Err(NotJson),
            }
            index += plain(rest.get(index..).unwrap_or_default());
        }
        self.at += index + 1;
        Ok(RawString { raw: rest.get(..index).unwrap_or_default(), escaped })
    }

    /// Moves over a number, which is an integer if it has neither a point nor
    /// an exponent.
    #[inline]
    pub(super) fn number(&mut self) -> Parsed<(&'l [u8], bool)> {
        self.spaces();
        let rest = self.line.get(self.at..).ok_or(NotJson)?;
        let digits = |from: usize| -> usize {
            let rest = rest.get(from..).unwrap_or_default();
            rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
        };
        let sign = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(sign);
        let leading_zero = whole > 1 && rest.get(sign) == Some(&b'0');
        if whole == 0 || leading_zero {
            return Err(NotJson);
        }
        let mut end = sign + whole;
        let mut integer = true;
        if rest.get(end) == Some(&b'.') {
            let places = digits(end + 1);
            if places == 0 {
                return Err(NotJson);
            }
            (end, integer) = (end + 1 + places, false);
        }
        if let Some(b'e' | b'E') = rest.get(end) {
            let sign = usize::from(matches!(rest.get(end + 1), Some(b'+' | b'-')));
            let places = digits(end + 1 + sign);
            if places == 0 {
                return Err(NotJson);
            }
            (end, integer) = (end + 1 + sign + places, false);
        }
        self.at += end;
        Ok((rest.get(..end).unwrap_or_default(), integer))
    }

    /// Moves over `true` or `false`.
    pub(super) fn bool(&mut self) -> Parsed<bool> {
        self.spaces();
        if self.word(b"true") {
            Ok(true)
        } else if self.word(b"false") {
            Ok(false)
        } else {
            Err(NotJson)
        }
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let there = self.line.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += if there { word.len() } else { 0 };
        there
    }

    /// Moves over any value.
    pub(super) fn skip(&mut self) -> Parsed<()> {
        self.skip_within(DEEPEST)
    }

    fn skip_within(&mut self, depth: u32) -> Parsed<()> {
        let depth = depth.checked_sub(1).ok_or(NotJson)?;
        match self.shape()? {
            JsonType::Text => self.text().map(drop),
            JsonType::Number => self.number().map(drop),
            JsonType::Bool => self.bool().map(drop),
            JsonType::Null if self.word(b"null") => Ok(()),
            JsonType::Null => Err(NotJson),
            JsonType::Array => self.each(b'[', b']', |cursor| cursor.skip_within(depth)),
            JsonType::Object => self.each(b'{', b'}', |cursor| {
                cursor.text()?;
                cursor.must(b':')?;
                cursor.skip_within(depth)
            }),
        }
    }

    /// Moves over an array or object; `element` moves over one element.
    #[inline]
    pub(super) fn each(
        &mut self,
        open: u8,
        close: u8,
        mut element: impl FnMut(&mut Self) -> Parsed<()>,
    ) -> Parsed<()> {
        self.must(open)?;
        if self.take(close) {
            return Ok(());
        }
        loop {
            element(self)?;
            if self.take(b',') {
                continue;
            }
            return self.must(close);
        }
    }
}

/// How many bytes stand before the next that ends a string, begins an escape
/// or may not stand in one. Eight at a time: most bytes of a line are such.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = 0;
    while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        let word = u64::from_le_bytes(eight);
        // Of a byte that is nothing, taking away one sets the top bit that it
        // did not have; a borrow reaches only the bytes behind.
        let nothing = |word: u64| word.wrapping_sub(ONES) & !word;
        let quote = nothing(word ^ (ONES * u64::from(b'"')));
        let backslash = nothing(word ^ (ONES * u64::from(b'\\')));
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let found = (quote | backslash | control) & TOPS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    at + end.unwrap_or(rest.len())
}

/// How long the escape is whose backslash stands before `rest`.
fn escape(rest: &[u8]) -> Parsed<usize> {
    match rest.first() {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') if rest.get(1..5).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => {
            Ok(6)
        }
        _ => Err(NotJson),
    }
}
