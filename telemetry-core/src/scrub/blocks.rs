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
/// A block, and what is read of the words that begin in it.
pub(super) const AHEAD: usize = BLOCK + 3;

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
}

impl Classes {
    fn of(block: &[u8; AHEAD]) -> Self {
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
        let letter = below(lower - u8x16::splat(b'a'), 26);
        let digit = below(bytes - u8x16::splat(b'0'), 10);
        self.letter |= bits(letter);
        self.digit |= bits(digit);
        // The highest bit of a byte is the one that counts.
        self.word |= bits((letter | digit) | (is(b'_') | bytes));
        self.dot |= bits(is(b'.'));
        self.colon |= bits(is(b':'));
        self.dash |= bits(is(b'-'));
        self.space |= bits(is(b' '));
    }
}

/// Which of the marks that are no class of their own begin something. They are
/// few: one look at each costs less than seven comparisons of every byte.
#[inline(always)]
fn rare(block: &[u8; AHEAD], mut marks: u64) -> u64 {
    // Bits for the bytes 0x20 to 0x5f; `~` is folded onto `^`, which begins
    // nothing.
    const BEGIN: u64 =
        bit(b'@') | bit(b'=') | bit(b'%') | bit(b'<') | bit(b'+') | bit(b'\\') | bit(b'^');
    const fn bit(byte: u8) -> u64 {
        1 << (byte - b' ')
    }
    let mut rare = 0;
    while marks != 0 {
        let at = marks.trailing_zeros();
        marks &= marks - 1;
        let byte = block.get(at as usize % BLOCK).copied().unwrap_or_default();
        let slot = if byte == b'~' { b'^' } else { byte }.wrapping_sub(b' ');
        let begins = if slot < 64 { BEGIN >> slot & 1 } else { 0 };
        rare |= begins << at;
    }
    rare
}

/// Which bytes are less than `bound`, which is not zero.
#[inline(always)]
fn below(bytes: u8x16, bound: u8) -> u8x16 {
    bytes.min(u8x16::splat(bound - 1)).simd_eq(bytes)
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
    pub(super) starts: u64,
    /// The first byte of each word that begins with no digit and has two
    /// bytes at least. Of the last byte of a block nobody knows.
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
    /// A digit by which the groups before it can be those of a card, a social
    /// security number or a telephone.
    pub(super) numbers: u64,
    /// The second digit of a word that begins with two letters and two digits.
    pub(super) accounts: u64,
    /// The first letter behind a dash that is not in a word.
    pub(super) options: u64,
    /// The fourth digit behind a colon that is between two digits.
    pub(super) ports: u64,
    /// What stands behind a word of one digit and is none of dot, colon, dash
    /// and space.
    pub(super) behind_one: u64,
}

impl Shapes {
    /// Everything but the words.
    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        (self.rare | self.behind_colon | self.quads | self.colons | self.pairs)
            | (self.labels | self.numbers | self.accounts | self.options)
            | (self.behind_one | self.ports)
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
    two_digits: Pair,
    four_digits: Pair,
}

impl Shaper {
    #[inline(always)]
    pub(super) fn shapes(&mut self, block: &[u8; AHEAD]) -> Shapes {
        let now = Classes::of(block);
        self.letter.push(now.letter);
        self.digit.push(now.digit);
        self.word.push(now.word);
        self.dot.push(now.dot);
        self.colon.push(now.colon);
        self.dash.push(now.dash);
        self.space.push(now.space);
        let starts = now.word & !self.word.back(1);
        let mut shapes = Shapes {
            starts,
            words: starts & !now.digit & ((now.word >> 1) | 1 << 63),
            rare: rare(block, !(now.word | now.dot | now.colon | now.dash | now.space)),
            pairs: (now.dash & self.dash.back(3) & self.dash.back(6))
                | (now.dot & self.dot.back(5) & !self.dot.back(1)),
            labels: now.letter & self.dot.back(1) & self.word.back(2),
            options: now.letter & self.dash.back(1) & !self.word.back(2),
            ..Shapes::default()
        };
        if now.colon | (self.colon.last >> 63) == 0 {
            self.two_colons.push(0);
        } else {
            self.colons(&mut shapes);
        }
        // What comes of digits ends two bytes behind them at most.
        if now.digit | (self.digit.last >> 62) == 0 {
            for runs in [&mut self.two_digits, &mut self.four_digits] {
                runs.push(0);
            }
            for separators in [&mut self.behind_digit, &mut self.two_behind_digits] {
                separators.push(0);
            }
        } else {
            self.digits(&mut shapes);
        }
        shapes
    }

    #[inline(always)]
    fn colons(&mut self, shapes: &mut Shapes) {
        let colon = self.colon;
        self.two_colons.push(colon.now & colon.within_5());
        shapes.colons = colon.now & (colon.back(1) | self.two_colons.within_5());
        shapes.behind_colon = colon.back(1) & !(self.digit.now & self.digit.back(2)) & !colon.now;
    }

    #[inline(always)]
    fn digits(&mut self, shapes: &mut Shapes) {
        let (digit, letter) = (self.digit, self.letter);
        self.behind_digit.push((self.dot.now | self.dash.now) & digit.back(1));
        self.two_behind_digits.push(self.behind_digit.now & self.behind_digit.within_4());
        shapes.quads = self.behind_digit.now & self.two_behind_digits.within_4();
        self.two_digits.push(digit.now & digit.back(1));
        self.four_digits.push(self.two_digits.now & self.two_digits.back(2));
        shapes.numbers = self.numbers();
        shapes.ports = self.four_digits.now & self.colon.back(4) & digit.back(5);
        shapes.accounts =
            self.two_digits.now & letter.back(2) & letter.back(3) & !self.word.back(4);
        let separator = self.dot.now | self.colon.now | self.dash.now | self.space.now;
        shapes.behind_one = digit.back(1) & !self.word.now & !self.word.back(2) & !separator;
    }

    #[inline(always)]
    fn numbers(&self) -> u64 {
        let (digit, two, four) = (self.digit, self.two_digits, self.four_digits);
        let separator = |by| self.space.back(by) | self.dash.back(by) | self.dot.back(by);
        let thirteen = four.now & four.back(4) & four.back(8) & digit.back(12) & !digit.back(13);
        // `0049 30`
        let dialled = digit.now & self.space.back(1) & four.back(2) & !digit.back(7);
        let group = four.now & separator(4);
        if group == 0 {
            return thirteen | dialled;
        }
        // `4111 1111`, `12-3456` behind three digits, `555-0147`
        let card = four.back(5) & !digit.back(9);
        let security = two.back(5) & separator(7) & two.back(8) & digit.back(10) & !digit.back(11);
        let phone = two.back(5) & digit.back(7) & !digit.back(8);
        thirteen | dialled | group & (card | security | phone)
    }
}
