//! Where a command reads and writes.
//!
//! It owns the streams and whether a person sits at them. It must never know
//! what is written.

use std::fmt;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// The streams of one command: results go to the first, errors and questions
/// to the second. Nothing is read from or written to anything else.
///
/// ```
/// use telemetry_cli::Io;
///
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let io = Io::new(&mut out, &mut err);
/// # drop(io);
/// ```
pub struct Io<'a> {
    out: Box<dyn Write + 'a>,
    err: Box<dyn Write + 'a>,
    answers: Option<Box<dyn BufRead + 'a>>,
    terminal: bool,
    progress: bool,
    out_colours: bool,
    err_colours: bool,
}

impl fmt::Debug for Io<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("answers", &self.answers.is_some())
            .field("terminal", &self.terminal)
            .finish_non_exhaustive()
    }
}

impl Io<'static> {
    /// The streams of the process.
    ///
    /// A stream that is a terminal gets colours, unless `NO_COLOR` is set to
    /// something, `CLICOLOR` is `0` or `TERM` is `dumb`; `CLICOLOR_FORCE` gives
    /// them to a pipe too. Questions are asked when both the input and the
    /// error stream are terminals.
    pub fn of_process() -> Self {
        let out_colours = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        let err_colours = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
        let err_terminal = io::stderr().is_terminal();
        let asked = err_terminal && io::stdin().is_terminal();
        // Without colours nothing is taken out: what is printed byte for byte
        // may hold what looks like one.
        let out: Box<dyn Write> = match out_colours {
            true => Box::new(BufWriter::new(AutoStream::always(io::stdout()))),
            false => Box::new(BufWriter::new(io::stdout())),
        };
        let err: Box<dyn Write> = match err_colours {
            true => Box::new(AutoStream::always(io::stderr())),
            false => Box::new(io::stderr()),
        };
        Self {
            out,
            err,
            answers: asked.then(|| Box::new(io::stdin().lock()) as Box<dyn BufRead>),
            terminal: io::stdout().is_terminal(),
            progress: err_terminal,
            out_colours,
            err_colours,
        }
    }
}

impl<'a> Io<'a> {
    /// Streams that are no terminal: no colours, nothing is cut, and nobody
    /// can be asked.
    pub fn new(out: impl Write + 'a, err: impl Write + 'a) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            answers: None,
            terminal: false,
            progress: false,
            out_colours: false,
            err_colours: false,
        }
    }

    /// Somebody who answers questions, one line each.
    #[must_use]
    pub fn with_answers(mut self, answers: impl BufRead + 'a) -> Self {
        self.answers = Some(Box::new(answers));
        self
    }

    /// Writes as for a terminal: long values are cut; with colours or without.
    #[must_use]
    pub fn as_terminal(mut self, colours: bool) -> Self {
        self.terminal = true;
        (self.out_colours, self.err_colours) = (colours, colours);
        self
    }

    /// Whether results are read by a person and not by a program.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether somebody sees how far a long command is.
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress
    }

    pub(crate) fn can_ask(&self) -> bool {
        self.answers.is_some()
    }

    /// Where results go.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Where errors, notes and questions go.
    pub(crate) fn err(&mut self) -> &mut dyn Write {
        &mut self.err
    }

    /// How results are emphasised.
    pub(crate) fn paint(&self) -> Paint {
        Paint(self.out_colours)
    }

    /// How errors are emphasised.
    pub(crate) fn paint_err(&self) -> Paint {
        Paint(self.err_colours)
    }

    /// Asks a question that is answered with yes or no. No answer is a no.
    pub(crate) fn confirm(&mut self, question: &str) -> io::Result<bool> {
        Ok(self.answer(question)?.unwrap_or(false))
    }

    /// The same; `None` when the input ends without an answer.
    pub(crate) fn answer(&mut self, question: &str) -> io::Result<Option<bool>> {
        self.out.flush()?;
        write!(self.err, "{question} [y/N] ")?;
        self.err.flush()?;
        let mut answer = String::new();
        let length = match &mut self.answers {
            Some(answers) => answers.read_line(&mut answer)?,
            None => 0,
        };
        let yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        Ok((length > 0).then_some(yes))
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.err.flush()
    }
}

/// Emphasis by the colours of a terminal, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
