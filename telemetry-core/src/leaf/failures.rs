//! What may be told of the errors of others.
//!
//! It owns what each well-known error says of its kind: the operating system's
//! code, the place in a file, and never the text that was quoted from the
//! input. It must never know where an error comes from.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error;
use std::{char, env, fmt, io, net, num, str, string, sync, time};

use super::describe::{Describe, Description};
use super::errors::MOST_CAUSES;
use super::message::Described;
use super::{Context, HasLeaves, LeafPolicy, Sink, kind};

/// As many frames as reach from a failure to `main` in all but recursion.
const MOST_FRAMES: usize = 64;

/// The operating system's code, or the kind that the program gave it. What the
/// program put into it is not said.
impl Describe for io::Error {
    fn describe(&self, description: &mut Description<'_>) {
        description.known(self.kind());
        if let Some(code) = self.raw_os_error() {
            description.known(format_args!(" (os error {code})"));
        }
    }
}

/// An error of a type that is not known, with its causes.
struct Chain<'e>(&'e (dyn Error + 'e));

/// The words of the error, of which only known ones stay, and of each cause the
/// kind where that is known.
impl Describe for Chain<'_> {
    fn describe(&self, description: &mut Description<'_>) {
        words(&self.0.to_string(), description);
        describe_causes(self.0.source(), description);
    }
}

/// As [`Chain`]; its first error too is told by its kind.
#[cfg(any(feature = "anyhow", feature = "eyre"))]
struct KindReport<'e>(&'e (dyn Error + 'static));

#[cfg(any(feature = "anyhow", feature = "eyre"))]
impl Describe for KindReport<'_> {
    fn describe(&self, description: &mut Description<'_>) {
        describe_one(self.0, description);
        describe_causes(self.0.source(), description);
    }
}

