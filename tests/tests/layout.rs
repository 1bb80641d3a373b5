//! Imports run one way: the modules of the library and of the derive, held
//! against the order that DESIGN.md gives them.
//!
//! Every path that begins with `crate::` or `super::` counts, in a `use` and
//! elsewhere; tests inside a file and comments do not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The first column of the table below a heading of DESIGN.md.
fn order(heading: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("DESIGN.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n{heading}\n")).expect("the heading");
    let rows = section.lines().skip_while(|line| !line.starts_with("| `"));
    let rows = rows.take_while(|line| line.starts_with('|'));
    let names = |row: &str| -> Vec<String> {
        let cell = row.split('|').nth(1).unwrap_or_default();
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let order: Vec<String> = rows.flat_map(names).collect();
    assert!(order.len() > 8, "{heading}: {order:?}");
    order
}

/// A file of a crate: its module's path, such as `["spool", "segment"]`, and
/// the code without comments and tests.
struct Source {
    path: Vec<String>,
    code: String,
}

fn sources(crate_folder: &str) -> Vec<Source> {
    let root = root().join(crate_folder).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let relative = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Vec<String> =
                relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            module.pop_if(|last| last == "mod");
            if module != ["lib"] && module.last().is_none_or(|last| last != "tests") {
                sources.push(Source { path: module, code: code(&path) });
            }
        }
    }
    assert!(sources.len() > 10, "the sources of {crate_folder}");
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

/// A file without comments and without the tests at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every module path that `source` names, from the crate on.
fn imports(source: &Source) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (start, word) in source.code.match_indices("crate::") {
        // `$crate` is the crate of whoever calls the macro.
        if !source.code[..start].ends_with(['$', '_']) {
            let rest = &source.code[start + word.len()..];
            found.extend(heads(rest).into_iter().map(|head| vec![head]));
            for head in heads(rest) {
                let below =
                    rest.strip_prefix(head.as_str()).and_then(|rest| rest.strip_prefix("::"));
                for next in below.map(heads).unwrap_or_default() {
                    found.insert(vec![head.clone(), next]);
                }
            }
        }
    }
    for (start, word) in source.code.match_indices("super::") {
        if source.code[..start].ends_with("super::") {
            continue;
        }
        let rest = &source.code[start + word.len()..];
        let parent = &source.path[..source.path.len() - 1];
        found.extend(heads(rest).into_iter().map(|head| [parent, &[head]].concat()));
    }
    found
}

/// The first names of a path or of a list of paths in braces.
fn heads(rest: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(list) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut names, mut depth, mut item) = (Vec::new(), 0, String::new());
    for letter in list.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&std::mem::take(&mut item))),
            _ if depth == 0 => item.push(letter),
            _ => {}
        }
    }
    names.push(name(&item));
    names.retain(|name| !name.is_empty());
    names
}

/// The imports of a crate that run against `order`, as `from -> to`.
fn upward(crate_folder: &str, order: &[String]) -> BTreeSet<String> {
    let place = |name: &str| order.iter().position(|row| row == name);
    let mut upward = BTreeSet::new();
    for source in sources(crate_folder) {
        let Some(own) = source.path.first() else { continue };
        let own_place = place(own).unwrap_or_else(|| panic!("DESIGN.md has no row for `{own}`"));
        for import in imports(&source) {
            if place(&import[0]).is_some_and(|place| place > own_place) {
                upward.insert(format!("{} -> {}", source.path.join("::"), import[0]));
            }
        }
    }
    upward
}

#[test]
fn no_module_of_the_library_imports_one_above_it() {
    let upward = upward("telemetry-core", &order("## The modules, from the lowest"));
    assert_eq!(upward, BTreeSet::new(), "imports that run upward");
}

#[test]
fn no_module_of_the_derive_imports_one_above_it() {
    let upward = upward("telemetry-derive", &order("### Inside the derive"));
    assert_eq!(upward, BTreeSet::new(), "imports that run upward");
}

/// Inside one module of the library, files may stand on each other, but not in
/// a circle.
#[test]
fn no_files_of_a_module_stand_on_each_other_in_a_circle() {
    let sources = sources("telemetry-core");
    let files: BTreeSet<Vec<String>> = sources.iter().map(|source| source.path.clone()).collect();
    let mut edges: BTreeMap<&[String], BTreeSet<Vec<String>>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path.len() == 2) {
        let siblings = imports(source);
        let siblings = siblings.into_iter().filter(|to| files.contains(to) && *to != source.path);
        edges.insert(&source.path, siblings.collect());
    }
    let mut circles = BTreeSet::new();
    for start in edges.keys() {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start.to_vec()]);
        while let Some(file) = next.pop() {
            for to in edges.get(file.as_slice()).into_iter().flatten() {
                if to == start {
                    circles.insert(start.join("::"));
                } else if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
    }
    assert_eq!(circles, BTreeSet::new(), "files in a circle");
}
