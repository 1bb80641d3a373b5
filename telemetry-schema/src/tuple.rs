//! The sequences that a tuple can leave.
//!
//! It owns which parts stand where: a part that is absent leaves no gap. It must
//! never know how a value is written.

use crate::domain::Domain;

/// As many parts as a lock's file may give a tuple: more than any that may be
/// allowed has.
pub(crate) const MOST: usize = 8;

/// Every sequence, by what stands in each place. Two ways to fill the tuple that
/// look the same are one.
///
/// ```text
/// (bool, optional bool) -> [bool], [bool, bool]
/// ```
pub(crate) fn sequences(parts: &[Domain]) -> Vec<Vec<&Domain>> {
    let mut all: Vec<Vec<&Domain>> = vec![Vec::new()];
    for part in parts {
        let longer = all.iter().map(|before| before.iter().copied().chain([part.required()]));
        let mut longer: Vec<Vec<&Domain>> = longer.map(Iterator::collect).collect();
        match part {
            Domain::Nothing => {}
            Domain::Optional(_) => all.append(&mut longer),
            _ => all = longer,
        }
    }
    let mut apart: Vec<Vec<&Domain>> = Vec::new();
    for sequence in all {
        if !apart.contains(&sequence) {
            apart.push(sequence);
        }
    }
    apart.sort_by_key(Vec::len);
    apart
}
