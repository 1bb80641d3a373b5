//! Errors, seen as text.
//!
//! It owns how an error and its causes become one text. It must never know
//! what a policy does with it: an error's words are as free as any text.

use std::error::Error;
use std::io;

use super::context::Context;
use super::kinds::{HasLeaves, LeafPolicy, kind};
use super::sink::Sink;

/// More causes than a program has layers: a chain that goes on for ever, as
/// one made of cells can, ends here.
pub(super) const MOST_CAUSES: usize = 32;

/// The error and its causes, outermost first, joined by `: `. A cause whose
/// words the error before it ends with already is not said twice.
pub(crate) fn chain(error: &(dyn Error + '_)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    for _ in 0..MOST_CAUSES {
        let Some(error) = cause else { break };
        let words = error.to_string();
        if !text.ends_with(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}

macro_rules! errors {
    ($($(#[$attribute:meta])* $Type:ty => |$this:ident| $error:expr;)*) => {$(
        $(#[$attribute])*
        impl HasLeaves<kind::Text> for $Type {
            type Inner<'v> = &'v Self where Self: 'v;
            fn inner(&self) -> &Self {
                self
            }
            fn apply_to_leaves<P: LeafPolicy<Kind = kind::Text>, R: Sink>(
                &self,
                policy: &P,
                context: Context<'_>,
                sink: R,
            ) -> Result<R::Ok, R::Error> {
                let $this = self;
                policy.apply(&chain($error), context, sink)
            }
        }
    )*};
}
errors! {
    dyn Error + '_ => |error| error;
    dyn Error + Send + '_ => |error| error;
    dyn Error + Send + Sync + '_ => |error| error;
    io::Error => |error| error;
    #[cfg(feature = "anyhow")]
    anyhow::Error => |error| error.as_ref();
    #[cfg(feature = "eyre")]
    eyre::Report => |error| error.as_ref();
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Outer(&'static str, Option<Box<dyn Error>>);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    #[test]
    fn a_chain_is_one_text_without_repeats() {
        let cause = || Some(Box::new(Outer("no such file", None)) as Box<dyn Error>);
        assert_eq!(chain(&Outer("cannot start", cause())), "cannot start: no such file");
        assert_eq!(
            chain(&Outer("cannot start: no such file", cause())),
            "cannot start: no such file"
        );
    }

    #[derive(Debug)]
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("again")
        }
    }

    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Endless)
        }
    }

    #[test]
    fn a_chain_without_an_end_is_cut() {
        assert!(chain(&Endless).len() < 1_000);
    }
}
