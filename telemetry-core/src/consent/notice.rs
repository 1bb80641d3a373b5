//! What the user was told, and what the user agreed to.
//!
//! It owns the notice and the receipt. It must never know how either is shown.

use jiff::Timestamp;

use crate::schema::Purpose;

/// What a program tells its user before it sends anything.
///
/// A notice has a version and names the purposes that it speaks of. It is
/// shown when its version has been neither shown nor agreed to, and the run
/// that shows it sends nothing, unless the user agreed to an older one: what that
/// one told of goes on. In a program with a notice a word that is on
/// for all purposes covers only the purposes that the user was told of: those
/// of the notice that was shown first and those agreed to since. A purpose
/// that is added later is off until the user agrees to it.
///
/// ```
/// use telemetry_core::consent::Notice;
/// use telemetry_core::schema::Purpose;
///
/// let notice = Notice::new("2026-01", "chef-run counts the commands that you run.")
///     .purposes(&[Purpose::PRODUCT_IMPROVEMENT]);
/// assert_eq!(notice.version(), "2026-01");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    version: String,
    text: String,
    purposes: Vec<String>,
}

impl Notice {
    /// A notice that speaks of no purpose yet: name them with
    /// [`purposes`](Self::purposes).
    pub fn new(version: impl Into<String>, text: impl Into<String>) -> Self {
        Self { version: version.into(), text: text.into(), purposes: Vec::new() }
    }

    /// The purposes that the text explains.
    #[must_use]
    pub fn purposes(mut self, purposes: &[Purpose]) -> Self {
        self.purposes = purposes.iter().map(|purpose| purpose.name().to_owned()).collect();
        self
    }

    /// The version: any text that differs when the meaning differs.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the user reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of the purposes that the text explains.
    pub fn purpose_names(&self) -> &[String] {
        &self.purposes
    }
}

/// That the user agreed: to which notice, when, and for which purposes.
///
/// Receipts are kept after a withdrawal: they say what was agreed to, the
/// decision says what holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub(crate) notice: String,
    pub(crate) time: Timestamp,
    pub(crate) purposes: Vec<String>,
}

impl Receipt {
    /// The version of the notice.
    pub fn notice(&self) -> &str {
        &self.notice
    }

    /// When, as RFC 3339 in UTC.
    pub fn time(&self) -> String {
        self.time.to_string()
    }

    /// The names of the purposes agreed to.
    pub fn purposes(&self) -> &[String] {
        &self.purposes
    }
}

/// Whether one version of a notice comes before another: part by part, numbers
/// as numbers.
pub(crate) fn is_before(one: &str, other: &str) -> bool {
    fn parts(text: &str) -> impl Iterator<Item = Result<u64, &str>> {
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        parts.map(|part| part.parse().map_err(|_| part))
    }
    parts(one).lt(parts(other))
}

#[cfg(test)]
mod tests {
    use super::is_before;

    #[test]
    fn versions_are_compared_part_by_part() {
        for (one, other) in
            [("1", "2"), ("9", "10"), ("1", "1.1"), ("2026-12", "2027-01"), ("1.9", "1.10")]
        {
            assert!(is_before(one, other), "{one} {other}");
            assert!(!is_before(other, one), "{other} {one}");
        }
        assert!(!is_before("2026-01", "2026-01"));
    }
}
