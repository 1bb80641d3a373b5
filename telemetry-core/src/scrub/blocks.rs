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
    digit: u64,
    /// Letters, digits, underscores and every byte beyond ASCII.
    word: u64,
    space: u64,
}

impl Classes {
    #[inline(always)]
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
        self.digit |= bits(digit);
        // The highest bit of a byte is the one that counts.
        self.word |= bits((letter | digit) | (is(b'_') | bytes));
        self.space |= bits(is(b' '));
    }
}

/// What is neither of a word nor a space, by what it can begin. They are few:
/// one look at each costs less than a comparison of every byte with each mark.
#[derive(Clone, Copy, Default)]
struct Marks([u64; 6]);

impl Marks {
    const OTHER: usize = 0;
    const DOT: usize = 1;
    const COLON: usize = 2;
    const DASH: usize = 3;
    const SLASH: usize = 4;
    const RARE: usize = 5;

    #[inline(always)]
    fn of(block: &[u8; AHEAD], mut marks: u64) -> Self {
        let mut of = Self::default();
        while marks != 0 {
            let at = marks.trailing_zeros();
            let rest = marks & (marks - 1);
            let byte = block.get(at as usize % BLOCK).copied().unwrap_or_default();
            let kind = KINDS.get(usize::from(byte)).map_or(0, |kind| usize::from(*kind));
            if let Some(of) = of.0.get_mut(kind) {
                *of |= marks ^ rest;
            }
            marks = rest;
        }
        of
    }
}

#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
static KINDS: [u8; 256] = {
    let mut kinds = [Marks::OTHER as u8; 256];
    kinds[b'.' as usize] = Marks::DOT as u8;
    kinds[b':' as usize] = Marks::COLON as u8;
    kinds[b'-' as usize] = Marks::DASH as u8;
    kinds[b'/' as usize] = Marks::SLASH as u8;
    let rare = b"@=%<~+\\?&;";
    let mut at = 0;
    while at < rare.len() {
        kinds[rare[at] as usize] = Marks::RARE as u8;
        at += 1;
    }
    kinds
};

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
    /// `@`, `=`, `%`, `<`, `~`, `+`, `\`, and `?`, `&`, `;` before a query.
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
    /// The second of two slashes behind a digit.
    pub(super) slashes: u64,
}

impl Shapes {
    /// Everything but the words.
    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        (self.rare | self.behind_colon | self.quads | self.colons | self.pairs)
            | (self.labels | self.numbers | self.accounts | self.options)
            | (self.slashes | self.ports)
            != 0
    }
}

/// Tells the shapes of block after block.
#[derive(Default)]
pub(super) struct Shaper {
    digit: Pair,
    word: Pair,
    dot: Pair,
    colon: Pair,
    dash: Pair,
    slash: Pair,
    space: Pair,
    behind_digit: Pair,
    two_behind_digits: Pair,
    two_colons: Pair,
    two_digits: Pair,
    four_digits: Pair,
    /// Whether the last block had a digit or a mark, which can be a part of a
    /// shape that ends in this one.
    told: bool,
}

impl Shaper {
    #[inline(always)]
    pub(super) fn shapes(&mut self, block: &[u8; AHEAD]) -> Shapes {
        let now = Classes::of(block);
        self.word.push(now.word);
        let starts = now.word & !self.word.back(1);
        let mut shapes = Shapes {
            starts,
            words: starts & !now.digit & ((now.word >> 1) | 1 << 63),
            ..Shapes::default()
        };
        let marks = !(now.word | now.space);
        let tells = (marks | now.digit) != 0;
        if tells || self.told {
            self.marks(block, now, marks, &mut shapes);
        } else {
            self.space.push(now.space);
        }
        self.told = tells;
        shapes
    }

    #[inline(always)]
    fn marks(&mut self, block: &[u8; AHEAD], now: Classes, marks: u64, shapes: &mut Shapes) {
        let marks = Marks::of(block, marks).0;
        self.digit.push(now.digit);
        self.dot.push(marks[Marks::DOT]);
        self.colon.push(marks[Marks::COLON]);
        self.dash.push(marks[Marks::DASH]);
        self.slash.push(marks[Marks::SLASH]);
        self.space.push(now.space);
        shapes.rare = marks[Marks::RARE];
        let letter = now.word & !now.digit;
        let (dot, dash) = (self.dot, self.dash);
        if dot.now | dash.now | (dot.last | dash.last) >> 58 != 0 {
            shapes.pairs =
                (dash.now & dash.back(3) & dash.back(6)) | (dot.now & dot.back(5) & !dot.back(1));
            shapes.labels = letter & dot.back(1) & self.word.back(2);
            shapes.options = letter & dash.back(1) & !self.word.back(2);
        }
        if self.colon.now | (self.colon.last >> 63) == 0 {
            self.two_colons.push(0);
        } else {
            self.colons(shapes);
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
            self.digits(shapes);
        }
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
        let digit = self.digit;
        self.behind_digit.push((self.dot.now | self.dash.now) & digit.back(1));
        self.two_behind_digits.push(0);
        if self.behind_digit.now != 0 {
            self.two_behind_digits.now = self.behind_digit.now & self.behind_digit.within_4();
            shapes.quads = self.behind_digit.now & self.two_behind_digits.within_4();
        }
        shapes.slashes = self.slash.now & self.slash.back(1) & digit.back(2);
        self.two_digits.push(digit.now & digit.back(1));
        self.four_digits.push(self.two_digits.now & self.two_digits.back(2));
        if self.two_digits.now != 0 {
            // A letter, or what else is of a word: the check tells.
            let letter = |by| self.word.back(by) & !digit.back(by);
            shapes.accounts = self.two_digits.now & letter(2) & letter(3) & !self.word.back(4);
        }
        if self.four_digits.now | self.four_digits.last != 0 {
            shapes.numbers = self.numbers();
            shapes.ports = self.four_digits.now & self.colon.back(4) & digit.back(5);
        }
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
