//! IPv4 addresses inside IPv6 addresses.
//!
//! It owns the forms in which one stands in the other. It must never know how
//! much of an address may leave.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that counts: of an IPv6 address which only carries an IPv4
/// address, that one. The first bits of such an IPv6 address may hold all of
/// it, so that what keeps a network's bits alone would keep the whole.
///
/// | form | prefix | where the IPv4 address is |
/// |---|---|---|
/// | mapped (RFC 4291) | `::ffff:0:0/96` | the last 32 bits |
/// | compatible (RFC 4291, deprecated) | `::/96`, but for `::` and `::1` | the last 32 bits |
/// | translated (RFC 2765) | `::ffff:0:0:0/96` | the last 32 bits |
/// | NAT64 (RFC 6052) | `64:ff9b::/96` | the last 32 bits |
/// | NAT64 of one network (RFC 8215) | `64:ff9b:1::/48` | the last 32 bits, in the usual form of 96 |
/// | 6to4 (RFC 3056) | `2002::/16` | bits 16 to 48 |
/// | Teredo (RFC 4380) | `2001::/32` | the last 32 bits, inverted |
///
/// The prefix that a network has chosen for its own NAT64 or 6rd cannot be
/// told from any other.
pub(crate) fn carried(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => carried_v4(v6).map_or(address, IpAddr::V4),
    }
}

fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let last = Ipv4Addr::from_bits(bits as u32);
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, ..]
        | [0x64, 0xff9b, 1, ..] => Some(last),
        [0, 0, 0, 0, 0, 0, ..] if bits > 1 => Some(last),
        [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!(bits as u32))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_the_address_that_it_carries() {
        for (text, expected) in [
            ("203.0.113.77", "203.0.113.77"),
            ("::ffff:203.0.113.77", "203.0.113.77"),
            ("::203.0.113.77", "203.0.113.77"),
            ("::ffff:0:203.0.113.77", "203.0.113.77"),
            ("64:ff9b::203.0.113.77", "203.0.113.77"),
            ("64:ff9b:1:abcd::203.0.113.77", "203.0.113.77"),
            ("2002:cb00:714d::1", "203.0.113.77"),
            ("2002:cb00:714d:ffff:ffff:ffff:ffff:ffff", "203.0.113.77"),
            // RFC 4380: the client's address, every bit the other way round.
            ("2001:0:4136:e378:8000:63bf:34ff:8eb2", "203.0.113.77"),
            ("2001:db8::203.0.113.77", "2001:db8::cb00:714d"),
            ("2003::1", "2003::1"),
            ("64:ff9b:2::1", "64:ff9b:2::1"),
            ("::", "::"),
            ("::1", "::1"),
        ] {
            let (address, expected): (IpAddr, IpAddr) =
                (text.parse().expect("an address"), expected.parse().expect("an address"));
            assert_eq!(carried(address), expected, "{text}");
        }
    }
}
