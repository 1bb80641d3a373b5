//! The cases that `rename_all` knows: the same eight as serde.

/// How the words of a name are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// The names of the cases, as `rename_all` takes them.
pub(crate) const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    /// A name of the source, in snake or Pascal case, in this case.
    pub(crate) fn apply(self, name: &str) -> String {
        let snake = snake(name);
        match self {
            Self::Lower => snake.replace('_', ""),
            Self::Upper => snake.replace('_', "").to_uppercase(),
            Self::Pascal => pascal(&snake, true),
            Self::Camel => pascal(&snake, false),
            Self::Snake => snake,
            Self::ScreamingSnake => snake.to_uppercase(),
            Self::Kebab => snake.replace('_', "-"),
            Self::ScreamingKebab => snake.replace('_', "-").to_uppercase(),
        }
    }
}

/// A name in snake case. A run of capitals is one word: `HTTPError` is `http_error`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        if letter.is_uppercase() {
            let before = index.checked_sub(1).and_then(|before| letters.get(before));
            let after = letters.get(index + 1);
            let starts_a_word = before.is_some_and(|before| {
                *before != '_'
                    && (!before.is_uppercase() || after.is_some_and(|after| after.is_lowercase()))
            });
            if starts_a_word {
                snake.push('_');
            }
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

fn pascal(snake: &str, mut capital: bool) -> String {
    let mut pascal = String::new();
    for letter in snake.chars() {
        if letter == '_' {
            capital = !pascal.is_empty() || capital;
        } else if capital {
            pascal.extend(letter.to_uppercase());
            capital = false;
        } else {
            pascal.push(letter);
        }
    }
    pascal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_source_take_every_case() {
        for (case, expected) in [
            ("lowercase", "durationms"),
            ("UPPERCASE", "DURATIONMS"),
            ("PascalCase", "DurationMs"),
            ("camelCase", "durationMs"),
            ("snake_case", "duration_ms"),
            ("SCREAMING_SNAKE_CASE", "DURATION_MS"),
            ("kebab-case", "duration-ms"),
            ("SCREAMING-KEBAB-CASE", "DURATION-MS"),
        ] {
            let (_, found) = CASES.iter().find(|(name, _)| *name == case).expect("a case");
            assert_eq!(found.apply("duration_ms"), expected);
            assert_eq!(found.apply("DurationMs"), expected);
        }
    }

    #[test]
    fn a_run_of_capitals_is_one_word() {
        assert_eq!(snake("HTTPError"), "http_error");
        assert_eq!(snake("WinRm"), "win_rm");
        assert_eq!(snake("TLS"), "tls");
        assert_eq!(snake("Ipv4Only"), "ipv4_only");
    }
}
