//! The organisation's policy in the shape of a .NET application's config.
//!
//! | element | meaning |
//! |---|---|
//! | `<analyticsSettings>`, anywhere in the document | the section |
//! | `<add key="Telemetry.Enabled" value="false" />` in it | off, or on, for every purpose |
//! | `<add key="Telemetry.Purposes.NAME" value="false" />` in it | off, or on, for one purpose |
//! | any other element, key or attribute in the section | the file is broken |
//!
//! Values are `true` and `false` in any case, as .NET reads them. Document type
//! definitions are refused, so that no entity is expanded and nothing fetched.

use roxmltree::{Document, Node};

use crate::consent::document::shown;
use crate::consent::file::Problem;
use crate::consent::signal::{Signal, Verdict};

const SECTION: &str = "analyticsSettings";

pub(crate) fn parse(text: &str, known: &[String]) -> Result<Signal, Vec<Problem>> {
    let document = Document::parse(text).map_err(|error| {
        vec![Problem::of_cut_off(usize::try_from(error.pos().row).unwrap_or(0), "is not valid XML")]
    })?;
    let (mut signal, mut problems) = (Signal::default(), Vec::new());
    for node in document.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        if name == SECTION {
            section(&document, node, known, &mut signal, &mut problems);
        } else if name.eq_ignore_ascii_case(SECTION) {
            problems.push(Problem::new(
                line(&document, node),
                format!("has `{}` where `{SECTION}` is meant", shown(name)),
            ));
        }
    }
    if problems.is_empty() { Ok(signal) } else { Err(problems) }
}

fn section(
    document: &Document<'_>,
    section: Node<'_, '_>,
    known: &[String],
    signal: &mut Signal,
    problems: &mut Vec<Problem>,
) {
    // `configSource` would move the settings into a file that is not read here.
    if section.attributes().len() > 0 {
        problems
            .push(Problem::new(line(document, section), format!("has attributes on `{SECTION}`")));
    }
    for node in section.children().filter(Node::is_element) {
        let at = line(document, node);
        match entry(node, known) {
            Err(what) => problems.push(Problem::new(at, what)),
            Ok((purpose, on)) => {
                let slot = match purpose {
                    None => &mut signal.enabled,
                    Some(name) => {
                        let answer =
                            signal.purposes.entry(name).or_insert(Verdict { on, line: at });
                        if answer.on && !on {
                            *answer = Verdict { on, line: at };
                        }
                        continue;
                    }
                };
                // Said twice, any off wins.
                if slot.is_none_or(|before| before.on) {
                    *slot = Some(Verdict { on, line: at });
                }
            }
        }
    }
}

/// The purpose (none: all) and what is said of it.
fn entry(node: Node<'_, '_>, known: &[String]) -> Result<(Option<String>, bool), String> {
    if node.tag_name().name() != "add" {
        return Err(format!("has the unknown element `{}`", shown(node.tag_name().name())));
    }
    if let Some(other) = node.attributes().find(|a| !matches!(a.name(), "key" | "value")) {
        return Err(format!("has the unknown attribute `{}`", shown(other.name())));
    }
    let key = node.attribute("key").unwrap_or_default();
    let purpose = match key.strip_prefix("Telemetry.Purposes.") {
        Some(name) if known.is_empty() || known.iter().any(|known| known == name) => {
            Some(name.to_owned())
        }
        None if key == "Telemetry.Enabled" => None,
        _ => return Err(format!("has the unknown key `{}`", shown(key))),
    };
    let value = node.attribute("value").unwrap_or_default().trim();
    if value.eq_ignore_ascii_case("true") {
        Ok((purpose, true))
    } else if value.eq_ignore_ascii_case("false") {
        Ok((purpose, false))
    } else {
        Err(format!("has a value for `{}` that is neither true nor false", shown(key)))
    }
}

fn line(document: &Document<'_>, node: Node<'_, '_>) -> usize {
    usize::try_from(document.text_pos_at(node.range().start).row).unwrap_or(0)
}
