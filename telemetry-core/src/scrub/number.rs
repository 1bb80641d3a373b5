//! Numbers of accounts, cards and telephones.
//!
//! It owns their lengths and check digits. It must never know what a name
//! beside a number says, beyond the words for a telephone.

use super::engine::Pass;
use super::rules::Rule;
use super::text::class::{ALNUM, BLANK, DASH, DIGIT, DOT, LETTER, UPPER};

/// How far before the digit that makes a number of several groups they are
/// looked at: more than any of them has there.
const BEFORE: usize = 32;
/// The most groups of digits that are looked at together.
const GROUPS: usize = 12;

/// Lengths of account numbers by country, from the registry of SWIFT.
const IBANS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 \
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 \
    LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 \
    RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

/// Groups of digits with one separator between each two.
#[derive(Clone, Copy, Default)]
struct Groups {
    /// Start and end of each.
    places: [(usize, usize); GROUPS],
    count: usize,
}

impl Groups {
    fn get(&self, at: usize) -> (usize, usize) {
        self.places.get(at).copied().unwrap_or_default()
    }

    fn length(&self, at: usize) -> usize {
        let (start, end) = self.get(at);
        end - start
    }
}

impl Pass<'_> {
    /// The groups before the digit at `at` can be those of a number that is
    /// looked for.
    #[inline(never)]
    pub(super) fn number(&mut self, at: usize) {
        if at < self.numbers_until {
            return;
        }
        let start = self.groups_start(at).max(self.numbers_until);
        let groups = self.groups_from(start);
        self.numbers_until = groups.get(groups.count.saturating_sub(1)).1.max(at);
        let digits: usize = (0..groups.count).map(|at| groups.length(at)).sum();
        if digits < 7 {
            return;
        }
        // A date, which begins most lines of logs.
        let date = groups.length(0) == 4 && groups.length(1) == 2 && groups.length(2) == 2;
        let mut first = if date { 3 } else { 0 };
        while first < groups.count {
            first += self.number_at(&groups, first).max(1);
        }
    }

    /// The start of the groups before `at`, with one separator between each two.
    fn groups_start(&self, at: usize) -> usize {
        let text = self.text;
        let mut start = at;
        while start + BEFORE > at {
            let separator = matches!(text.before(start), b' ' | b'-' | b'.');
            let between = separator && start > 1 && text.is(start - 2, DIGIT);
            if !between && !text.is_before(start, DIGIT) {
                return start;
            }
            start -= 1;
        }
        // The rest of a group tells nothing.
        text.run(text.run(start, DIGIT, BEFORE), BLANK | DASH | DOT, 1)
    }

    fn groups_from(&self, start: usize) -> Groups {
        let text = self.text;
        let mut groups = Groups::default();
        let mut at = start;
        for place in &mut groups.places {
            let end = text.run(at, DIGIT, 40);
            if end == at {
                break;
            }
            *place = (at, end);
            groups.count += 1;
            at = end + 1;
            if !matches!(text.byte(end), b' ' | b'-' | b'.') {
                break;
            }
        }
        groups
    }

    /// How many groups are a card, an SSN or a telephone, beginning with this
    /// one.
    fn number_at(&mut self, groups: &Groups, first: usize) -> usize {
        let length = groups.length(first);
        // A card, a number of two other groups, a country's prefix.
        if !matches!(length, 1 | 3..=6 | 13..) {
            return 0;
        }
        let text = self.text;
        let (start, _) = groups.get(first);
        if self.glued_before(start) || text.before(start) == b'.' {
            return 0;
        }
        if self.ssn(groups, first) {
            return 3;
        }
        if text.before(start) == b'/' {
            return 0;
        }
        if let Some(count) = self.card(groups, first) {
            return count;
        }
        self.american_phone(groups, first)
    }

    fn card(&mut self, groups: &Groups, first: usize) -> Option<usize> {
        let text = self.text;
        let start = groups.get(first).0;
        let separator = text.byte(groups.get(first).1);
        // The middle of a longer number.
        if first > 0 && groups.length(first - 1) >= 4 && text.before(start) == separator {
            return None;
        }
        let mut digits = 0;
        for count in 1..=(groups.count - first).min(5) {
            let end = groups.get(first + count - 1).1;
            if count > 1
                && (text.byte(groups.get(first + count - 2).1) != separator || separator == b'.')
            {
                return None;
            }
            digits += groups.length(first + count - 1);
            if digits > 19 {
                return None;
            }
            if digits < 13 {
                continue;
            }
            let shape = count == 1
                || (0..count - 1).all(|at| {
                    (4..=6).contains(&groups.length(first + at))
                        || groups.length(first + at) == 3 && at > 0
                });
            let number_behind = text.is(end + 1, DIGIT)
                && (text.byte(end) == b'.' || (count == 1 && text.byte(end) == b'-'));
            let whole = !number_behind && !self.glued_behind(end);
            if shape && whole && self.is_card(start, end, digits) {
                self.found(Rule::Card, start, end);
                return Some(count);
            }
        }
        None
    }

    /// Issuers by their first digits and lengths, and Luhn's check digit.
    fn is_card(&self, start: usize, end: usize, length: usize) -> bool {
        let mut digits = [0_u8; 19];
        let mut count = 0;
        super::text::steps(end - start);
        for byte in self.text.slice(start, end).iter().filter(|byte| byte.is_ascii_digit()) {
            if let Some(place) = digits.get_mut(count) {
                *place = byte - b'0';
            }
            count += 1;
        }
        let digits = digits.get(..count.min(19)).unwrap_or_default();
        let head = |places: usize| {
            digits.iter().take(places).fold(0_u32, |head, digit| head * 10 + u32::from(*digit))
        };
        let issued = match length {
            13 => head(1) == 4,
            14 => matches!(head(3), 300..=305 | 309) || matches!(head(2), 36 | 38 | 39),
            15 => matches!(head(2), 34 | 37) || matches!(head(4), 1800 | 2131 | 2014 | 2149),
            16 => {
                head(1) == 4
                    || matches!(head(2), 51..=55 | 65 | 60 | 62 | 81 | 35 | 50 | 56..=59 | 61 | 63..=64 | 66..=69 | 36 | 38 | 39 | 30)
                    || matches!(head(4), 2221..=2720 | 2200..=2204 | 9792)
            }
            17..=19 => {
                matches!(head(2), 62 | 50 | 56..=59 | 60..=61 | 63..=69)
                    || (head(1) == 4 && length == 19)
            }
            _ => false,
        };
        let zeros = digits.iter().all(|digit| Some(digit) == digits.first());
        issued && !zeros && luhn(digits)
    }

    /// Three, two and four digits, of an area that was given out.
    fn ssn(&mut self, groups: &Groups, first: usize) -> bool {
        let text = self.text;
        if first + 3 > groups.count {
            return false;
        }
        let shape = [3, 2, 4];
        let lengths =
            shape.iter().enumerate().all(|(at, length)| groups.length(first + at) == *length);
        let (start, area) = groups.get(first);
        let (second, third) = (groups.get(first + 1), groups.get(first + 2));
        let separator = text.byte(area);
        let even = text.byte(second.1) == separator;
        // Numbers with blanks or dots between them are often something else.
        let alone = separator == b'-' || (first == 0 && groups.count == 3);
        let area = text.slice(start, area);
        let given = area != b"000" && area != b"666" && area.first() != Some(&b'9');
        let zeros =
            text.slice(second.0, second.1) == b"00" || text.slice(third.0, third.1) == b"0000";
        let glued =
            self.glued_behind(third.1) || text.byte(third.1) == b'-' && text.is(third.1 + 1, ALNUM);
        if !(lengths && even && alone && given)
            || zeros
            || glued
            || text.is_before(start, DASH | DOT)
        {
            return false;
        }
        self.found(Rule::Ssn, start, third.1);
        true
    }

    /// `212-555-0147`, `1-212-555-0147`, `(212) 555-0147`.
    fn american_phone(&mut self, groups: &Groups, first: usize) -> usize {
        let text = self.text;
        let one = usize::from(groups.length(first) == 1 && text.byte(groups.get(first).0) == b'1');
        let area = first + one;
        if area + 3 > groups.count
            || groups.length(area) != 3
            || groups.length(area + 1) != 3
            || groups.length(area + 2) != 4
        {
            let count = self.bracketed_phone(groups, first);
            return if count > 0 { count } else { self.foreign_phone(groups, first) };
        }
        let begins = |at: usize| matches!(text.byte(groups.get(at).0), b'2'..=b'9');
        let (separator, second) =
            (text.byte(groups.get(area).1), text.byte(groups.get(area + 1).1));
        let start = groups.get(first).0;
        let end = groups.get(area + 2).1;
        let alone = separator == b'-' || (first == 0 && area + 3 == groups.count);
        let dotted = text.byte(end) == b'.' && text.is(end + 1, DIGIT);
        if !begins(area)
            || !begins(area + 1)
            || separator != second
            || !alone
            || self.glued_behind(end)
            || dotted
        {
            return 0;
        }
        self.found(Rule::Phone, start, end);
        3 + one
    }

    /// `0049 30 901820`
    fn foreign_phone(&mut self, groups: &Groups, first: usize) -> usize {
        let text = self.text;
        let (start, _) = groups.get(first);
        let count = groups.count - first;
        let end = groups.get(groups.count - 1).1;
        let digits = text.count(start, end, DIGIT);
        let dialled = first == 0 && text.starts(start, b"00") && text.byte(start + 2) != b'0';
        let blanks =
            text.slice(start, end).iter().all(|byte| byte.is_ascii_digit() || *byte == b' ');
        if !dialled
            || !blanks
            || !(3..=6).contains(&count)
            || !(10..=15).contains(&digits)
            || !(4..=5).contains(&groups.length(first))
        {
            return 0;
        }
        self.found(Rule::Phone, start, end);
        count
    }

    /// `SSN 078051120`, `SSN: 078-05-1120`
    pub(super) fn ssn_word(&mut self, end: usize) {
        let text = self.text;
        let start = text.until(end, end + 20, |byte| byte.is_ascii_digit() || byte == b'\n');
        let last = text.run(start, DIGIT | DASH | BLANK, 11);
        let mut last = last;
        while last > start && !text.is_before(last, DIGIT) {
            last -= 1;
        }
        let nine = text.count(start, last, DIGIT) == 9;
        if nine && !self.glued_before(start) && !self.glued_behind(last) {
            self.found(Rule::Ssn, start, last);
        }
    }

    fn bracketed_phone(&mut self, groups: &Groups, first: usize) -> usize {
        let text = self.text;
        let start = groups.get(first).0;
        if first + 2 > groups.count || groups.length(first) != 3 || groups.length(first + 1) != 4 {
            return 0;
        }
        let close = text.back(start, BLANK, 1);
        let open = close.wrapping_sub(5);
        let bracketed = text.before(close) == b')'
            && text.byte(open) == b'('
            && text.digits(open + 1, open + 4);
        let last = groups.get(first + 1).1;
        if !bracketed || self.glued_behind(last) {
            return 0;
        }
        let one = if text.ends(open, b"+1 ") {
            3
        } else if text.ends(open, b"1 ") {
            2
        } else {
            0
        };
        self.found(Rule::Phone, open - one, last);
        2
    }

    /// `+44 20 7946 0958`, `+1 (212) 555-0147`.
    #[inline(never)]
    pub(super) fn plus(&mut self, at: usize) {
        let text = self.text;
        if self.glued_before(at)
            || !matches!(text.byte(at + 1), b'1'..=b'9')
            || matches!(text.before(at), b'+' | b'=' | b')') && text.before(at) != b'='
        {
            return;
        }
        let (end, digits) = self.dialled(at + 1);
        if (8..=15).contains(&digits) && !self.glued_behind(end) {
            self.found(Rule::Phone, at, end);
        }
    }

    /// The end of digits as they are written to be dialled, and their number.
    fn dialled(&self, start: usize) -> (usize, usize) {
        let text = self.text;
        let (mut at, mut end, mut digits, mut open) = (start, start, 0, text.before(start) == b'(');
        while digits < 17 && at < start + 32 {
            let byte = text.byte(at);
            match byte {
                b'0'..=b'9' => {
                    digits += 1;
                    end = at + 1;
                }
                b' ' | b'-' | b'.' | b'/'
                    if text.is(at + 1, DIGIT) || text.byte(at + 1) == b'(' => {}
                b'(' if text.is(at + 1, DIGIT) => open = true,
                b')' if open && digits > 0 => open = false,
                _ => break,
            }
            at += 1;
        }
        (end, digits)
    }

    /// A number behind a word for a telephone.
    pub(super) fn phone_word(&mut self, end: usize) {
        let text = self.text;
        let mut start = text.until(end, end + 20, |byte| {
            byte.is_ascii_digit() || matches!(byte, b'+' | b'(' | b'\n')
        });
        if text.byte(start) == b'(' && !text.is(start + 1, DIGIT) {
            start = text.until(start + 1, end + 20, |byte| byte.is_ascii_digit() || byte == b'\n');
        }
        // Between the word and the number stand few words.
        let between = text.count(end, start, LETTER);
        if !text.is(start, DIGIT) && text.byte(start) != b'('
            || between > 12
            || self.glued_before(start)
        {
            return;
        }
        let (last, digits) = self.dialled(start);
        if (7..=15).contains(&digits) && !self.glued_behind(last) {
            self.found(Rule::Phone, start, last);
        }
    }

    /// An account number: `at` is the second digit of it.
    #[inline(never)]
    pub(super) fn account(&mut self, at: usize) {
        let text = self.text;
        let start = at - 3;
        if self.glued_before(start) {
            return;
        }
        if !text.all(start, start + 2, LETTER) {
            return;
        }
        let Some(length) = iban_length(text.slice(start, start + 2)) else { return };
        let (mut end, mut taken) = (start, 0);
        while taken < length {
            if text.is(end, ALNUM) {
                taken += 1;
            } else if !(matches!(text.byte(end), b' ' | b'-')
                && text.is(end + 1, ALNUM)
                && taken >= 4)
            {
                return;
            }
            end += 1;
        }
        let mut characters = [0_u8; 34];
        super::text::steps(end - start);
        for (place, byte) in characters
            .iter_mut()
            .zip(text.slice(start, end).iter().filter(|byte| byte.is_ascii_alphanumeric()))
        {
            *place = byte.to_ascii_uppercase();
        }
        let spaced = end - start > length;
        let upper = !spaced || text.count(start, end, UPPER) == text.count(start, end, LETTER);
        if upper
            && !self.glued_behind(end)
            && mod_97(characters.get(..length).unwrap_or_default()) == 1
        {
            self.found(Rule::Iban, start, end);
        }
    }
}

