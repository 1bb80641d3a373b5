//! Scrubbing beside other ways to do it: `cargo bench -p telemetry-benches
//! --bench scrub`.
//!
//! All cases of a table run in turns over the same text. The others look for
//! less: the ten patterns that this library began with, of which one cannot
//! tell a card from a count.

use std::hint::black_box;

use regex::{Regex, RegexSet};
use telemetry_benches::harness::{self, Case, Form};
use telemetry_benches::{CLEAN, DIRTY};
use telemetry_core::scrub::{Machine, Scrubber};

/// Versions, module paths, times and dates: what begins like many finds.
const NEAR_MISS: &str = "std::io 1.2.3 at 12:30:45 std::fmt v0.12.1 took 2026-11-24 3.5ms";

const CLEAN_LOG: &str = "\
2026-11-24T12:30:45.123Z INFO  worker pool started with 8 threads in 35 ms
2026-11-24T12:30:46.001Z DEBUG cache: 1024 entries loaded from disk, 3 stale
2026-11-24 12:30:47,551 WARN [main] o.a.h.Client - retrying in 250 ms (attempt 3 of 10)
081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_38865049064139660 terminating
";

const NATURAL_LOG: &str = "\
Nov 15 02:04:59 web-7 sshd(pam_unix)[20882]: authentication failure; logname= uid=0 tty=NODEVssh ruser= rhost=203.0.113.9  user=jane
Nov 15 02:05:00 web-7 sshd[24200]: Invalid user webmaster from 198.51.100.31
2026-11-15 02:05:01,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster for application 0020
081109 203518 143 INFO dfs.DataNode$DataXceiver: Receiving block blk_-1608999687919862906 src: /10.250.19.102:54106 dest: /10.250.19.102:50010
2026-11-15 02:05:02 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]
";

/// What is looked for by the other ways.
const PATTERNS: [&str; 10] = [
    r"(?i)authorization[:=] *(bearer|basic|token) +[^ ,;]+",
    r"(?i)\bbearer +[A-Za-z0-9._~+/=-]{16,}",
    r"--?[A-Za-z0-9_-]*(password|passwd|secret|token|api[_-]?key)[= ]+[^ ]+",
    r"(?i)(password|passwd|pwd|secret|token|api[_-]?key) *[:=]+ *[^ &;,]+",
    r"://[^ /?#]+@",
    r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}",
    r"/(home|Users)/[^ /:]+",
    r"~[A-Za-z_][A-Za-z0-9_.-]*/",
    r"([0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}",
    r"\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b",
];

struct Others {
    rules: Vec<Regex>,
    set: RegexSet,
    union: Regex,
}

impl Others {
    fn new() -> Result<Self, regex::Error> {
        let each = PATTERNS.map(|pattern| format!("(?:{pattern})"));
        Ok(Self {
            rules: PATTERNS.iter().map(|pattern| Regex::new(pattern)).collect::<Result<_, _>>()?,
            set: RegexSet::new(PATTERNS)?,
            union: Regex::new(&each.join("|"))?,
        })
    }

    fn replace_all(&self, text: &str) -> usize {
        self.rules.iter().map(|rule| rule.replace_all(text, "[x]").len()).sum()
    }

    fn set_gate(&self, text: &str) -> usize {
        self.set
            .matches(text)
            .iter()
            .filter_map(|at| self.rules.get(at))
            .map(|rule| rule.replace_all(text, "[x]").len())
            .sum()
    }

    fn union_gate(&self, text: &str) -> usize {
        if self.union.is_match(text) { self.replace_all(text) } else { text.len() }
    }
}

/// The same scrubber with the first rules alone.
fn with_rules(all: &Scrubber, count: usize) -> Scrubber {
    Scrubber::rules().iter().skip(count).fold(all.clone(), |scrubber, rule| {
        scrubber.without(rule.name()).unwrap_or_else(|_| all.clone())
    })
}

fn table(form: Form, group: &'static str, text: &str) -> Result<(), regex::Error> {
    let scrubber =
        Scrubber::default().with_machine(Machine::unknown().with_user("jdoe").with_host("web-9"));
    let (one, ten) = (with_rules(&scrubber, 1), with_rules(&scrubber, 10));
    let others = Others::new()?;
    let title = format!("scrub: {group}, {} bytes", text.len());
    let title: &'static str = Box::leak(title.into_boxed_str());
    harness::run(
        form,
        group,
        title,
        vec![
            Case::new("table", "floor: a look at each byte", || {
                black_box(black_box(text).bytes().fold(0_u8, |seen, byte| seen | byte));
            }),
            Case::new("scrub", "scrubbed by all rules", || {
                black_box(scrubber.scrub(black_box(text)).len());
            }),
            Case::new("ten", "scrubbed by ten rules", || {
                black_box(ten.scrub(black_box(text)).len());
            }),
            Case::new("one", "scrubbed by one rule", || {
                black_box(one.scrub(black_box(text)).len());
            }),
            Case::new("union", "ten regexes behind one union", || {
                black_box(others.union_gate(black_box(text)));
            }),
            Case::new("set", "ten regexes behind a RegexSet", || {
                black_box(others.set_gate(black_box(text)));
            }),
            Case::new("replace_all", "ten regexes, replace_all each", || {
                black_box(others.replace_all(black_box(text)));
            }),
        ],
    );
    Ok(())
}

fn main() -> Result<(), regex::Error> {
    let form = Form::from_arguments();
    table(form, "clean", CLEAN)?;
    table(form, "near_miss", NEAR_MISS)?;
    table(form, "dirty", DIRTY)?;
    table(form, "clean_log", &CLEAN_LOG.repeat(100))?;
    table(form, "natural_log", &NATURAL_LOG.repeat(100))
}
