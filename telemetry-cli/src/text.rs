//! Text that is safe to show.
//!
//! It owns the escaping of what others wrote, and tables. It must never know
//! what a text means.
//!
//! Stored values come from outside the program: a host name, the message of an
//! error. Printed as they are, their control characters would be commands to
//! the terminal (move, recolour, rename its window, reorder the text).

use std::io::{self, Write};

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::io::Paint;

/// The longest value in a table on a terminal, in columns: a pseudonym or
/// an id fits whole, and two values fit on a line.
const LONGEST: usize = 48;

/// The text with everything escaped that a terminal could act on or that
/// cannot be seen: control characters, line breaks, directions of writing.
pub(crate) fn visible(text: &str) -> String {
    escape(text, false)
}

/// The same for text of several lines, whose line breaks stay.
pub(crate) fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

/// Letters of every script stay as they are; `quoted` escapes quotation marks
/// and backslashes too, so that the end of the value can be told.
fn escape(text: &str, quoted: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' if quoted => shown.extend(['\\', c]),
            ' '..='~' => shown.push(c),
            _ => {
                // After a letter, a mark that combines with it is not escaped.
                let pair: String = ['a', c].into_iter().collect();
                shown.extend(pair.escape_debug().skip(1));
            }
        }
    }
    shown
}

/// A line of JSON for a terminal: the same value, with what a terminal could
/// act on in JSON's own escapes. Outside of strings JSON has no such character.
pub(crate) fn visible_json(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for c in line.chars() {
        if visible(c.encode_utf8(&mut [0; 4])).starts_with('\\') && c != '\\' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A JSON value in a cell: text without quotation marks where it cannot be
/// taken for anything else. Cut if `cut` says so.
pub(crate) fn value(value: &Value, cut: bool) -> String {
    let Value::String(text) = value else { return shorten(&visible(&value.to_string()), cut) };
    let unlike_text = |c: char| c.is_whitespace() || c.is_control() || "\"\\=,".contains(c);
    let bare = !text.is_empty()
        && !text.contains(unlike_text)
        && serde_json::from_str::<Value>(text).is_err();
    if bare {
        shorten(&visible(text), cut)
    } else {
        format!("\"{}\"", shorten(&escape(text, true), cut))
    }
}

/// At most [`LONGEST`] columns, if `cut` says so.
pub(crate) fn shorten(text: &str, cut: bool) -> String {
    if !cut || text.width() <= LONGEST {
        return text.to_owned();
    }
    let (mut short, mut width) = (String::new(), 0);
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        // One column is for the dots.
        if width >= LONGEST {
            break;
        }
        short.push(c);
    }
    short.push('…');
    short
}

/// The text in a column of this width.
pub(crate) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// One line for each row, the columns two spaces apart and the last one as
/// long as it is.
pub(crate) fn table(
    out: &mut dyn Write,
    paint: Paint,
    header: &[&str],
    rows: &[Vec<String>],
) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        cells.chain(header.get(column).copied()).map(UnicodeWidthStr::width).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| padded(cell, *width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    writeln!(out, "{}", paint.bold(&line(&mut header.iter().copied())))?;
    for row in rows {
        writeln!(out, "{}", line(&mut row.iter().map(String::as_str)))?;
    }
    Ok(())
}

/// `1 event`, `2 events`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_could_act_on_is_escaped_and_letters_are_not() {
        let hostile = "a\u{1b}[2Jb\u{9b}31mc\u{7f}d\u{202e}e\u{200b}f\ng\u{7}";
        let shown = visible(hostile);
        assert!(
            !shown.contains(|c: char| c.is_control() || "\u{202e}\u{200b}".contains(c)),
            "{shown}"
        );
        assert_eq!(visible("Ünï ‘ok’ हिन्दी e\u{301} \\ \""), "Ünï ‘ok’ हिन्दी e\u{301} \\ \"");
    }

    #[test]
    fn a_line_of_json_stays_the_same_value_when_it_is_made_visible() {
        let line = r#"{"a":"\u001b \\ \" é"#.to_owned() + "\u{9b}\u{202e}\u{e0001}\"}";
        let shown = visible_json(&line);
        assert!(!shown.contains(['\u{9b}', '\u{202e}', '\u{e0001}']), "{shown}");
        assert!(shown.contains('é'));
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(parse(&shown), parse(&line));
    }

    #[test]
    fn a_table_lines_up_in_every_script() {
        let rows = [
            ("plain", 5),
            ("日本語", 6),
            ("한국어", 6),
            ("e\u{301}te\u{301}", 3),
            ("हिन्दी", 5),
            ("🦀🚀", 4),
            ("naïve", 5),
        ];
        let cells: Vec<_> = rows.iter().map(|(text, _)| vec![visible(text), "|".into()]).collect();
        let mut out = Vec::new();
        table(&mut out, crate::io::Io::new(io::sink(), io::sink()).paint(), &["NAME", "|"], &cells)
            .unwrap();
        let out = String::from_utf8(out).unwrap();
        let widest = rows.iter().map(|(_, columns)| columns).max().unwrap();
        for (line, (text, columns)) in out.lines().skip(1).zip(rows) {
            // The columns that a terminal gives to each text, by hand.
            assert_eq!(line, format!("{text}{}|", " ".repeat(widest - columns + 2)), "{out}");
        }
    }

    #[test]
    fn a_value_is_cut_by_columns_and_between_characters() {
        assert_eq!(shorten(&"é".repeat(48), true), "é".repeat(48));
        assert_eq!(shorten(&"é".repeat(49), true), "é".repeat(47) + "…");
        assert_eq!(shorten(&"語".repeat(24), true), "語".repeat(24));
        assert_eq!(shorten(&"語".repeat(25), true), "語".repeat(23) + "…");
        assert_eq!(shorten(&"語".repeat(25), false), "語".repeat(25));
    }

    #[test]
    fn a_value_that_could_be_taken_for_something_else_is_in_quotation_marks() {
        for (text, shown) in [
            ("web-1", "web-1"),
            ("10", "\"10\""),
            ("true", "\"true\""),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("say \"x\\", "\"say \\\"x\\\\\""),
        ] {
            assert_eq!(value(&Value::from(text), false), shown);
        }
        assert_eq!(value(&Value::from(10), false), "10");
    }
}
