//! `truncate_ip`: the network of an IP address.
//!
//! It owns how many bits are kept of which address. It must never know where
//! the address came from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::leaf::kind::Address;
use crate::leaf::{Applied, Context, HasLeaves, LeafPolicy, Sink, carried};
use crate::schema::{ParameterValue, Policy, Shape, Values, Written};

/// Values that are IP addresses.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an IP address, and `truncate_ip` is for IP addresses",
    label = "not an IP address",
    note = "addresses are those of `std::net`, alone or in `Option`, `Vec`, ...; parse a text first, or `drop` it"
)]
pub trait Addressable: HasLeaves<Address> {}
#[diagnostic::do_not_recommend]
impl<T: HasLeaves<Address> + ?Sized> Addressable for T {}

/// The network of an IP address, such as `203.0.113.0/24`. An IPv6 address
/// that only carries an IPv4 address is that IPv4 address: its first bits would
/// keep the whole of it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct TruncateIp {
    v4: u8,
    v6: u8,
}

impl LeafPolicy for TruncateIp {
    type Kind = Address;

    fn apply<R: Sink>(
        &self,
        address: IpAddr,
        _context: Context<'_>,
        sink: R,
    ) -> Result<R::Ok, R::Error> {
        match carried(address) {
            IpAddr::V4(v4) => {
                let unused = 32 - u32::from(self.v4);
                let network = v4.to_bits().checked_shr(unused).unwrap_or(0);
                let first = Ipv4Addr::from_bits(network.checked_shl(unused).unwrap_or(0));
                sink.indexed(
                    || place(network.into()),
                    |sink| sink.value(&format_args!("{first}/{}", self.v4)),
                )
            }
            IpAddr::V6(v6) => {
                let unused = 128 - u32::from(self.v6);
                let network = v6.to_bits().checked_shr(unused).unwrap_or(0);
                let first = Ipv6Addr::from_bits(network.checked_shl(unused).unwrap_or(0));
                let before = 1_u128.checked_shl(self.v4.into()).unwrap_or(0);
                let index = || place(network.saturating_add(before));
                sink.indexed(index, |sink| sink.value(&format_args!("{first}/{}", self.v6)))
            }
        }
    }
}

/// An index; events whose domain is too large for one are not counted.
fn place(index: u128) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// Puts a value under `truncate_ip`.
#[doc(hidden)]
pub fn truncate_ip<T: Addressable + ?Sized>(
    v4: u8,
    v6: u8,
    value: &T,
) -> Applied<'_, TruncateIp, T> {
    Applied { policy: TruncateIp { v4, v6 }, value }
}

/// What the schema says of `truncate_ip`.
#[doc(hidden)]
pub const fn truncate_ip_schema(shape: Shape, v4: u8, v6: u8) -> Policy {
    let networks = Values::Networks { v4: Some(v4), v6: if shape.v6 { Some(v6) } else { None } };
    Policy::new("truncate_ip", shape.domain(networks))
        .with("v4", ParameterValue::Number(v4 as i128), Written::InsideNamed)
        .with("v6", ParameterValue::Number(v6 as i128), Written::InsideNamed)
}
