//! How much a choice among so many can tell.
//!
//! It owns the logarithm, in thousandths of a bit and in integers alone, so
//! that a constant can hold it. It must never know what is chosen from.

/// The information of one choice among `forms`, in thousandths of a bit,
/// rounded up: of 2 forms 1000, of 3 forms 1585. None and one tell nothing.
pub(super) const fn millibits(forms: u128) -> u64 {
    if forms < 2 {
        return 0;
    }
    let whole = forms.ilog2();
    let thousands = whole as u64 * 1000;
    if forms.is_power_of_two() {
        return thousands;
    }
    // The part of `forms` above its power of two, in [1, 2) with 63 binary
    // places. Squaring doubles the logarithm, and each time that the square
    // reaches 2 the next binary place of the logarithm is 1.
    let mut square = (forms << (127 - whole)) >> 64;
    let mut fraction: u64 = 0;
    let mut place = 0;
    while place < PLACES {
        square = (square * square) >> 63;
        fraction <<= 1;
        if square >> 64 != 0 {
            square >>= 1;
            fraction |= 1;
        }
        place += 1;
    }
    // What was cut off makes the fraction too small, by less than one place:
    // the logarithm is irrational, so that rounding up from the next is right.
    thousands + (((fraction + 1) * 1000).div_ceil(1 << PLACES))
}

/// The binary places of a logarithm's fraction: far more than thousandths need.
const PLACES: u32 = 32;

#[cfg(test)]
mod tests {
    use super::millibits;

    #[test]
    fn powers_of_two_are_exact_and_all_others_are_rounded_up() {
        for power in 0..128_u32 {
            assert_eq!(millibits(1 << power), u64::from(power) * 1000);
        }
        for (forms, expected) in [(0, 0), (1, 0), (3, 1585), (5, 2322), (5_832, 12_510)] {
            assert_eq!(millibits(forms), expected, "{forms} forms");
        }
        assert_eq!(millibits(u128::MAX), 128_000);
        // More than a floating-point number can tell from its power of two.
        assert_eq!(millibits(1 << 77 | 12_345), 77_001);
    }

    #[test]
    fn floating_point_says_the_same() {
        for forms in (3..100_000_u128).chain([1_000_003, 999_999_999_999]) {
            let expected = ((forms as f64).log2() * 1000.0).ceil() as u64;
            assert_eq!(millibits(forms), expected, "{forms} forms");
        }
    }
}
