//! What was typed on the command line.
//!
//! It owns which parts of the arguments are hidden. It must never know where
//! they appear.

use super::vocabulary::Vocabulary;

/// More than anybody types. The rest of a longer list, such as one that the
/// shell made of `*`, is left to the rules.
const MOST_ARGUMENTS: usize = 256;
/// As of the author's literals: shorter ones are also ordinary words.
const SHORTEST: usize = 3;
/// As of the author's literals: what is longer is no name. Its parts are.
const LONGEST: usize = 253;

/// The arguments of this process, and their parts.
pub(super) fn typed() -> Vec<String> {
    let arguments = std::env::args_os().skip(1).take(MOST_ARGUMENTS);
    parts(arguments.map(|argument| argument.to_string_lossy().into_owned()))
}

fn parts(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut parts = Vec::new();
    for argument in arguments {
        // Of an option, what is given to it.
        let value = match argument.strip_prefix('-') {
            Some(option) => option.split_once('=').map_or("", |(_, value)| value),
            None => &argument,
        };
        let value = value.trim();
        add(value, &mut parts);
        for part in value.split(['/', '\\', '=', ':', '@', ',', ';', ' ', '?', '&']) {
            add(part, &mut parts);
            if let Some((stem, _)) = part.rsplit_once('.') {
                add(stem, &mut parts);
            }
        }
    }
    parts
}

fn add(part: &str, parts: &mut Vec<String>) {
    let length = part.chars().count();
    let word = part.chars().any(char::is_alphanumeric);
    if (SHORTEST..=LONGEST).contains(&length)
        && word
        && !Vocabulary::is_common(part)
        && !parts.iter().any(|known| known == part)
    {
        parts.push(part.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_their_parts_are_hidden_but_no_options_and_commands() {
        let typed =
            ["install", "--verbose", "--user=jane", "-p", "/srv/acme/plan.toml", "x", "Jane Doe"];
        let parts = parts(typed.into_iter().map(str::to_owned));
        assert_eq!(
            parts,
            [
                "jane",
                "/srv/acme/plan.toml",
                "srv",
                "acme",
                "plan.toml",
                "plan",
                "Jane Doe",
                "Jane",
                "Doe"
            ]
        );
    }
}
