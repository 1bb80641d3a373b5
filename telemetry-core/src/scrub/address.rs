//! Addresses of machines: IPv4, IPv6 and hardware addresses.
//!
//! It owns what tells an address from a version, a time and a module path. It
//! must never know names of hosts.

use std::net::Ipv6Addr;

use super::engine::Pass;
use super::rules::Rule;
use super::text::Words;
use super::text::class::{
    ALNUM, COLON, DASH, DIGIT, DOT, HEX, HIGH, HOST, LETTER, UNDERSCORE, UPPER,
};

/// Longer than any address with its garbage, and short.
const MOST: usize = 96;

/// Words before a number that make it a version.
static VERSIONS: Words = Words::new(&[
    b"version",
    b"versions",
    b"ver",
    b"v",
    b"release",
    b"build",
    b"rev",
    b"revision",
    b"firmware",
    b"driver",
    b"sdk",
    b"fileversion",
    b"productversion",
    b"assemblyversion",
    b"oid",
    b"kernel",
]);

/// Programs that a browser names with their version.
const AGENTS: [&[u8]; 10] = [
    b"chrome",
    b"chromium",
    b"headlesschrome",
    b"edg",
    b"edge",
    b"opr",
    b"safari",
    b"firefox",
    b"vivaldi",
    b"electron",
];

