//! Which process this is.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How soon after a look at the process's id the next may be left out. A fork
/// takes many times as long, even of the smallest process (its page tables are
/// copied), and a child has the one thread that forked: between two looks of
/// one thread that are closer than this, there was none.
const SHORTER_THAN_A_FORK: Duration = Duration::from_micros(5);

thread_local! {
    static SEEN: Cell<Option<(Instant, u32)>> = const { Cell::new(None) };
}

/// The id of this process, also in a child made by fork without exec.
///
/// Asking the system costs a sixth of what writing an event costs, so that a
/// thread that asks all the time is answered from memory. `now` is the time.
pub(crate) fn process_id(now: Instant) -> u32 {
    let fresh = |seen: &Cell<Option<(Instant, u32)>>| {
        let known = seen.get().filter(|(at, _)| {
            // A clock that stands still, or that goes back, proves nothing.
            let gap = now.checked_duration_since(*at);
            gap.is_some_and(|gap| !gap.is_zero() && gap < SHORTER_THAN_A_FORK)
        });
        let id = known.map_or_else(std::process::id, |(_, id)| id);
        seen.set(Some((now, id)));
        id
    };
    SEEN.try_with(fresh).unwrap_or_else(|_| std::process::id())
}
