//! The pages name code and tests; here they are held to it.
//!
//! A page names a function or a type as `path/to/file.rs::name`, a
//! compile-fail file by its path, and another page by a link.

use std::path::{Path, PathBuf};
use std::{env, fs};

use telemetry_core::scrub::Scrubber;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every page for people, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    for folder in [root(), root().join("docs")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    let pages: Vec<_> =
        paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    assert!(pages.len() > 5, "the pages were not found");
    pages
}

/// What stands between single backticks, line by line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether `source` defines `name`: as an item, or as a variant or a field at
/// the start of a line. A word in a comment or a use of the name is none.
fn defines(source: &str, name: &str) -> bool {
    const ITEMS: [&str; 12] = [
        "fn",
        "struct",
        "enum",
        "trait",
        "const",
        "static",
        "mod",
        "type",
        "union",
        "macro_rules!",
        "macro",
        "pub",
    ];
    source.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).any(|line| {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '!');
        let mut before = "";
        let is_item = words.any(|word| {
            let found = word == name && ITEMS.contains(&before);
            if !word.is_empty() {
                before = word;
            }
            found
        });
        let behind = line.strip_prefix(name).unwrap_or("x").trim_start();
        is_item || behind.starts_with([',', '(', '{', ':', '='])
    })
}

/// Whether `source` has a test of this name.
fn has_test(source: &str, name: &str) -> bool {
    let Some((before, _)) = source.split_once(&format!("fn {name}(")) else { return false };
    // Attributes and comments stand between.
    before.lines().rev().take(8).any(|line| line.trim() == "#[test]")
}

#[test]
fn a_word_that_is_no_definition_is_not_taken_for_one() {
    let source =
        "/// Not `elsewhere`.\npub struct Here {\n    field: u8,\n}\nfn of_it() { there(); }\n";
    for name in ["Here", "field", "of_it"] {
        assert!(defines(source, name), "{name}");
    }
    for name in ["elsewhere", "there", "u8", "Not"] {
        assert!(!defines(source, name), "{name}");
    }
    assert!(has_test("#[test]\nfn one() {}\n", "one") && !has_test("fn one() {}\n", "one"));
}

/// What is wrong with a reference such as `path/to/file.rs::name`.
fn fault(path: &str, name: Option<&str>) -> Option<String> {
    let Ok(source) = fs::read_to_string(root().join(path)) else {
        return Some(format!("there is no {path}"));
    };
    let name = name?;
    let found = if path.starts_with("tests/") {
        has_test(&source, name)
    } else {
        name.split("::").all(|part| defines(&source, part))
    };
    (!found).then(|| format!("there is no {name} in {path}"))
}

#[test]
fn every_test_that_a_page_names_exists() {
    let (mut named, mut faults) = (0, Vec::new());
    for (page, text) in pages() {
        for reference in quoted(&text) {
            let fault = match reference.split_once(".rs::") {
                Some((path, name)) => fault(&format!("{path}.rs"), Some(name)),
                None if reference.starts_with("tests/") && reference.ends_with(".rs") => {
                    fault(reference, None)
                }
                None => continue,
            };
            named += 1;
            faults.extend(fault.map(|fault| format!("{}: {fault}", page.display())));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(named > 20, "only {named} references were found: has their form changed?");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut faults = Vec::new();
    for (page, text) in pages() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") || path.contains(char::is_whitespace) {
                continue;
            }
            if !page.parent().unwrap().join(path).exists() {
                faults.push(format!("{}: {link} leads nowhere", page.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_page_is_unfinished() {
    for (page, text) in pages() {
        for word in ["TODO", "FIXME", "to come"] {
            assert!(!text.contains(word), "{}: {word}", page.display());
        }
    }
}

/// With `TELEMETRY_TESTS_WRITE_PAGES=1` the table is written instead.
#[test]
fn the_page_on_scrubbing_lists_every_rule_in_its_own_words() {
    const HEAD: &str = "|---|---|---|---|\n";
    let path = root().join("docs/scrubbing.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(HEAD).unwrap();
    let (table, after) = rest.split_once("\n\n").unwrap();
    let rows: Vec<String> = Scrubber::rules()
        .iter()
        .map(|rule| {
            let (name, token, checked) =
                (rule.name(), rule.token(), rule.validator().unwrap_or("its form"));
            format!("| `{name}` | `{token}` | {checked} | {} |", rule.description())
        })
        .collect();
    let rows = rows.join("\n");
    if env::var_os("TELEMETRY_TESTS_WRITE_PAGES").is_some() {
        fs::write(path, format!("{before}{HEAD}{rows}\n\n{after}")).unwrap();
        return;
    }
    assert_eq!(table, rows, "run this test with TELEMETRY_TESTS_WRITE_PAGES=1 and read the page");
}
