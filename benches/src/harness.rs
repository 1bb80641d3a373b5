//! Measuring cases side by side.
//!
//! It owns the turns, the table and the JSON lines. It must never know what a
//! case does.
//!
//! A harness of our own: what is asked is the ratio to the floor. It holds from
//! machine to machine only when the two are measured in turns in one run, which
//! neither criterion nor divan does.

use std::time::{Duration, Instant};

/// Time of one turn of one case: ten thousand times the clock's resolution,
/// and short beside the slices of time that the system gives to others.
const TURN: Duration = Duration::from_millis(1);
/// Turns of each case. The quickest counts: it is the least disturbed one.
const TURNS: usize = 301;

/// One thing that is measured.
pub struct Case<'a> {
    name: &'static str,
    label: &'static str,
    call: Box<dyn FnMut() + 'a>,
    calls: u32,
    /// How often what is measured is done in one call.
    parts: u32,
    least: f64,
}

impl std::fmt::Debug for Case<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Case<'a> {
    /// `name` stands in the JSON lines, `label` in the table.
    pub fn new(name: &'static str, label: &'static str, call: impl FnMut() + 'a) -> Self {
        Self { name, label, call: Box::new(call), calls: 1, parts: 1, least: f64::INFINITY }
    }

    /// The call does it `parts` times: the time of one is told.
    pub fn of(self, parts: u32) -> Self {
        Self { parts, ..self }
    }

    fn time(&mut self) -> Duration {
        let start = Instant::now();
        for _ in 0..self.calls {
            (self.call)();
        }
        start.elapsed()
    }

    /// Finds how many calls a turn has.
    fn calibrate(&mut self) {
        while self.time() < TURN / 2 && self.calls < 1 << 28 {
            self.calls *= 2;
        }
    }

    fn turn(&mut self) {
        let nanoseconds =
            self.time().as_nanos() as f64 / f64::from(self.calls) / f64::from(self.parts);
        self.least = self.least.min(nanoseconds);
    }
}

/// How the results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One table a question.
    Table,
    /// One JSON object a case.
    Json,
}

impl Form {
    /// `--json` among the arguments of the program.
    pub fn from_arguments() -> Self {
        if std::env::args().any(|argument| argument == "--json") { Self::Json } else { Self::Table }
    }
}

/// Whether a case is asked for: by an argument of the program that is the name
/// of the question or of the case. Without such an argument, all are.
fn is_asked_for(question: &str, case: &str) -> bool {
    let mut asked = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let mut any = false;
    asked.any(|argument| {
        any = true;
        argument == question || argument == case
    }) || !any
}

/// Measures `cases` in turns and prints them; the first is the floor, and is
/// measured if any other is.
#[expect(clippy::print_stdout, reason = "the result")]
pub fn run(form: Form, question: &str, title: &str, mut cases: Vec<Case<'_>>) {
    if !cases.iter().any(|case| is_asked_for(question, case.name)) {
        return;
    }
    let mut index = 0;
    cases.retain(|case| {
        index += 1;
        index == 1 || is_asked_for(question, case.name)
    });
    cases.iter_mut().for_each(Case::calibrate);
    for _ in 0..TURNS {
        cases.iter_mut().for_each(Case::turn);
    }
    let measured = cases.iter().map(|case| (case.name, case.label, case.least));
    let rows: Vec<_> = measured.collect();
    match form {
        Form::Table => print!("{}", table(title, &rows)),
        Form::Json => print!("{}", json_lines(question, &rows)),
    }
}

/// Prints figures that were not measured in turns: of whole threads, say.
#[expect(clippy::print_stdout, reason = "the result")]
pub fn print(form: Form, question: &str, title: &str, rows: &[(&'static str, &'static str, f64)]) {
    match form {
        Form::Table => print!("{}", table(title, rows)),
        Form::Json => print!("{}", json_lines(question, rows)),
    }
}

fn floor(rows: &[(&str, &str, f64)]) -> f64 {
    rows.first().map_or(f64::NAN, |(_, _, nanoseconds)| *nanoseconds)
}

fn table(title: &str, rows: &[(&str, &str, f64)]) -> String {
    let mut text = format!("\n{title:<58} {:>10} {:>9}\n", "ns", "x floor");
    for (_, label, nanoseconds) in rows {
        let ratio = nanoseconds / floor(rows);
        text.push_str(&format!("{label:<58} {nanoseconds:>10.1} {ratio:>9.2}\n"));
    }
    text
}

fn json_lines(question: &str, rows: &[(&str, &str, f64)]) -> String {
    let mut text = String::new();
    for (case, _, nanoseconds) in rows {
        let ratio = nanoseconds / floor(rows);
        text.push_str(&format!(
            "{{\"question\":\"{question}\",\"case\":\"{case}\",\"ns\":{nanoseconds:.2},\"ratio\":{ratio:.3}}}\n"
        ));
    }
    text
}
