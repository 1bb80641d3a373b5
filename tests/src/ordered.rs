//! The program `consent_program`, as a test orders it about.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running program that does what it is told, a word at a time.
#[derive(Debug)]
pub struct Ordered {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Ordered {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("a pipe was asked for"));
        Self { child, orders, answers }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Gives an order, and returns the answer.
    ///
    /// # Panics
    ///
    /// When the program has ended.
    pub fn say(&mut self, order: &str) -> String {
        let orders = self.orders.as_mut().expect("it takes orders until it ends");
        writeln!(orders, "{order}").expect("it still reads");
        self.answer()
    }

    /// The next line that it says.
    ///
    /// # Panics
    ///
    /// When its output is no text.
    pub fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it says text");
        line.trim_end().to_owned()
    }

    /// Lets it end, and says what it said last.
    ///
    /// # Panics
    ///
    /// When it failed.
    pub fn end(mut self) -> String {
        self.orders = None;
        let rest = self.answer();
        assert!(self.child.wait().expect("it was started").success());
        rest
    }
}

impl Drop for Ordered {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
