//! The scrubber as a program sees it.
//!
//! It owns what an author can ask of it, and how much of a text is read. It must
//! never know how anything is found, or what is written in its place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::slice::from_ref;
use std::sync::{Arc, LazyLock, OnceLock};

use super::author::{self, AuthorRule};
use super::find::Spans;
use super::labels::CUT;
use super::machine::Machine;
use super::rules::{Preset, RULES, Rule, ScrubRule};
use super::shared::{KnownWords, Shared};
use super::vocabulary::Vocabulary;
use crate::error::{Error, Kind};
use crate::pseudonym::Keys;

/// The least length that can be asked for.
const LEAST_LENGTH: usize = 64;
/// How far before the cut a blank is looked for, so that no half of a name or
/// number is left that is not found for want of its other half.
const CUT_BACK: usize = 256;

static BALANCED: LazyLock<Shared> = LazyLock::new(|| Shared::new(Preset::Balanced));

/// Finds personal data in free text and replaces it by a token.
///
/// It finds *patterns*, not meaning. What it looks for is listed by
/// [`rules`](Self::rules), with what each rule lets pass. The names of this
/// machine (user, host, current folder) are learnt when the first text is
/// scrubbed; a scrubber that is never used costs nothing.
///
/// ```
/// use telemetry_core::scrub::Scrubber;
///
/// let scrubber = Scrubber::default();
/// let text = "jane@corp.example: cannot open /home/jane/key.pem on 10.0.0.7:22";
/// assert_eq!(scrubber.scrub(text), "[email]: cannot open /home/[user]/key.pem on [ip]:22");
/// ```
#[derive(Clone)]
pub struct Scrubber {
    /// None is [`Preset::Balanced`] as it is: a program in which nothing is
    /// scrubbed, or that is switched off, makes no rules.
    shared: Option<Arc<Shared>>,
}

impl Default for Scrubber {
    /// The rules of [`Preset::Balanced`].
    fn default() -> Self {
        Self { shared: None }
    }
}

/// One find in a text, for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find<'s> {
    rule: &'s str,
    token: &'s str,
    range: Range<usize>,
}

impl<'s> Find<'s> {
    /// The rule's name; for an author's literal `literal`.
    pub fn rule(&self) -> &'s str {
        self.rule
    }

    /// What stands in the place of the find, such as `[email]`.
    pub fn token(&self) -> &'s str {
        self.token
    }

    /// The bytes of the text that are replaced.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }
}

