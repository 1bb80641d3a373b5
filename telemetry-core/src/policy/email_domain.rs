//! `email_domain`: the domain of an e-mail address, if it is a known one.
//!
//! It owns where the domain begins. It must never know whose address it is.

use super::known::known;
use super::{Textual, known::known_schema};
use crate::leaf::kind::Text;
use crate::leaf::{Applied, Context, LeafPolicy, Sink};
use crate::schema::{Policy, Shape};

/// The domain of an e-mail address, if it is a known one.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct EmailDomain(&'static [&'static str]);

impl LeafPolicy for EmailDomain {
    type Kind = Text;

    fn apply<R: Sink>(
        &self,
        address: &str,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match address.rsplit_once('@') {
            Some((_, domain)) => {
                // The dot of the root, as in the names of hosts.
                let domain = domain.strip_suffix('.').unwrap_or(domain);
                known(self.0, |value| value.eq_ignore_ascii_case(domain), sink)
            }
            None => sink.absent(),
        }
    }
}

/// Puts a value under `email_domain`.
#[doc(hidden)]
pub fn email_domain<'v, T: Textual + ?Sized>(
    values: &'static [&'static str],
    value: &'v T,
) -> Applied<'v, EmailDomain, T> {
    Applied { policy: EmailDomain(values), value }
}

/// What the schema says of `email_domain`.
#[doc(hidden)]
pub const fn email_domain_schema(shape: Shape, values: &'static [&'static str]) -> Policy {
    known_schema("email_domain", shape.leaf_or_absent(), values)
}