impl Pass<'_> {
    /// Three separators with numbers before them end at `at`.
    #[inline(never)]
    pub(super) fn quad(&mut self, at: usize) {
        if at < self.quads_until {
            return;
        }
        let text = self.text;
        let separator = text.byte(at);
        let of = DIGIT | if separator == b'.' { DOT } else { DASH };
        let mut start = text.back(at, of, MOST);
        let mut end = text.run(at, of, MOST);
        while end > at && text.before(end) == separator {
            end -= 1;
        }
        while start < at && text.byte(start) == separator {
            start += 1;
        }
        self.quads_until = end;
        if separator == b'.' { self.dotted(start, end) } else { self.dashed(start, end) }
    }

    fn dotted(&mut self, start: usize, end: usize) {
        let text = self.text;
        // A token beside the run stands for something that was part of it.
        let Some((octets, fifth)) = numbers(text.slice(start, end), b'.') else { return };
        let port = match fifth {
            None => false,
            Some(port) if octets[0] > 0 && is_port(port, octets) => true,
            Some(_) => return,
        };
        let kept = matches!(octets, [127, ..] | [255, 255, ..] | [0, 0, 0, 0]);
        let labels = text.ends(start, b"].") || text.starts(end, b".[");
        if !labels && !kept && (port || !self.is_version(octets, start, end)) {
            self.found(Rule::Ipv4, start, end);
            self.host_before_address(start);
        }
    }

    /// Java writes `web-7/10.0.0.7:50010`.
    fn host_before_address(&mut self, start: usize) {
        let text = self.text;
        if text.before(start) != b'/' {
            return;
        }
        let name = text.back(start - 1, HOST | DOT, 253);
        let begins = name == 0
            || text.byte(name - 1) <= b' '
            || matches!(text.byte(name - 1), b'(' | b'[' | b'"' | b'=' | b',');
        if name + 2 < start && begins && text.is(name, LETTER) {
            self.found(Rule::LogHost, name, start - 1);
        }
    }

    /// `ip-10-0-0-7`: part of a name that somebody's network gave out.
    fn dashed(&mut self, start: usize, end: usize) {
        let text = self.text;
        let Some((octets, None)) = numbers(text.slice(start, end), b'-') else { return };
        // Dates and counters have small numbers, and zeros before them.
        let address = octets.iter().any(|octet| *octet >= 32)
            && octets.first().is_some_and(|first| *first > 0);
        let zeros = text.byte(start) == b'0';
        let name = text.back(start, HOST, 64);
        if address && !zeros && !self.glued_before(name) && !text.is(end, UNDERSCORE | LETTER) {
            let end = text.run(end, ALNUM | DASH, 64);
            self.found(Rule::Ipv4, name, end);
        }
    }

    /// Whether what is at this place is written as an IPv4 address.
    pub(super) fn is_ipv4(&self, start: usize, end: usize) -> bool {
        matches!(numbers(self.text.slice(start, end), b'.'), Some((_, None)))
    }

    /// Whether something beside four numbers says that they are a version.
    fn is_version(&self, octets: [u8; 4], start: usize, end: usize) -> bool {
        let text = self.text;
        let private = matches!(octets, [10, ..] | [192, 168, ..] | [172, 16..=31, ..]);
        let after = text.byte(end);
        if matches!(after, b'-' | b'+' | b'_') && text.is(end + 1, LETTER) {
            return true;
        }
        match text.before(start) {
            b'~' => true,
            b'=' if text.ends(start, b"==")
                || text.ends(start, b"~=")
                || text.ends(start, b">=") =>
            {
                true
            }
            b'=' | b':' | b'"' | b'\'' | b' ' | b'\t' => self.is_version_word(start),
            b'/' => self.is_product(start, end, private),
            b'-' | b'_' => !private && text.is(start.wrapping_sub(2), ALNUM),
            _ => {
                let word = text.back(start, LETTER, 16);
                !self.glued_before(word) && VERSIONS.has(text.slice(word, start))
            }
        }
    }

    /// `Version=`, `version: "`, `Version `
    fn is_version_word(&self, start: usize) -> bool {
        let text = self.text;
        let mut end = start;
        while end + 6 > start
            && matches!(text.before(end), b'=' | b':' | b'"' | b'\'' | b' ' | b'\t' | b'\\')
        {
            end -= 1;
        }
        let word = text.back(end, LETTER, 24);
        let slice = text.slice(word, end);
        VERSIONS.has(slice) || (slice.len() > 7 && slice.to_ascii_lowercase().ends_with(b"version"))
    }

    /// `Chrome/120.0.0.0`; but Java writes `name/10.0.0.7:50010`.
    fn is_product(&self, start: usize, end: usize, private: bool) -> bool {
        let text = self.text;
        let word = text.back(start - 1, LETTER, 32);
        let name = text.slice(word, start - 1);
        if is_one_of(name, &AGENTS) {
            return true;
        }
        let capital = text.is(word, UPPER) && !self.glued_before(word);
        !private && capital && name.len() > 1 && text.byte(end) != b':' && text.ends(end, b".0")
    }

    /// Hexadecimal groups with colons between them, the last one at `at`.
    #[inline(never)]
    pub(super) fn groups(&mut self, at: usize) {
        if at < self.colons_until {
            return;
        }
        let text = self.text;
        if text.before(at) == b':' {
            if self.is_module_path(at) {
                return;
            }
        } else if !text.is(at + 1, DOT | HIGH) && text.byte(text.run(at + 1, HEX, 4)) != b':' {
            // Three numbers and a colon are a place in a file, or a time.
            return;
        }
        let start = text.back(at, HEX | COLON, MOST);
        let end = text.run(at, HEX | COLON | DOT, MOST);
        self.colons_until = end;
        let cut = text.is(end, HIGH) || text.ends(end, b"...");
        // An address has a digit or two groups in full length; `std::fs` has
        // neither.
        if !cut && end < start + 9 && !text.any(start, end, DIGIT) {
            return;
        }
        let many = text.count(start, end, COLON) >= 5;
        if (many || cut) && self.hardware(start, end) {
            return;
        }
        // Fewer numbers are a time.
        let double = || text.slice(start, end).windows(2).any(|pair| pair == b"::");
        if many || cut || double() {
            self.ipv6(start, end);
        }
    }

    /// `std::fs`: no group beside the two colons of which the second is at `at`,
    /// or one of one letter that other letters follow.
    fn is_module_path(&self, at: usize) -> bool {
        let text = self.text;
        let (left, right) = (at.wrapping_sub(2), at + 1);
        if !text.is(left, HEX) && !text.is(right, HEX) {
            return true;
        }
        let before = if text.is(left, HEX) { left.wrapping_sub(1) } else { left };
        let after = right + usize::from(text.is(right, HEX));
        !text.is(left, DIGIT)
            && !text.is(right, DIGIT)
            && !text.is(before, HEX | COLON)
            && !text.is(after, HEX | COLON | DOT | HIGH)
    }

    /// Six or more groups of two digits, as of Ethernet and InfiniBand, or the
    /// beginning of them.
    fn hardware(&mut self, start: usize, end: usize) -> bool {
        let text = self.text;
        let mut from = start;
        if self.glued_before(from) && !text.is(from, COLON) {
            // `en0:aa:bb:…`: the first group belongs to a name.
            from = text.run(from, HEX, 8) + 1;
        }
        let mut to = end;
        while to > from && text.is_before(to, COLON | DOT) {
            to -= 1;
        }
        let slice = text.slice(from, to);
        let short = slice.split(|byte| *byte == b':').all(|group| matches!(group.len(), 1 | 2));
        let two = short && slice.split(|byte| *byte == b':').all(|group| group.len() == 2);
        let groups = slice.iter().filter(|byte| **byte == b':').count() + 1;
        let letter = text.any(from, to, LETTER);
        let cut = text.starts(to, b":\xe2\x80\xa6") || text.starts(to, b":...");
        let whole = (two && groups >= 6)
            || (short && groups == 6 && letter)
            || (two && groups >= 3 && cut && letter);
        if !whole || self.glued_behind(to) || (from == start && self.glued_before(from)) {
            return false;
        }
        self.found(Rule::Mac, from, to);
        self.host_behind_hardware(to);
        true
    }

    /// A lease names the machine behind its address: `… (web-7) via eth0`.
    fn host_behind_hardware(&mut self, end: usize) {
        let text = self.text;
        let name = text.run(end + 2, HOST | DOT, 253);
        if text.starts(end, b" (") && text.byte(name) == b')' && text.is(end + 2, LETTER) {
            self.found(Rule::LogHost, end + 2, name);
        }
    }

    /// Separated by dashes (`at` is the third), or by dots (the second).
    #[inline(never)]
    pub(super) fn pairs(&mut self, at: usize) {
        let text = self.text;
        let separator = text.byte(at);
        let dashes = separator == b'-';
        let of = HEX | if dashes { DASH } else { DOT };
        let (start, end) = (text.back(at, of, MOST), text.run(at, of, MOST));
        let slice = text.slice(start, end);
        let (length, groups) = if dashes { (2, 6) } else { (4, 3) };
        let even = slice.split(|byte| *byte == separator).all(|group| group.len() == length);
        let count = slice.iter().filter(|byte| **byte == separator).count() + 1;
        let many = count == groups || (dashes && matches!(count, 8 | 12 | 20));
        // Numbers alone are a date or a count, more often than a vendor's.
        let letter = text.any(start, end, LETTER) || (dashes && text.starts(start, b"00-"));
        if even && many && letter && !self.glued_before(start) && !self.glued_behind(end) {
            self.found(Rule::Mac, start, end);
            self.host_behind_hardware(end);
        }
    }

    /// The longest valid address in a run of groups. What follows it is a port,
    /// a zone or punctuation; any other rest of the run is hidden with it.
    fn ipv6(&mut self, start: usize, end: usize) {
        let text = self.text;
        let glued = self.glued_before(start) && !text.is(start, COLON);
        let second = text.run(start, HEX, MOST) + 1;
        // In `en0:2607:…` the first group belongs to a name, unless the whole
        // run is an address.
        let whole = |from| self.longest_ipv6(from, end).is_some_and(|to| !text.is(to, HEX | COLON));
        let starts = if glued && !whole(start) { [second, start] } else { [start, second] };
        for from in starts {
            let Some(to) = self.longest_ipv6(from, end) else { continue };
            if self.is_of_any_machine(from, to) {
                return;
            }
            let (from, to) = self.with_brackets(from, self.tail(to));
            self.found(Rule::Ipv6, from, to);
            return;
        }
        self.cut_ipv6(start, end);
    }

    /// Loopback and unspecified.
    fn is_of_any_machine(&self, start: usize, end: usize) -> bool {
        let address = str::from_utf8(self.text.slice(start, end))
            .ok()
            .and_then(|text| text.parse::<Ipv6Addr>().ok());
        address.is_some_and(|address| address.is_loopback() || address.is_unspecified())
    }

    /// The end of what is glued to an address that ends at `to`: more groups,
    /// but no port and no word.
    fn tail(&self, to: usize) -> usize {
        let text = self.text;
        let port = text.run(to + 1, DIGIT, 6);
        if text.byte(to) != b':' || (port > to + 1 && !text.is(port, HEX)) {
            return to;
        }
        let mut rest = text.run(to, HEX | COLON, MOST);
        if self.glued_behind(rest) {
            rest = text.back(rest, HEX, 8);
        }
        while rest > to && text.is_before(rest, COLON) {
            rest -= 1;
        }
        rest
    }

    /// `2607:f140:400:…`: the beginning of an address.
    fn cut_ipv6(&mut self, start: usize, end: usize) {
        let text = self.text;
        let cut = text.before(end) == b':' && text.starts(end, b"\xe2\x80\xa6");
        let dots = text.ends(end, b":...");
        let start = if self.glued_before(start) { text.run(start, HEX, MOST) + 1 } else { start };
        let groups = text.count(start, end, COLON);
        if (cut || dots)
            && groups >= 2
            && text.any(start, end, LETTER)
            && text.any(start, end, DIGIT)
        {
            self.found(Rule::Ipv6, start, end - if dots { 4 } else { 1 });
        }
    }

    fn longest_ipv6(&self, start: usize, end: usize) -> Option<usize> {
        let text = self.text;
        // Six groups and an IPv4 address.
        let slice = text.slice(start, end.min(start + 46));
        super::text::steps(slice.len());
        let to = start + ipv6_prefix(slice)?;
        let address = text.slice(start, to);
        // `ab::cd` is a valid address, and a module path. Addresses have a digit
        // or groups in full length; a module path has no single colon, and
        // `base64::decode` has letters beside what looks like an address.
        let groups = || address.split(|byte| *byte == b':');
        let full = groups().filter(|group| group.len() == 4).count() >= 2;
        let double = memchr::memmem::find(address, b"::").unwrap_or(address.len());
        let single = address.get(..double).is_some_and(|head| head.contains(&b':'))
            || address.get(double + 2..).is_some_and(|tail| tail.contains(&b':'));
        let beside = self.glued_before(start) || self.glued_behind(to);
        ((full || text.any(start, to, DIGIT)) && (single || !beside)).then_some(to)
    }

    fn with_brackets(&self, start: usize, end: usize) -> (usize, usize) {
        let text = self.text;
        if text.before(start) == b'[' && text.byte(end) == b']' {
            (start - 1, end + 1)
        } else {
            (start, end)
        }
    }
}