fn describe_causes(mut cause: Option<&(dyn Error + 'static)>, description: &mut Description<'_>) {
    for _ in 0..MOST_CAUSES {
        let Some(error) = cause else { break };
        description.known(": ");
        describe_one(error, description);
        cause = error.source();
    }
}

fn describe_one(error: &(dyn Error + 'static), description: &mut Description<'_>) {
    macro_rules! known {
        ($($(#[$attribute:meta])* $Type:ty)*) => {$(
            $(#[$attribute])*
            if let Some(error) = error.downcast_ref::<$Type>() {
                return error.describe(description);
            }
        )*};
    }
    known! {
        io::Error
        #[cfg(feature = "client")]
        serde_json::Error
        #[cfg(feature = "client")]
        toml::de::Error
        #[cfg(feature = "clap")]
        clap::Error
    }
    if says_no_input(error) {
        description.known(error);
    } else {
        words(&error.to_string(), description);
    }
}

/// Errors of the standard library whose words are the same whatever the input
/// was, but for numbers.
fn says_no_input(error: &(dyn Error + 'static)) -> bool {
    error.is::<num::ParseIntError>()
        || error.is::<num::ParseFloatError>()
        || error.is::<num::TryFromIntError>()
        || error.is::<str::ParseBoolError>()
        || error.is::<char::ParseCharError>()
        || error.is::<str::Utf8Error>()
        || error.is::<string::FromUtf8Error>()
        || error.is::<net::AddrParseError>()
        || error.is::<fmt::Error>()
        || error.is::<time::SystemTimeError>()
        || error.is::<sync::mpsc::RecvError>()
        || matches!(error.downcast_ref(), Some(env::VarError::NotPresent))
}

fn words(text: &str, description: &mut Description<'_>) {
    match description.context().scrubber() {
        Some(scrubber) => description.known(scrubber.scrub_known(text)),
        None => description.stand_in("error"),
    }
}

/// The category and the place, without what was read there.
#[cfg(feature = "client")]
impl Describe for serde_json::Error {
    fn describe(&self, description: &mut Description<'_>) {
        use serde_json::error::Category;
        description.known(match self.classify() {
            Category::Io => "JSON could not be read",
            Category::Syntax => "not valid JSON",
            Category::Data => "JSON of another shape",
            Category::Eof => "JSON without its end",
        });
        if self.line() > 0 {
            description.known(format_args!(" at line {} column {}", self.line(), self.column()));
        }
        if let Some(kind) = self.io_error_kind() {
            description.known(format_args!(": {kind}"));
        }
    }
}

/// The place, without what was read there.
#[cfg(feature = "client")]
impl Describe for toml::de::Error {
    fn describe(&self, description: &mut Description<'_>) {
        description.known("not the TOML that was expected");
        if let Some(span) = self.span() {
            description.known(format_args!(" at byte {}", span.start));
        }
    }
}

/// The kind, such as `unexpected argument found`, without the argument.
#[cfg(feature = "clap")]
impl Describe for clap::Error {
    fn describe(&self, description: &mut Description<'_>) {
        match self.kind().as_str() {
            Some(kind) => description.known(kind),
            None => description.known(format_args!("{:?}", self.kind())),
        }
    }
}

/// The names of the functions, innermost first. Paths of source files hold the
/// names of who built the program, and are left out.
impl Describe for Backtrace {
    fn describe(&self, description: &mut Description<'_>) {
        if self.status() != BacktraceStatus::Captured {
            return description.stand_in("backtrace");
        }
        let text = self.to_string();
        for (place, symbol) in symbols(&text).take(MOST_FRAMES).enumerate() {
            if place > 0 {
                description.known("\n");
            }
            description.known(symbol);
        }
    }
}

/// Of lines such as `3: program::main` and `at /home/jane/src/main.rs:1` the
/// first ones' names.
fn symbols(backtrace: &str) -> impl Iterator<Item = &str> {
    backtrace.lines().filter_map(|line| {
        let (number, symbol) = line.trim_start().split_once(": ")?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        // A name that could not be found is an address.
        (is_number && !symbol.starts_with("0x") && !symbol.contains(['/', '\\'])).then_some(symbol)
    })
}

macro_rules! described {
    ($($(#[$attribute:meta])* $Type:ty;)*) => {$(
        $(#[$attribute])*
        impl HasLeaves<kind::Parts> for $Type {
            type Inner<'v> = Described<'v> where Self: 'v;

            fn inner(&self) -> Described<'_> {
                Described(self)
            }
        }
    )*};
}
described! {
    io::Error;
    Backtrace;
    #[cfg(feature = "client")]
    serde_json::Error;
    #[cfg(feature = "client")]
    toml::de::Error;
    #[cfg(feature = "clap")]
    clap::Error;
}

macro_rules! chains {
    ($($(#[$attribute:meta])* $Type:ty => |$error:ident| $chain:expr;)*) => {$(
        $(#[$attribute])*
        impl HasLeaves<kind::Parts> for $Type {
            type Inner<'v> = &'v Self where Self: 'v;

            fn inner(&self) -> &Self {
                self
            }

            fn apply_to_leaves<P: LeafPolicy<Kind = kind::Parts>, R: Sink>(
                &self,
                policy: &P,
                context: Context<'_>,
                sink: R,
            ) -> Result<R::Ok, R::Error> {
                let $error = self;
                policy.apply(&$chain, context, sink)
            }
        }
    )*};
}
chains! {
    dyn Error + '_ => |error| Chain(error);
    dyn Error + Send + '_ => |error| Chain(error);
    dyn Error + Send + Sync + '_ => |error| Chain(error);
    #[cfg(feature = "anyhow")]
    anyhow::Error => |error| KindReport(error.as_ref());
    #[cfg(feature = "eyre")]
    eyre::Report => |error| KindReport(error.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_backtrace_the_names_of_functions_are_left() {
        let text = "   0: std::panicking::begin\n             at /rustc/59/library/std/src/p.rs:689:5\n   1: plan::main::{{closure}}\n             at /home/jane/plan/src/main.rs:3:5\n   2: 0x7f01\n   3: C:\\jane: x\n";
        let symbols: Vec<_> = symbols(text).collect();
        assert_eq!(symbols, ["std::panicking::begin", "plan::main::{{closure}}"]);
    }
}