/// The lengths by the two letters of the country, or zero.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const LENGTHS: [u8; 26 * 26] = {
    let mut lengths = [0; 26 * 26];
    let entries = IBANS.as_bytes();
    let mut at = 0;
    while at + 4 <= entries.len() {
        let country = (entries[at] - b'A') as usize * 26 + (entries[at + 1] - b'A') as usize;
        lengths[country] = (entries[at + 2] - b'0') * 10 + entries[at + 3] - b'0';
        at += 5;
    }
    lengths
};

fn iban_length(country: &[u8]) -> Option<usize> {
    let &[first, second] = country else { return None };
    let letter = |byte: u8| usize::from(byte.to_ascii_uppercase().wrapping_sub(b'A'));
    let length = *LENGTHS.get(letter(first) * 26 + letter(second))?;
    (length > 0).then_some(usize::from(length))
}

/// The first four characters moved to the end, letters as 10 to 35.
fn mod_97(iban: &[u8]) -> u32 {
    let (head, tail) = iban.split_at(iban.len().min(4));
    tail.iter().chain(head).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.wrapping_sub(b'A')) + 10) % 97,
    })
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(digit, double)| match u32::from(*digit) {
            digit if double && digit > 4 => digit * 2 - 9,
            digit if double => digit * 2,
            digit => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}