/// As `netstat` writes a port behind a dot. Small numbers are also the fifth
/// number of a version, but its others are small then.
fn is_port(port: u32, octets: [u8; 4]) -> bool {
    const SMALL: [u32; 6] = [22, 25, 53, 80, 110, 143];
    port > 255 || (SMALL.contains(&port) && octets.iter().any(|octet| *octet >= 100))
}

/// The length of the longest beginning that is an IPv6 address and does not end
/// within a group.
fn ipv6_prefix(text: &[u8]) -> Option<usize> {
    let rest = |at: usize| text.get(at..).unwrap_or_default();
    let (mut at, mut groups, mut double, mut best) = (0, 0, false, None);
    if text.starts_with(b"::") {
        (at, double, best) = (2, true, Some(2));
    }
    loop {
        let run = rest(at);
        let length = run.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        // Two groups can be written as an IPv4 address, which ends all.
        if run.get(length) == Some(&b'.') && (if double { groups <= 5 } else { groups == 6 }) {
            let dotted = run.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
            let dotted = run.get(..dotted.count()).unwrap_or_default();
            if let Some(end) = ipv4_prefix(dotted) {
                return Some(at + end);
            }
        }
        if !(1..=4).contains(&length) {
            return best;
        }
        (at, groups) = (at + length, groups + 1);
        if if double { groups <= 7 } else { groups == 8 } {
            best = Some(at);
        }
        let next = rest(at);
        if groups == 8 || !next.starts_with(b":") || (double && next.starts_with(b"::")) {
            return best;
        }
        if next.starts_with(b"::") {
            (at, double) = (at + 2, true);
            best = if groups <= 7 { Some(at) } else { best };
        } else {
            at += 1;
        }
    }
}

