//! `docs/errors.md` shows each mistake and its message as they are in
//! `tests/ui/fail`, where the compiler's messages are held.
//!
//! `TELEMETRY_TESTS_WRITE_PAGES=1` writes both into the page.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The page with every mistake and message as they are now. A line
/// `<!-- NAME -->` stands before the two blocks of code for `NAME`.
fn filled(page: &str) -> (String, usize) {
    let (mut filled, mut mistakes) = (String::new(), 0);
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        filled.push_str(line);
        filled.push('\n');
        let name = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let Some(name) = name else { continue };
        mistakes += 1;
        let file = |ending: &str| {
            let path = root().join("tests/ui/fail").join(format!("{name}.{ending}"));
            let text = fs::read_to_string(&path);
            text.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        filled.push_str(&format!(
            "\n```rust,ignore\n{}```\n\n```text\n{}```\n",
            file("rs"),
            file("stderr")
        ));
        // The blocks that were there.
        let mut fences = 0;
        while fences < 4 && lines.peek().is_some_and(|line| fences > 0 || is_of_a_block(line)) {
            fences += usize::from(lines.next().is_some_and(|line| line.starts_with("```")));
        }
    }
    (filled, mistakes)
}

fn is_of_a_block(line: &str) -> bool {
    line.is_empty() || line.starts_with("```")
}

#[test]
fn the_page_of_first_mistakes_shows_them_as_the_compiler_prints_them() {
    let path = root().join("docs/errors.md");
    let page = fs::read_to_string(&path).unwrap();
    let (filled, mistakes) = filled(&page);
    assert_eq!(mistakes, 15, "fifteen first mistakes");
    if env::var_os("TELEMETRY_TESTS_WRITE_PAGES").is_some() {
        fs::write(&path, filled).unwrap();
    } else {
        assert!(page == filled, "write it anew with TELEMETRY_TESTS_WRITE_PAGES=1");
    }
}
