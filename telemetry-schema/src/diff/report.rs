//! A comparison as text, JSON and Markdown.

use std::fmt;

use serde_json::{Value, json};

use super::{Bits, Change, Diff, Rank};
use crate::words;

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.event)?;
        if let Some(field) = &self.field {
            write!(f, ".{field}")?;
        }
        write!(f, ": {} ({}: {})", self.what, self.rank.loud(), self.why)
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (words::bits(self.before), words::bits(self.after));
        write!(f, "{}: {before} -> {after} bits ({} bits)", self.event, self.change())?;
        if self.open {
            f.write_str(" in its closed fields; others are open")?;
        }
        Ok(())
    }
}

impl Bits {
    /// The difference with its sign: `+3.2`.
    pub fn change(&self) -> String {
        let whole = |bits: u64| i64::try_from(bits).unwrap_or(i64::MAX);
        words::signed_bits(whole(self.after).saturating_sub(whole(self.before)))
    }
}

/// One change a line, then the bits, then what is missing, then the sum.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no change\n");
        }
        for change in &self.changes {
            writeln!(f, "{change}")?;
            for detail in &change.details {
                writeln!(f, "    {detail}")?;
            }
        }
        for bits in &self.bits {
            writeln!(f, "{bits}")?;
        }
        for finding in &self.findings {
            f.write_str(&finding.event)?;
            if let Some(field) = &finding.field {
                write!(f, ".{field}")?;
            }
            writeln!(f, ": {}", finding.text)?;
        }
        writeln!(f, "{}", self.summary())
    }
}

impl Diff {
    /// `1 loosened, 2 widened; +3.2 bits`.
    pub fn summary(&self) -> String {
        let counts = Rank::ALL.iter().rev().filter_map(|rank| match self.count(*rank) {
            0 => None,
            count => Some(format!("{count} {}", rank.name())),
        });
        let mut text = counts.collect::<Vec<_>>().join(", ");
        if !self.bits.is_empty() {
            text.push_str(if text.is_empty() { "" } else { "; " });
            text.push_str(&format!("{} bits", words::signed_bits(self.millibits())));
        }
        if !self.findings.is_empty() {
            text.push_str(&format!("; {} without the right `since`", self.findings.len()));
        }
        text
    }

    /// The same for a program.
    pub fn to_json(&self) -> Value {
        let changes = self.changes.iter().map(|change| {
            json!({
                "rank": change.rank.name(),
                "event": change.event,
                "field": change.field,
                "what": change.what,
                "why": change.why,
                "details": change.details,
            })
        });
        let bits = self.bits.iter().map(|bits| {
            json!({
                "event": bits.event,
                "millibits_before": bits.before,
                "millibits_after": bits.after,
                "open": bits.open,
            })
        });
        let findings = self.findings.iter().map(|finding| {
            json!({ "event": finding.event, "field": finding.field, "text": finding.text })
        });
        json!({
            "rank": self.rank().map(Rank::name),
            "millibits": self.millibits(),
            "changes": changes.collect::<Vec<_>>(),
            "bits": bits.collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
        })
    }

    /// The same for the page of a pull request.
    pub fn to_markdown(&self) -> String {
        let mut out = String::from("### Telemetry\n\n");
        if self.is_empty() {
            out.push_str("What the telemetry can say is unchanged.\n");
            return out;
        }
        out.push_str(&format!("{}.\n\n", self.summary()));
        out.push_str("| | where | change | what it means |\n|---|---|---|---|\n");
        for change in &self.changes {
            let rank = match change.rank {
                Rank::Loosened => "**LOOSENED**",
                Rank::Widened => "**widened**",
                other => other.name(),
            };
            let field = change.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
            let place = format!("{}{field}", change.event);
            let mut what = words::code(&change.what);
            for detail in &change.details {
                what.push_str(&format!("<br>{}", words::code(detail)));
            }
            let why = words::cell(&change.why);
            out.push_str(&format!("| {rank} | {} | {what} | {why} |\n", words::code(&place)));
        }
        if !self.bits.is_empty() {
            out.push_str("\n| event | before | after | change |\n|---|---:|---:|---:|\n");
        }
        for bits in &self.bits {
            let open = if bits.open { " and open fields" } else { "" };
            out.push_str(&format!(
                "| {} | {} bits | {} bits{open} | {} bits |\n",
                words::code(&bits.event),
                words::bits(bits.before),
                words::bits(bits.after),
                bits.change()
            ));
        }
        if !self.findings.is_empty() {
            out.push('\n');
        }
        for finding in &self.findings {
            let field = finding.field.as_ref().map(|field| format!(".{field}")).unwrap_or_default();
            let place = words::code(&format!("{}{field}", finding.event));
            out.push_str(&format!("- [ ] {place} {}.\n", finding.text));
        }
        out
    }
}