/// The length of an IPv4 address at the beginning of digits and dots.
fn ipv4_prefix(text: &[u8]) -> Option<usize> {
    let mut ends = memchr::memchr_iter(b'.', text).skip(3);
    let end = ends.next().unwrap_or(text.len());
    let address = text.get(..end)?;
    matches!(numbers(address, b'.'), Some((_, None))).then_some(end)
}

/// Four numbers up to 255, and a fifth of any size.
fn numbers(slice: &[u8], separator: u8) -> Option<([u8; 4], Option<u32>)> {
    super::text::steps(slice.len());
    let (mut octets, mut count) = ([0; 4], 0);
    let (mut number, mut digits) = (0_u32, 0);
    for byte in slice.iter().chain([&separator]) {
        if byte.is_ascii_digit() {
            (number, digits) = (number.saturating_mul(10) + u32::from(byte - b'0'), digits + 1);
            // `0000001` is no part of an address.
            if digits > 5 {
                return None;
            }
            continue;
        }
        if *byte != separator || digits == 0 {
            return None;
        }
        match octets.get_mut(count) {
            Some(octet) if digits <= 3 => *octet = u8::try_from(number).ok()?,
            Some(_) => return None,
            None => {
                // Nothing but a port follows.
                return (slice.last() != Some(&separator)
                    && slice.iter().filter(|byte| **byte == separator).count() == 4)
                    .then_some((octets, Some(number)));
            }
        }
        (number, digits, count) = (0, 0, count + 1);
    }
    (count == 4).then_some((octets, None))
}

pub(super) fn is_one_of(word: &[u8], of: &[&[u8]]) -> bool {
    of.iter().any(|one| word.eq_ignore_ascii_case(one))
}
