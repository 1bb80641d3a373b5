//! Which proxy a request goes through.
//!
//! It owns the meaning of the environment's proxy variables:
//!
//! | variable | for |
//! |---|---|
//! | `HTTPS_PROXY`, `https_proxy` | receivers by `https` |
//! | `HTTP_PROXY`, `http_proxy` | receivers by `http`; the upper-case one not in a CGI program, where any client can set it by a header `Proxy` |
//! | `ALL_PROXY`, `all_proxy` | both, when there is none of the above |
//! | `NO_PROXY`, `no_proxy` | receivers that are reached directly, separated by commas |
//!
//! An entry of `NO_PROXY` is `*` for all, an IP address, or a domain, which stands
//! for itself and what is in it; a leading `.` or `*.` is allowed and changes
//! nothing; a port after it narrows the entry to that port. This machine is never
//! reached through a proxy.
//!
//! No crate does this: ureq reads the variables, but knows neither addresses nor
//! ports in `NO_PROXY`, asks no CGI program for caution, and takes a variable that
//! it cannot understand for none, which would go round the proxy.

use std::net::IpAddr;

/// The proxy's URL for a receiver, if it is to be reached through one.
pub(super) fn for_receiver(
    scheme: &str,
    host: &str,
    port: u16,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let first = |names: &[&str]| names.iter().find_map(|name| set(name));
    if is_loopback(host)
        || first(&["NO_PROXY", "no_proxy"]).is_some_and(|list| exempt(&list, host, port))
    {
        return None;
    }
    let own = match scheme {
        "https" => first(&["HTTPS_PROXY", "https_proxy"]),
        _ if set("REQUEST_METHOD").is_some() => first(&["http_proxy"]),
        _ => first(&["HTTP_PROXY", "http_proxy"]),
    };
    own.or_else(|| first(&["ALL_PROXY", "all_proxy"]))
}

/// Whether `host` is this machine, by name or by address.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = bare(host);
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn exempt(list: &str, host: &str, port: u16) -> bool {
    let host = bare(host).trim_end_matches('.').to_ascii_lowercase();
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let (name, its_port) = split_port(entry);
        if its_port.is_some_and(|its_port| its_port != port) {
            return false;
        }
        let name = bare(name).trim_start_matches("*.").trim_start_matches('.');
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        match (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
            (Ok(name), Ok(host)) => name == host,
            (Err(_), Err(_)) => {
                !name.is_empty()
                    && host
                        .strip_suffix(&name)
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
            _ => false,
        }
    })
}

/// An entry and its port, if it has one. Colons of a bare IPv6 address are no
/// ports.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if entry.parse::<IpAddr>().is_ok() {
        return (entry, None);
    }
    match entry.rsplit_once(':').map(|(name, port)| (name, port.parse())) {
        Some((name, Ok(port))) => (name, Some(port)),
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::for_receiver;

    fn proxy(scheme: &str, host: &str, variables: &[(&str, &str)]) -> Option<String> {
        for_receiver(scheme, host, 443, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_scheme_has_its_own_proxy() {
        let both = [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "http://p:2")];
        assert_eq!(proxy("https", "a.example", &both).unwrap(), "http://s:1");
        assert_eq!(proxy("http", "a.example", &both).unwrap(), "http://p:2");
        assert_eq!(proxy("http", "a.example", &both[..1]), None);
        assert_eq!(
            proxy("http", "a.example", &[("ALL_PROXY", "http://a:3")]).unwrap(),
            "http://a:3"
        );
        assert_eq!(proxy("https", "a.example", &[("HTTPS_PROXY", " ")]), None);
    }

    #[test]
    fn a_header_of_a_cgi_request_chooses_no_proxy() {
        let cgi = [("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(proxy("http", "a.example", &cgi), None);
    }

    #[test]
    fn this_machine_is_reached_directly() {
        for host in ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "[::ffff:127.0.0.1]"] {
            assert_eq!(proxy("https", host, &[("ALL_PROXY", "http://a:3")]), None, "{host}");
        }
    }

    #[test]
    fn no_proxy_names_domains_addresses_and_ports() {
        let through = |list: &str, host: &str| {
            proxy("https", host, &[("HTTPS_PROXY", "http://s:1"), ("NO_PROXY", list)]).is_some()
        };
        for list in [
            "*",
            "corp.example",
            ".corp.example",
            "*.corp.example",
            "x, CORP.example ",
            "corp.example:443",
        ] {
            assert!(!through(list, "in.Corp.example"), "{list}");
        }
        assert!(through("corp.example", "mycorp.example"));
        assert!(through("corp.example:8443", "corp.example"));
        assert!(!through("192.0.2.7", "192.0.2.7"));
        assert!(!through("2001:db8::1", "[2001:db8::1]"));
        assert!(through("2.7", "192.0.2.7"));
        assert!(through(" , ", "a.example"));
    }
}
