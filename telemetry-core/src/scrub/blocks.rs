//! Where anything could be found at all.
//!
//! It owns the masks of 64 bytes at a time, in which a bit is a byte, and the
//! shapes that are told from masks alone. It must never know what a rule is
//! about beyond its shape.
//!
//! Most bytes of most texts begin nothing. What could begin something is told
//! from bits: "a digit, a dot, and two dots more not far before" is three
//! shifts and three ands for 64 bytes at once, whatever the text holds.

use wide::u8x16;

pub(super) const BLOCK: usize = 64;

/// Which bytes of a block belong to which class.
#[derive(Clone, Copy, Default)]
struct Classes {
    letter: u64,
    digit: u64,
    /// Letters, digits, underscores and every byte beyond ASCII.
    word: u64,
    dot: u64,
    colon: u64,
    dash: u64,
    space: u64,
    /// `@`, `=`, `%`, `<`, `~`, `+`, `\`.
    rare: u64,
}

impl Classes {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut all = Self::default();
        let (quarters, _) = block.as_chunks::<16>();
        for (quarter, shift) in quarters.iter().zip([0, 16, 32, 48]) {
            all.add(u8x16::from(*quarter), shift);
        }
        all
    }

    #[inline(always)]
    fn add(&mut self, bytes: u8x16, shift: u32) {
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let bits = |mask: u8x16| u64::from(mask.to_bitmask()) << shift;
        let lower = bytes | u8x16::splat(0x20);
        let letter = bits((lower - u8x16::splat(b'a')).simd_lt(u8x16::splat(26)));
        let digit = bits((bytes - u8x16::splat(b'0')).simd_lt(u8x16::splat(10)));
        let rare =
            (is(b'@') | is(b'=') | is(b'%')) | (is(b'<') | is(b'~')) | (is(b'+') | is(b'\\'));
        self.letter |= letter;
        self.digit |= digit;
        self.word |= letter | digit | bits(bytes) | bits(is(b'_'));
        self.dot |= bits(is(b'.'));
        self.colon |= bits(is(b':'));
        self.dash |= bits(is(b'-'));
        self.space |= bits(is(b' '));
        self.rare |= bits(rare);
    }
}

/// The last and the current value of a mask.
#[derive(Clone, Copy, Default)]
struct Pair {
    last: u64,
    now: u64,
}

impl Pair {
    /// The mask moved on: bit n is byte n - `by`.
    #[inline(always)]
    fn back(self, by: u32) -> u64 {
        (self.now << by) | (self.last >> (64 - by))
    }

    #[inline(always)]
    fn push(&mut self, now: u64) {
        *self = Self { last: self.now, now };
    }

    #[inline(always)]
    fn within_4(self) -> u64 {
        self.back(2) | self.back(3) | self.back(4)
    }

    #[inline(always)]
    fn within_5(self) -> u64 {
        self.back(1) | self.back(2) | self.back(3) | self.back(4) | self.back(5)
    }
}

/// Where something of each shape is, in one block.
#[derive(Clone, Copy, Default)]
pub(super) struct Shapes {
    /// The first byte of each word.
    pub(super) words: u64,
    /// `@`, `=`, `%`, `<`, `~`, `+`, `\`.
    pub(super) rare: u64,
    /// The byte behind a colon that is not between two digits.
    pub(super) behind_colon: u64,
    /// The third of three dots or dashes behind numbers.
    pub(super) quads: u64,
    /// The second of two colons side by side, or the third not far apart.
    pub(super) colons: u64,
    /// The third of three dashes, or the second of two dots, of a hardware address.
    pub(super) pairs: u64,
    /// The first letter behind a word and a dot.
    pub(super) labels: u64,
    /// The eleventh byte of digits with single separators between them, or
    /// the dash behind exactly three digits.
    pub(super) numbers: u64,
    /// The second digit of a word that begins with two letters and two digits.
    pub(super) accounts: u64,
    /// The first letter behind a dash that is not in a word.
    pub(super) options: u64,
}

impl Shapes {
    /// Everything but the words.
    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        (self.rare | self.behind_colon | self.quads | self.colons | self.pairs)
            | (self.labels | self.numbers | self.accounts | self.options)
            != 0
    }
}

/// Tells the shapes of block after block.
#[derive(Default)]
pub(super) struct Shaper {
    letter: Pair,
    digit: Pair,
    word: Pair,
    dot: Pair,
    colon: Pair,
    dash: Pair,
    space: Pair,
    behind_digit: Pair,
    two_behind_digits: Pair,
    two_colons: Pair,
    number: [Pair; 5],
}

impl Shaper {
    pub(super) fn shapes(&mut self, block: &[u8; BLOCK]) -> Shapes {
        let now = Classes::of(block);
        self.letter.push(now.letter);
        self.digit.push(now.digit);
        self.word.push(now.word);
        self.dot.push(now.dot);
        self.colon.push(now.colon);
        self.dash.push(now.dash);
        self.space.push(now.space);
        Shapes {
            words: now.word & !self.word.back(1),
            rare: now.rare,
            behind_colon: self.colon.back(1) & !(now.digit & self.digit.back(2)) & !now.colon,
            quads: self.quads(),
            colons: self.colons(),
            pairs: (now.dash & self.dash.back(3) & self.dash.back(6))
                | (now.dot & self.dot.back(5) & !self.dot.back(1)),
            labels: now.letter & self.dot.back(1) & self.word.back(2),
            numbers: self.numbers(),
            accounts: self.accounts(),
            options: now.letter & self.dash.back(1) & !self.word.back(2),
        }
    }

    fn quads(&mut self) -> u64 {
        self.behind_digit.push((self.dot.now | self.dash.now) & self.digit.back(1));
        let second = self.behind_digit.now & self.behind_digit.within_4();
        self.two_behind_digits.push(second);
        self.behind_digit.now & self.two_behind_digits.within_4()
    }

    fn colons(&mut self) -> u64 {
        let colon = self.colon;
        self.two_colons.push(colon.now & colon.within_5());
        colon.now & (colon.back(1) | self.two_colons.within_5())
    }

    fn numbers(&mut self) -> u64 {
        let separator = self.space.now | self.dash.now | self.dot.now;
        let [one, two, four, eight, eleven] = &mut self.number;
        one.push(self.digit.now | (separator & self.digit.back(1)));
        two.push(one.now & one.back(1));
        four.push(two.now & two.back(2));
        eight.push(four.now & four.back(4));
        eleven.push(eight.now & four.back(7));
        let digit = self.digit;
        let behind_three =
            self.dash.now & digit.back(1) & digit.back(2) & digit.back(3) & !digit.back(4);
        (eleven.now & !eleven.back(1)) | behind_three
    }

    fn accounts(&self) -> u64 {
        let (digit, letter) = (self.digit, self.letter);
        digit.now & digit.back(1) & letter.back(2) & letter.back(3) & !self.word.back(4)
    }
}
