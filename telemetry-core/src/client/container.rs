//! Whether the program runs in a container.
//!
//! It owns the signs by which that is seen. Containers come and go by the
//! hundred, and counts of installations would be inflated by them; so their
//! events are marked, and the receiver can tell them apart.

use std::ffi::OsString;
use std::path::Path;

/// Variables that container systems set: systemd-nspawn, Podman and LXC the
/// first, Kubernetes the second.
const VARIABLES: [&str; 2] = ["container", "KUBERNETES_SERVICE_HOST"];

/// Files that container systems put into each container: Docker the first,
/// Podman the second.
const FILES: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];

pub(super) fn detect(lookup: impl Fn(&str) -> Option<OsString>) -> bool {
    is_marked(lookup, |path| Path::new(path).exists())
}

fn is_marked(lookup: impl Fn(&str) -> Option<OsString>, exists: impl Fn(&str) -> bool) -> bool {
    VARIABLES.into_iter().any(|name| lookup(name).is_some_and(|value| !value.is_empty()))
        || FILES.into_iter().any(exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sign_alone_is_enough_and_without_any_there_is_no_container() {
        assert!(!is_marked(|_| None, |_| false));
        for sign in VARIABLES {
            assert!(is_marked(|name| (name == sign).then(|| "podman".into()), |_| false));
            assert!(!is_marked(|name| (name == sign).then(OsString::new), |_| false));
        }
        for sign in FILES {
            assert!(is_marked(|_| None, |path| path == sign));
        }
    }
}
