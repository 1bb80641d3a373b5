//! Secrets by the name before them.
//!
//! It owns the names and what may stand between a name and its value. It must
//! never know how a value is written.

use super::engine::Pass;
use super::fields::Says;
use super::names::{ENDING, ENDINGS, Name, STARTS, Strength};
use super::rules::Rule;
use super::text::class::{
    ALNUM, BACKSLASH, BLANK, DASH, DIGIT, DOT, HIGH, LETTER, QUOTE, UNDERSCORE, UPPER,
};

/// The longest name that is looked at.
const NAME: usize = 64;

impl Pass<'_> {
    /// `name = value`, `name=value`, `name => value`, `name := value`.
    #[inline(never)]
    pub(super) fn equals(&mut self, at: usize) {
        let text = self.text;
        // Of `==` and `===` the last one counts, and `=~` asks.
        if matches!(text.byte(at + 1), b'=' | b'~') {
            return;
        }
        let value = at + 1 + usize::from(text.byte(at + 1) == b'>');
        let mut end = at;
        while end + 3 > at && matches!(text.before(end), b'=' | b':' | b'?' | b'+') {
            end -= 1;
        }
        let Some(last) = self.end_of_name(end) else { return };
        let says = self.says(last);
        // The query of a URL, whatever its names.
        let query = self.query_mark > 0 && last <= self.query_mark + NAME;
        if !says.any() && !query {
            return;
        }
        let name = self.name(last, last < end);
        if query {
            self.query(name, at);
        }
        self.named(name, says, at, value);
    }

    /// `name: value`. Most names before a colon say nothing, and are told by
    /// their last four letters.
    #[inline(always)]
    pub(super) fn colon(&mut self, at: usize) {
        let text = self.text;
        if let Some(&[a, b, c, d, _, next, after]) =
            at.checked_sub(4).and_then(|from| text.0.get(from..at + 3)?.first_chunk())
            && (next == b' ' || super::text::is(next, LETTER) && next != b'A')
            && [b, c, d].iter().all(|byte| super::text::is(*byte, LETTER))
        {
            super::text::steps(7);
            let says = Says::of([a, b, c, d]);
            if !says.any() || (says.only_quoted() && next == b' ' && super::text::is(after, ALNUM))
            {
                return;
            }
        }
        self.some_colon(at);
    }

    #[inline(never)]
    fn some_colon(&mut self, at: usize) {
        let text = self.text;
        // Not the first of `::` and of `:=`.
        if matches!(text.byte(at + 1), b':' | b'=') || text.before(at) == b':' {
            return;
        }
        if text.is(at + 1, DIGIT) {
            return self.host_and_port(at);
        }
        if text.starts(at + 1, b"//") {
            return self.url_host(at + 3);
        }
        if text.byte(at + 1) == b'/' {
            return self.host_and_path(at);
        }
        if text.starts(at + 1, b"AA") {
            self.bot_token(at);
        }
        let Some(last) = self.end_of_name(at) else { return };
        let says = self.says(last);
        // Most of what is said of a node or a server is a sentence.
        if says.only_quoted()
            && (!says.any() || !text.is(text.run(at + 1, BLANK, 32), QUOTE | BACKSLASH))
        {
            return;
        }
        let name = self.name(last, text.is_before(at, BLANK));
        self.named(name, says, at, at + 1);
    }

    fn named(&mut self, name: Name, says: Says, at: usize, value: usize) {
        if says.secret()
            && let Some(strength) = self.strength(name)
        {
            return self.secret(name, at, value, strength);
        }
        if says.identity() {
            match self.strength_of_entry(name) {
                Some(strength) => self.secret(name, at, value, strength),
                None => self.named_identity(name, at, value),
            }
        }
    }

    /// `name: DB_PASSWORD value: x`, as Kubernetes lists variables.
    fn strength_of_entry(&self, name: Name) -> Option<Strength> {
        let text = self.text;
        if !text.slice(name.start, name.end).eq_ignore_ascii_case(b"value") {
            return None;
        }
        let between = |byte| {
            byte <= b' ' || matches!(byte, b'"' | b'\'' | b',' | b'\\' | b':' | b'=' | b';' | b'-')
        };
        let end = text.back_while(name.start, between, 40);
        let start = text.back(end, ALNUM | UNDERSCORE | DASH | DOT, NAME);
        let key = text.back_while(start, between, 8);
        let named = key < start
            && (text.ends(key, b"name")
                || text.ends(key, b"key")
                || text.ends(key, b"Name")
                || text.ends(key, b"Key"));
        let strength = self.strength(Name::new(start, end))?;
        (named && end < name.start).then_some(strength)
    }

    fn secret(&mut self, name: Name, at: usize, value: usize, strength: Strength) {
        let text = self.text;
        if self.is_taken(value) || self.is_path_part(name, value) {
            return;
        }
        // `unexpected token : x` is a sentence of a parser.
        if name.spaced && text.byte(at) == b':' && strength == Strength::Likely {
            return;
        }
        match strength {
            Strength::Scheme => return self.credentials_of_header(value),
            Strength::Cookies => return self.cookies(value),
            _ => {}
        }
        let spaced = text.is(value, BLANK);
        if spaced && self.is_phrase(name) && self.phrase(value) {
            return;
        }
        self.value(Rule::NamedSecret, value, strength, spaced);
    }

    /// Whether a secret of this name has several words.
    fn is_phrase(&self, name: Name) -> bool {
        [&b"phrase"[..], b"mnemonic"].iter().any(|end| {
            let start = name.end.saturating_sub(end.len());
            self.text.starts_caseless(start, end)
        })
    }

    /// `correct horse battery staple`: four small words or more, and at most one
    /// that is also said of a secret.
    fn phrase(&mut self, value: usize) -> bool {
        let text = self.text;
        let start = text.run(value, BLANK, 4);
        let (mut end, mut count, mut said) = (start, 0, 0);
        while count < 32 {
            let last = text.run(end, LETTER, 16);
            said += usize::from(self.is_nothing(end, last));
            if last == end || text.any(end, last, UPPER) || said > 1 {
                break;
            }
            count += 1;
            end = last + usize::from(text.byte(last) == b' ');
        }
        end = text.back(end, BLANK, 1);
        let whole = matches!(text.byte(end), 0 | b'\n' | b'\r' | b'"' | b'\'' | b',' | b';');
        if count >= 4 && whole {
            self.taken = (start, end);
            self.found(Rule::NamedSecret, start, end);
        }
        count >= 4 && whole
    }

    fn credentials_of_header(&mut self, value: usize) {
        let text = self.text;
        let quote = text.run(value, BLANK, 32);
        let scheme = text.run(text.run(quote, BACKSLASH, 4), QUOTE, 1);
        let end = text.run(scheme, ALNUM | DASH, 24);
        let one_word =
            [&b"bearer"[..], b"basic", b"token", b"negotiate", b"apikey", b"key", b"ntlm"];
        let start = text.run(end, BLANK, 8);
        if super::address::is_one_of(text.slice(scheme, end), &one_word) && start > end {
            let start = text.run(text.run(start, BACKSLASH, 4), QUOTE, 1);
            let last = text.until(start, text.len(), |byte| {
                byte <= b' ' || matches!(byte, b'"' | b'\'' | b',' | b';' | b'\\')
            });
            self.taken = (start, last);
            return self.found(Rule::Authorization, start, last);
        }
        let digest = text.slice(scheme, end).eq_ignore_ascii_case(b"digest") && start > end;
        let start = if digest { start } else { scheme };
        let last = text.until(start, text.len(), |byte| {
            matches!(byte, b'\r' | b'\n') || (!digest && matches!(byte, b'"' | b'\'' | b'\\'))
        });
        // A sentence about authorization has no credentials.
        let mixed = digest || text.any(start, last, DIGIT | UPPER) || !text.any(start, last, BLANK);
        if mixed && !self.is_nothing(start, last) {
            self.taken = (start, last);
            self.found(Rule::Authorization, start, last);
        }
    }

    fn cookies(&mut self, value: usize) {
        let text = self.text;
        let start = text.run(text.run(value, BLANK, 32), BACKSLASH | QUOTE, 4);
        let name = text.run(start, ALNUM | UNDERSCORE | DASH | DOT, NAME);
        if name == start || text.byte(name) != b'=' {
            return;
        }
        let last = text
            .until(name, text.len(), |byte| matches!(byte, b'\r' | b'\n' | b'"' | b'\'' | b'\\'));
        self.taken = (start, last);
        self.found(Rule::Cookie, name + 1, last);
    }

    /// The end of the name before `end`, without quotes and brackets around it.
    fn end_of_name(&self, end: usize) -> Option<usize> {
        let text = self.text;
        let mut last = end;
        if !text.is_before(last, ALNUM | HIGH) {
            last = text.back(end, BLANK, 4);
            if text.before(last) == b']' && text.is(last.wrapping_sub(2), QUOTE) {
                last -= 1;
            }
            last = text.back(last, QUOTE | BACKSLASH, 8);
            if !text.is_before(last, ALNUM | HIGH) {
                return None;
            }
        }
        Some(last)
    }

    /// The name that ends at `end`.
    fn name(&self, end: usize, spaced: bool) -> Name {
        let start = self.text.back(end, ALNUM | UNDERSCORE | DASH | DOT | HIGH, NAME);
        Name { start, end, spaced }
    }

    /// In `/etc/secret: not found` the name is a file's. But `/password:x` is
    /// an option.
    fn is_path_part(&self, name: Name, value: usize) -> bool {
        let text = self.text;
        let slash = matches!(text.before(name.start), b'/' | b'\\');
        let option = text.is_before(name.start.wrapping_sub(1), BLANK | QUOTE) || name.start == 1;
        slash && (!option || text.is(value, BLANK))
    }

    /// What the end of a name says about its value.
    pub(super) fn strength(&self, name: Name) -> Option<Strength> {
        let text = self.text;
        let mut end = name.end;
        // `password2`
        while end > name.start && text.is_before(end, DIGIT) && end + 3 > name.end {
            end -= 1;
        }
        let begin = usize::from(text.before(end).to_ascii_lowercase());
        let range = usize::from(*STARTS.get(begin)?)..usize::from(*STARTS.get(begin + 1)?);
        let endings = ENDINGS.get(range).unwrap_or_default();
        if !endings.iter().any(|(ending, ..)| self.ends_alike(end, ending)) {
            return None;
        }
        let (mut letters, mut places) = ([0_u8; ENDING], [0_usize; ENDING]);
        let mut first = ENDING;
        let mut at = end;
        while at > name.start && first > 0 {
            at -= 1;
            let byte = text.byte(at);
            if !matches!(byte, b'_' | b'-' | b'.') {
                first -= 1;
                if let (Some(letter), Some(place)) = (letters.get_mut(first), places.get_mut(first))
                {
                    (*letter, *place) = (byte.to_ascii_lowercase(), at);
                }
            }
        }
        let tail = letters.get(first..).unwrap_or_default();
        // `PublicKeyToken=` says what it is.
        if tail.windows(6).any(|word| word == b"public") {
            return None;
        }
        super::text::steps(endings.len());
        let known = endings.iter().filter(|(ending, _, anywhere)| {
            let place = ENDING.checked_sub(ending.len()).and_then(|at| places.get(at));
            tail.ends_with(ending)
                && (*anywhere || place.is_some_and(|place| self.begins_word(*place, name)))
        });
        known.max_by_key(|(ending, ..)| ending.len()).map(|(_, strength, _)| *strength)
    }

    /// Whether the last bytes before `end` can be those of `ending`: cheap, and
    /// true wherever a separator stands among them.
    fn ends_alike(&self, end: usize, ending: &[u8]) -> bool {
        let text = self.text;
        for (back, byte) in (1..5).zip(ending.iter().rev()) {
            let here = text.byte(end.wrapping_sub(back));
            if matches!(here, b'_' | b'-' | b'.') {
                return true;
            }
            if here.to_ascii_lowercase() != *byte {
                return false;
            }
        }
        true
    }

    /// What a name can say by its last bytes.
    #[inline]
    fn says(&self, end: usize) -> Says {
        let text = self.text;
        // `password2`
        let end = if text.is_before(end, DIGIT) { text.back(end, DIGIT, 3) } else { end };
        let Some(&tail) = end.checked_sub(4).and_then(|at| text.0.get(at..end)?.first_chunk())
        else {
            return Says::ANYTHING;
        };
        super::text::steps(4);
        // A separator between two words of the name hides its end, and letters
        // beyond ASCII are rare.
        let parted = |byte: u8| super::text::is(byte, UNDERSCORE | DASH | DOT | HIGH);
        let [_, b, c, d] = tail;
        if parted(b) || parted(c) || parted(d) { Says::ANYTHING } else { Says::of(tail) }
    }

    /// Whether a word of a name begins at `at`: after `_`, or by a capital.
    fn begins_word(&self, at: usize, name: Name) -> bool {
        let text = self.text;
        let capital = text.is(at, UPPER) && !text.is_before(at, UPPER);
        at == name.start || !text.is_before(at, LETTER | HIGH) || capital
    }

    /// `Password { inner: "x" }`, `SecretString("x")`: a type that is written as
    /// a program writes its values. A name before it has found it already.
    pub(super) fn wrapper(&mut self, at: usize, end: usize) {
        let text = self.text;
        if self.glued_before(at) {
            return;
        }
        let name = text.run(end, LETTER, 24);
        let open = name + usize::from(text.byte(name) == b' ');
        let inside = match text.byte(open) {
            b'(' if open == name => open + 1,
            b'{' => {
                let field = text.run(open + 1, BLANK, 2);
                let colon = text.run(field, ALNUM | UNDERSCORE, 40);
                if text.byte(colon) != b':' {
                    return;
                }
                text.run(colon + 1, BLANK, 2)
            }
            _ => return,
        };
        if text.is(text.run(inside, BACKSLASH, 4), QUOTE) && !self.is_taken(open) {
            self.value(Rule::NamedSecret, open, Strength::Always, false);
        }
    }

    /// `AUTH hunter2`, alone in a line or in quotes.
    pub(super) fn auth(&mut self, at: usize, end: usize) {
        let text = self.text;
        let begins = at == 0
            || text.is_before(at, QUOTE)
            || matches!(text.before(at), b'>' | b'\n')
            || text.ends(at, b"> ")
            || text.ends(at, b": ");
        let value = text.run(end, QUOTE, 1);
        let last =
            text.until(value, value + 128, |byte| byte <= b' ' || super::text::is(byte, QUOTE));
        let ends = text.is(last, QUOTE) || matches!(text.byte(last), 0 | b'\r' | b'\n');
        let scheme = [&b"LOGIN"[..], b"PLAIN", b"CRAM-MD5", b"XOAUTH2", b"TLS", b"GSSAPI", b"NTLM"];
        if begins && ends && last > value && !scheme.contains(&text.slice(value, last)) {
            self.value(Rule::NamedSecret, value, Strength::Always, false);
        }
    }

    /// `.password("x")` of a builder.
    fn is_call(&mut self, at: usize, end: usize) -> bool {
        let (text, value) = (self.text, end + 1);
        let call = text.before(at) == b'.' && text.byte(end) == b'(' && text.is(value, QUOTE);
        if call && !self.is_taken(value) {
            self.value(Rule::NamedSecret, value, Strength::Always, false);
        }
        call
    }

    /// `password "x"`, `PASSWORD 'x'`, `password is x1`, `IDENTIFIED BY 'x'`.
    pub(super) fn secret_word(&mut self, at: usize, end: usize) {
        let text = self.text;
        if text.is_before(at, ALNUM) || text.is(end, ALNUM | UNDERSCORE) {
            return;
        }
        if self.is_call(at, end) {
            return;
        }
        let mut value = text.run(end, BLANK, 4);
        if value == end || self.is_taken(value) {
            return;
        }
        for verb in [&b"is "[..], b"was ", b"to ", b"set to ", b"of ", b"= ", b"-> ", b"is: "] {
            if text.starts_caseless(value, verb) {
                value = text.run(value + verb.len(), BLANK, 4);
                break;
            }
        }
        if text.is(value, QUOTE) {
            let close = text.byte(value);
            let last = text
                .until(value + 1, value + 128, |byte| byte == close || byte < b' ' || byte == b' ');
            if text.byte(last) == close {
                self.value(Rule::NamedSecret, value, Strength::Always, true);
            }
            return;
        }
        let last = text
            .until(value, value + 128, |byte| byte <= b' ' || matches!(byte, b'"' | b'\'' | b','));
        let mixed = text.any(value, last, DIGIT) && text.any(value, last, LETTER);
        if mixed && last >= value + 5 && !text.any(value, last, QUOTE) {
            self.value(Rule::NamedSecret, value, Strength::Always, true);
        }
    }
}
