//! Reasons, and what is none.
//!
//! It owns what `because = "..."` must say at least. It must never know what
//! the reason is for.
//!
//! Nobody but a reader can tell whether a reason is true. What can be told is
//! that nobody has written one yet: the compiler's own `...` was pasted, or a
//! word stands for "later".

use std::collections::BTreeSet;

/// Words that stand for a reason which nobody has written, when one begins or
/// ends with them.
const PLACEHOLDERS: [&str; 10] =
    ["todo", "fixme", "tbd", "xxx", "asdf", "qwe", "lorem", "foo", "abc", "placeholder"];

/// Words that say nothing by themselves.
const FILLERS: &[&str] = &[
    "a",
    "the",
    "this",
    "that",
    "it",
    "is",
    "of",
    "field",
    "value",
    "my",
    "your",
    "some",
    "real",
    "good",
    "because",
    "reason",
    "why",
    "here",
    "goes",
    "write",
    "say",
    "so",
    "add",
    "put",
    // What the compiler's own words say, and what a hurried hand does.
    "may",
    "leave",
    "leaves",
    "if",
    "stands",
    "for",
    "nobody",
    "allow",
    "allows",
    "allowed",
    "explain",
    "given",
    "insert",
    "replace",
    "fill",
    "in",
    "me",
    "i",
    "we",
    "please",
    "later",
    "follow",
    "follows",
    "to",
    "be",
    "do",
    "done",
    "determined",
    "defined",
    "decided",
    "needs",
    "need",
    "needed",
    "fix",
    "make",
    "makes",
    "compile",
    "compiles",
    "compiler",
    "error",
    "silence",
    "work",
    "works",
    "build",
    "no",
    "not",
    "none",
    "any",
    "or",
    "and",
    "just",
    "yes",
    "ok",
    "okay",
    "fine",
    "harmless",
    "safe",
    "personal",
    "private",
    "sensitive",
    "data",
    "pii",
];

/// A reason has at least so many words: two are a label ("not personal"), and
/// say nothing of why.
const FEWEST: usize = 3;

/// What is wrong with `reason` for the field `field`, as the start of a
/// sentence; nothing when it may be one.
pub(crate) fn fault(reason: &str, field: &str) -> Option<&'static str> {
    let words = words(reason);
    if words.is_empty() {
        return Some("there is no word in this reason");
    }
    let placeholder =
        |word: Option<&String>| word.is_some_and(|word| PLACEHOLDERS.contains(&word.as_str()));
    if placeholder(words.first()) || placeholder(words.last()) {
        return Some("this stands for a reason that nobody has written");
    }
    // A letter alone says nothing.
    let says = |word: &&String| word.chars().count() > 1 && !FILLERS.contains(&word.as_str());
    if !words.iter().any(|word| says(&word)) {
        return Some("there is no reason in these words");
    }
    let own: BTreeSet<String> = self::words(field).into_iter().collect();
    if words.iter().filter(says).all(|word| own.contains(word)) {
        return Some("the name of the field is no reason");
    }
    // Scripts without spaces have several words in one.
    let letters = reason.chars().filter(|letter| letter.is_alphabetic() && !letter.is_ascii());
    let written_as_one = letters.count() >= 6;
    let all: BTreeSet<&String> = words.iter().collect();
    if all.len() < FEWEST && !written_as_one {
        return Some("a reason has at least three words");
    }
    None
}

/// The words of a text: runs of letters and digits with a letter in them.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| word.contains(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_reason_is_none() {
        for reason in [
            "",
            " ",
            "...",
            "…",
            "... ... ...",
            "-",
            "1 2 3",
            "x",
            "ok",
            "it's fine",
            "harmless",
            "not personal",
            "todo",
            "TODO: write a reason here",
            "fixme later please",
            "tbd",
            "because because because",
            "host name",
            "the host name the host name",
            "target host name",
            "target_host_name",
            "a reason",
            "a real reason",
            "write your reason here",
            "say why here",
            "foo bar baz",
            "x y z",
            "abc def ghi",
            "why this may leave",
            "if it stands for nobody",
            "because it is allowed",
            "because I say so",
            "insert reason here",
            "replace me please",
            "this is a placeholder",
            "no reason given",
            "not personal data",
            "it is harmless",
            "to be determined",
            "fix me later",
            "to make it compile",
            "silence the compiler",
            "needs a reason",
        ] {
            assert!(fault(reason, "target_host_name").is_some(), "{reason:?}");
        }
    }

    #[test]
    fn a_sentence_is_one() {
        for reason in [
            "a constant of the program",
            "the build's name, set by us",
            "rows of a fixed table; nobody's data",
            "names of our own plugins",
            "プログラムの定数です",
            "константа этой программы",
            "the target host name is one of ours",
        ] {
            assert_eq!(fault(reason, "target_host_name"), None, "{reason:?}");
        }
    }
}
