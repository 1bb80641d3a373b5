//! `host_suffix`: the domain that a host is in, if it is a known one.
//!
//! It owns what it means to be in a domain. It must never resolve a name.

use super::known::known;
use super::{Textual, known::known_schema};
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Policy, Shape};

fn in_domain(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(start) = host.len().checked_sub(domain.len()) else { return false };
    let (Some(before), Some(end)) = (host.get(..start), host.get(start..)) else { return false };
    end.eq_ignore_ascii_case(domain) && (before.is_empty() || before.ends_with('.'))
}

/// The domain that a host is in, if it is a known one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct HostSuffix(&'static [&'static str]);

impl LeafPolicy for HostSuffix {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        host: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        if host.is_empty() {
            return sink.absent();
        }
        known(self.0, |domain| in_domain(host, domain), sink)
    }
}

/// Puts a value under `host_suffix`.
#[doc(hidden)]
pub fn host_suffix<'v, T: Textual + ?Sized>(
    values: &'static [&'static str],
    value: &'v T,
) -> Applied<'v, HostSuffix, T> {
    Applied { policy: HostSuffix(values), value }
}

/// What the schema says of `host_suffix`.
#[doc(hidden)]
pub const fn host_suffix_schema(shape: Shape, values: &'static [&'static str]) -> Policy {
    known_schema("host_suffix", shape.leaf_or_absent(), values)
}