impl Scrubber {
    /// The rules of a preset.
    ///
    /// ```
    /// use telemetry_core::scrub::{Preset, Scrubber};
    ///
    /// let scrubber = Scrubber::preset(Preset::Minimal);
    /// assert_eq!(scrubber.scrub("GET https://db-1/?q=jane"), "GET https://db-1/?q=jane");
    /// ```
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Balanced => Self::default(),
            preset => Self { shared: Some(Arc::new(Shared::new(preset))) },
        }
    }

    /// What is looked for, in the order in which tokens win where finds
    /// overlap. For the data dictionary.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// for rule in Scrubber::rules() {
    ///     println!("{:20} {:10} {}", rule.name(), rule.token(), rule.description());
    /// }
    /// ```
    pub fn rules() -> &'static [ScrubRule] {
        RULES
    }

    /// Also runs the rule of this name.
    ///
    /// # Errors
    ///
    /// When no rule has this name.
    pub fn with(mut self, rule: &str) -> Result<Self, Error> {
        let rule = rule_of(rule)?;
        let shared = self.edit();
        shared.rules = shared.rules.with(rule);
        Ok(self)
    }

    /// Does not run the rule of this name.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// let scrubber = Scrubber::default().without("ipv4")?;
    /// assert_eq!(scrubber.scrub("10.0.0.7 left, a@b.co came"), "10.0.0.7 left, [email] came");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When no rule has this name.
    pub fn without(mut self, rule: &str) -> Result<Self, Error> {
        let rule = rule_of(rule)?;
        let shared = self.edit();
        shared.rules = shared.rules.without(rule);
        Ok(self)
    }

    /// Also hides `literal`, such as the name of a project, behind the token
    /// `[private]`.
    ///
    /// It is found where it stands as a word of its own (no letter or digit
    /// beside it); upper and lower case of ASCII letters do not matter.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// let scrubber = Scrubber::default().with_literal("web-7")?;
    /// assert_eq!(scrubber.scrub("lost WEB-7, kept web-70"), "lost [private], kept web-70");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When `literal`, without white space around it, has fewer than 3
    /// characters (names of one or two letters are also ordinary words, and
    /// hiding those makes texts useless without hiding anybody) or more than
    /// 253, as no name of a host or user has.
    pub fn with_literal(mut self, literal: &str) -> Result<Self, Error> {
        let literal = author::literal(literal)?.to_owned();
        self.edit().literals.push(literal);
        Ok(self)
    }

    /// Also hides what a regular expression finds, behind the token `[name]`.
    ///
    /// Classes such as `\w` and `\d` are those of ASCII. Such a rule runs by
    /// itself over the whole text, in time linear in its length.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// let scrubber = Scrubber::default().with_pattern("ticket", r"\bOPS-[0-9]+")?;
    /// assert_eq!(scrubber.scrub("see OPS-1234."), "see [ticket].");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is no word of small letters, digits and dashes, or the
    /// pattern is not valid, too large, or matches an empty text.
    pub fn with_pattern(mut self, name: &str, pattern: &str) -> Result<Self, Error> {
        let rule = AuthorRule::new(name, pattern, self.shared().author.len())?;
        let shared = self.edit();
        shared.author_labels.push(rule.name.clone());
        shared.author.push(rule);
        Ok(self)
    }

    /// Also hides what was typed on the command line, behind the token
    /// `[private]`: an error that quotes its argument tells what the event was
    /// not to hold.
    ///
    /// Of `--user=jane` and `/srv/acme/plan.toml` the value, the file and every
    /// folder are hidden too. The names of options stay, and so do common words
    /// of messages, such as the name of a command, and what has fewer than 3
    /// characters.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// let scrubber = Scrubber::default().hiding_arguments();
    /// # let _ = scrubber;
    /// ```
    #[must_use]
    pub fn hiding_arguments(mut self) -> Self {
        self.edit().arguments = true;
        self
    }

    /// Also hides every word that neither this program says of itself nor most
    /// programs say: what the rules do not find by its form is told by where it
    /// comes from. An unknown word becomes `[word]`; a path keeps its shape,
    /// as in `[path]/…/[file].toml`. Numbers, units, versions, punctuation and
    /// known kinds of files stay. [`Preset::Strict`] has it.
    ///
    /// The words of the program are read from its executable when the first
    /// text is scrubbed; see [`Vocabulary::of_this_program`].
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// let scrubber = Scrubber::default().known_words();
    /// # // A name that stood in this example would be known.
    /// # let name: String = "kyzclawok".chars().rev().collect();
    /// let text = format!("could not find {name} in /mnt/{name}/plan.toml");
    /// assert_eq!(scrubber.scrub(&text), "could not find [word] in [path]/…/[file].toml");
    /// ```
    #[must_use]
    pub fn known_words(mut self) -> Self {
        self.edit().known = Some(KnownWords::OfThisProgram);
        self
    }

    /// As [`known_words`](Self::known_words), with words that the author
    /// gathered: those of another program whose messages are scrubbed.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use telemetry_core::scrub::{Scrubber, Vocabulary};
    ///
    /// let words = Vocabulary::of_texts(["flux capacitor of {} is not charged"]);
    /// let scrubber = Scrubber::default().with_vocabulary(Arc::new(words));
    /// let text = "flux capacitor of marty@hill.example is not charged";
    /// assert_eq!(scrubber.scrub(text), "flux capacitor of [email] is not charged");
    /// ```
    #[must_use]
    pub fn with_vocabulary(mut self, vocabulary: Arc<Vocabulary>) -> Self {
        self.edit().known = Some(KnownWords::Given(vocabulary));
        self
    }

    /// Hides the names of this machine instead of the one that the program
    /// runs on.
    #[must_use]
    pub fn with_machine(mut self, machine: Machine) -> Self {
        self.edit().machine = Some(machine);
        self
    }

    /// Writes `[email:4f1c0a9be6d27c35]` instead of `[email]`: equal values have
    /// equal tokens under the same keys, so that finds can be counted and
    /// joined. Secrets keep the bare token: nobody needs to join passwords.
    ///
    /// A pseudonym is still personal data: see [`Keys`] for how long and how
    /// far tokens can be joined.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use telemetry_core::pseudonym::{Keys, Secret};
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// # fn main() -> Result<(), telemetry_core::Error> {
    /// let keys = Arc::new(Keys::new(Secret::generate()?));
    /// let scrubber = Scrubber::default().with_pseudonyms(keys);
    /// let text = scrubber.scrub("a@b.co wrote to c@d.co and a@b.co").into_owned();
    /// let tokens: Vec<_> = text.split(' ').filter(|word| word.starts_with("[email:")).collect();
    /// assert_eq!(tokens[0], tokens[2]);
    /// assert_ne!(tokens[0], tokens[1]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_pseudonyms(mut self, keys: Arc<Keys>) -> Self {
        self.edit().keys = Some(keys);
        self
    }

    /// Takes texts of at most `bytes` (at least 64) instead of 1 MiB. Of a
    /// longer one the rest is replaced by `[cut]`, never passed unread.
    #[must_use]
    pub fn with_max_length(mut self, bytes: usize) -> Self {
        self.edit().max_length = bytes.max(LEAST_LENGTH);
        self
    }

    pub(super) fn shared(&self) -> &Shared {
        self.shared.as_deref().unwrap_or_else(|| &BALANCED)
    }

    fn edit(&mut self) -> &mut Shared {
        let balanced = || Arc::new(Shared::new(Preset::Balanced));
        let shared = Arc::make_mut(self.shared.get_or_insert_with(balanced));
        shared.learnt = OnceLock::new();
        shared
    }

    /// The text with every find replaced by its rule's token.
    ///
    /// Where finds overlap, everything that any of them covers is replaced
    /// together: no rest of the losing one stays. Tokens that are in the text
    /// already stay as they are, so that scrubbing twice is scrubbing once.
    /// The text itself is given back, without a copy, when nothing is found.
    /// The time is linear in the length of the text.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.scrub_with(text, self.shared().known.as_ref())
    }

    /// As [`scrub`](Self::scrub), and hides unknown words whatever the preset.
    pub(crate) fn scrub_known<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.scrub_with(text, self.shared().known.as_ref().or(Some(&KnownWords::OfThisProgram)))
    }

    fn scrub_with<'t>(&self, text: &'t str, known: Option<&KnownWords>) -> Cow<'t, str> {
        self.scrubbed(text.as_bytes(), known).map_or(Cow::Borrowed(text), owned)
    }

    /// As [`scrub`](Self::scrub), for text that may not be valid UTF-8.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// let scrubbed = Scrubber::default().scrub_bytes(b"\xff a@b.co \xfe").into_owned();
    /// assert_eq!(scrubbed, b"\xff [email] \xfe");
    /// ```
    pub fn scrub_bytes<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let known = self.shared().known.as_ref();
        self.scrubbed(text, known).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// What the rules would replace, in the order of the text. Unknown words
    /// are not among it.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// let scrubber = Scrubber::default();
    /// let finds: Vec<_> = scrubber.finds(b"to a@b.co").collect();
    /// assert_eq!((finds[0].rule(), finds[0].range()), ("email", 3..9));
    /// ```
    pub fn finds(&self, text: &[u8]) -> impl Iterator<Item = Find<'_>> {
        let (shared, head) = (self.shared(), text.get(..self.kept(text)).unwrap_or(text));
        let mut spans = Spans::new();
        shared.find(head, from_ref(&(0..head.len())), &mut spans);
        let spans = spans.as_slice().to_vec();
        spans.into_iter().map(|span| Find {
            rule: shared.name_of(span.rule),
            token: shared.token_of(span.rule),
            range: span.range(),
        })
    }

    /// `None` when nothing is to be replaced.
    #[inline]
    fn scrubbed(&self, text: &[u8], known: Option<&KnownWords>) -> Option<Vec<u8>> {
        let shared = self.shared();
        let mut spans = Spans::new();
        let cut = text.len() > shared.max_length;
        if !cut {
            shared.find(text, from_ref(&(0..text.len())), &mut spans);
        }
        // Nearly every text ends here.
        if spans.is_empty() && !cut && known.is_none() {
            return None;
        }
        self.rewritten(text, spans, known)
    }

    /// The text with tokens, when there is anything to replace.
    #[inline(never)]
    fn rewritten(
        &self,
        text: &[u8],
        mut spans: Spans,
        known: Option<&KnownWords>,
    ) -> Option<Vec<u8>> {
        let shared = self.shared();
        let kept = self.kept(text);
        let head = text.get(..kept).unwrap_or(text);
        if kept < text.len() {
            shared.find(head, from_ref(&(0..kept)), &mut spans);
        }
        let found = !spans.is_empty() || kept < text.len();
        let mut replaced = shared.replaced(head, &spans);
        if let Some(known) = known {
            match self.known_only(&replaced, known.vocabulary()) {
                None if !found => return None,
                only => replaced = only.unwrap_or(replaced),
            }
            shared.settle(&mut replaced, None);
        }
        if kept < text.len() {
            replaced.extend_from_slice(CUT);
        }
        // Tokens can be longer than what they stand for.
        while replaced.len() > shared.max_length {
            let kept = self.kept(&replaced);
            replaced.truncate(kept);
            replaced.extend_from_slice(CUT);
        }
        Some(replaced)
    }

    /// The text without unknown words; `None` when there is none. What is not
    /// UTF-8 is no word.
    fn known_only(&self, text: &[u8], vocabulary: &Vocabulary) -> Option<Vec<u8>> {
        let text = String::from_utf8_lossy(text);
        let labels = &self.shared().author_labels;
        match (vocabulary.hide_unknown_beside(&text, labels), &text) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => None,
            (only, _) => Some(only.into_owned().into_bytes()),
        }
    }

    /// How much of a text is read: all of it, or what leaves room for the mark.
    fn kept(&self, text: &[u8]) -> usize {
        let max = self.shared().max_length;
        if text.len() <= max {
            return text.len();
        }
        let end = max - CUT.len();
        let window = text.get(end.saturating_sub(CUT_BACK)..end).unwrap_or_default();
        match window.iter().rposition(|byte| *byte <= b' ') {
            Some(blank) => end - window.len() + blank + 1,
            // Nothing of a word without an end is passed.
            None => end - window.len(),
        }
    }
}

/// Finds begin and end between characters: what is written of a text is one.
#[inline(never)]
fn owned<'t>(bytes: Vec<u8>) -> Cow<'t, str> {
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

fn rule_of(name: &str) -> Result<Rule, Error> {
    let rule = RULES.iter().find(|rule| rule.name() == name).map(ScrubRule::rule);
    rule.ok_or_else(|| {
        let names: Vec<_> = RULES.iter().map(ScrubRule::name).collect();
        Error::new(
            Kind::Argument,
            format!("no rule of this name: choose from {}", names.join(", ")),
        )
    })
}

/// Shows how many literals and rules there are, and none of them: they are
/// what must not be seen.
impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubber")
            .field(
                "rules",
                &RULES.iter().filter(|rule| self.shared().rules.has(rule.rule())).count(),
            )
            .field("patterns", &self.shared().author.len())
            .field("literals", &self.shared().literals.len())
            .finish()
    }
}
