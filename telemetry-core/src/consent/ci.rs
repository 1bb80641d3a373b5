//! Recognising continuous-integration systems.
//!
//! It owns the list of variables. Counts from build machines would drown the
//! counts of people, and nobody reads a notice there.
//!
//! The list is kept here: crates with such a list read the process's environment
//! themselves, where a test can give none, and a name that they add would change
//! what consent means without a change of this library.

use crate::consent::env::Lookup;

/// Variables that say "this is a build machine", with who sets them. `CI`
/// alone covers GitHub Actions, GitLab, CircleCI, Travis CI, Buildkite, Drone,
/// Bitbucket and AppVeyor, whose documentation promises it; the others are of
/// systems that do not set it.
pub(crate) const VARIABLES: &[&str] = &[
    "CI",
    "CONTINUOUS_INTEGRATION", // older systems, and hand-made ones
    "TF_BUILD",               // Azure Pipelines
    "JENKINS_URL",            // Jenkins
    "TEAMCITY_VERSION",       // TeamCity
    "CODEBUILD_BUILD_ID",     // AWS CodeBuild
    "bamboo_buildKey",        // Bamboo
    "GO_PIPELINE_LABEL",      // GoCD
];

/// The first variable that says so. Empty, `0` and `false` say that it is none:
/// people set `CI=false` to get a person's output from a tool.
pub(crate) fn detect(lookup: &Lookup) -> Option<&'static str> {
    VARIABLES.iter().copied().find(|name| {
        lookup(name).is_some_and(|value| {
            !value.is_empty() && value != "0" && !value.eq_ignore_ascii_case("false")
        })
    })
}
