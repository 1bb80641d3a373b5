//! Free text: personal data is found and replaced.
//!
//! It owns the rules and the engine that runs them. It must never know where
//! a text came from or goes to.

mod engine;
mod rules;

use std::borrow::Cow;
use std::fmt;

use self::engine::Engine;
pub use self::rules::ScrubRule;
use crate::error::{Error, Kind};

/// Literals shorter than this are refused: names of one or two letters are
/// also ordinary words ("me", "an", "pi"), and hiding those makes every text
/// useless without hiding anybody.
const MIN_LITERAL_CHARS: usize = 3;
/// The longest name of a host has 253 characters, and a user's name has fewer:
/// what is longer is no name, and would only make each search slower.
const MAX_LITERAL_CHARS: usize = 253;

/// Finds personal data in free text and replaces it by a label.
///
/// It finds *patterns*, not meaning. What it looks for is listed by
/// [`rules`](Self::rules), with what each rule leaves alone. It does not find
/// names of people, names of hosts, postal addresses, telephone and card
/// numbers, MAC addresses, nor a secret that stands alone without a word such
/// as `password` before it. What the program knows at start (the name of the
/// current user, the name of the machine) can be added with
/// [`with_literal`](Self::with_literal).
///
/// ```
/// use telemetry_core::scrub::Scrubber;
///
/// let scrubber = Scrubber::default();
/// let text = "jane@corp.example: cannot open /home/jane/key.pem on 10.0.0.7:22";
/// assert_eq!(scrubber.scrub(text), "[email]: cannot open /home/[user]/key.pem on [ip]:22");
/// ```
#[derive(Clone, Default)]
pub struct Scrubber {
    engine: Engine,
}

impl Scrubber {
    /// The text with every find replaced by its rule's label.
    ///
    /// Where finds overlap, everything that any of them covers is replaced
    /// together: no rest of the losing one stays. Labels that are in the text
    /// already stay as they are, so that scrubbing twice is scrubbing once.
    /// The text itself is given back, without a copy, when nothing is found.
    /// The time is linear in the length of the text.
    pub fn scrub<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.engine.scrub(text)
    }

    /// What is looked for, in the order in which labels win where finds
    /// overlap. For the data dictionary.
    ///
    /// ```
    /// use telemetry_core::scrub::Scrubber;
    ///
    /// for rule in Scrubber::rules() {
    ///     println!("{:20} {:10} {}", rule.name(), rule.label(), rule.description());
    /// }
    /// ```
    pub fn rules() -> &'static [ScrubRule] {
        rules::RULES
    }

    /// Also hides `literal`, such as the name of the current user or of the
    /// machine, behind the label `[private]`.
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
        let literal = literal.trim();
        if !(MIN_LITERAL_CHARS..=MAX_LITERAL_CHARS).contains(&literal.chars().count()) {
            return Err(Error::new(
                Kind::Argument,
                format!(
                    "a literal to hide has {MIN_LITERAL_CHARS} to {MAX_LITERAL_CHARS} \
                     characters: leave out any other"
                ),
            ));
        }
        self.engine.add_literal(literal)?;
        Ok(self)
    }
}

/// Shows how many literals there are, and none of them: they are what must
/// not be seen.
impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scrubber")
            .field("rules", &rules::RULES.len())
            .field("literals", &self.engine.literals())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each text beside what is left of it. `scrub` is applied twice: the
    /// second time must change nothing.
    #[track_caller]
    fn check(cases: &[(&str, &str)]) {
        let scrubber = Scrubber::default();
        for (text, expected) in cases {
            let once = scrubber.scrub(text);
            assert_eq!(once, *expected, "{text}");
            let twice = scrubber.scrub(&once);
            assert_eq!(twice, *expected, "twice: {text}");
            assert!(matches!(twice, Cow::Borrowed(_)), "copied: {text}");
        }
    }

    #[track_caller]
    fn unchanged(texts: &[&str]) {
        let scrubber = Scrubber::default();
        for text in texts {
            assert!(matches!(scrubber.scrub(text), Cow::Borrowed(_)), "{}", scrubber.scrub(text));
        }
    }

    #[test]
    fn emails() {
        check(&[
            ("from jane@corp.example.", "from [email]."),
            ("<jane.o'neil+news@mail.corp.example>,", "<[email]>,"),
            ("?email=jane%40corp.example&x=1", "?email=[email]&x=1"),
            ("jörg@bücher.example", "[email]"),
            ("иван@почта.рф", "[email]"),
            ("联系jane@corp.example谢谢", "联系[email]谢谢"),
            ("a@b.co\r\nc@d.co", "[email]\r\n[email]"),
            ("git@github.com:org/repo", "[email]:org/repo"),
        ]);
        unchanged(&["left-pad@1.3.0", "@scope/pkg", "user@host", "a @ b.co", "12 @4.5"]);
    }

    #[test]
    fn ipv4_addresses_but_not_versions() {
        check(&[
            ("10.0.0.7:22", "[ip]:22"),
            ("to 10.0.0.7.", "to [ip]."),
            ("(192.168.1.255)", "([ip])"),
            ("v1.2.3.4", "v[ip]"),
            ("10.0.0.0/8", "[ip]/8"),
            ("root@10.0.0.7", "root@[ip]"),
        ]);
        unchanged(&["1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.1234", "3.14", "1.3.6.1.4.1.311"]);
    }

    #[test]
    fn ipv6_addresses_without_a_rest() {
        check(&[
            ("2001:db8::1", "[ip]"),
            ("2001:DB8:0:0:0:0:0:1", "[ip]"),
            ("at ::1, port", "at [ip], port"),
            ("[2001:db8::1]:443", "[ip]:443"),
            ("fe80::1%eth0", "[ip]%eth0"),
            ("[fe80::1%eth0]:80", "[[ip]%eth0]:80"),
            ("::ffff:192.0.2.128", "[ip]"),
            ("2001:db8:0:0:0:0:0:1:443", "[ip]:443"),
            ("host: 2001:db8::1: refused", "host: [ip]: refused"),
            ("2001:db8::/32", "[ip]/32"),
            ("2001:db8::1.", "[ip]."),
            ("http://[::1]:8080/x", "http://[ip]:8080/x"),
            ("dead:beef::cafe", "[ip]"),
            ("x2001:db8::1", "x[ip]"),
            ("地址2001:db8::1。", "地址[ip]。"),
        ]);
        unchanged(&[
            "std::fs::read",
            "base64::decode",
            "a::b",
            "12:30:45",
            "src/lib.rs:12:5: error",
            "aa:bb:cc:dd:ee:ff",
            "::",
            "2026-11-21T23:51:54Z",
            "core::fmt::Display",
            "f64::ceil",
        ]);
    }

    #[test]
    fn home_folders() {
        check(&[
            ("/home/jane/x", "/home/[user]/x"),
            ("/home/jane: permission denied /x", "/home/[user]: permission denied /x"),
            ("/Users/jane/Library", "/Users/[user]/Library"),
            ("/var/home/jane", "/var/home/[user]"),
            (r"C:\Users\jane\AppData", r"C:\Users\[user]\AppData"),
            (r"C:\\Users\\jane\\AppData", r"C:\\Users\\[user]\\AppData"),
            (r"C:\Users\Jane Doe\AppData", r"C:\Users\[user]\AppData"),
            (r#""C:\Users\Jane Doe""#, r#""C:\Users\[user]""#),
            ("c:/users/jane/x", "c:/users/[user]/x"),
            (r"\\?\C:\Users\jane\x", r"\\?\C:\Users\[user]\x"),
            ("file:///home/jane/x", "file:///home/[user]/x"),
            ("file:///C:/Users/jane/x", "file:///C:/Users/[user]/x"),
            ("/home/jörg/x and /home/王/y", "/home/[user]/x and /home/[user]/y"),
            ("~jane/bin", "~[user]/bin"),
            ("https://www.example/~jane", "https://www.example/~[user]"),
            ("/home/a.b@corp.example/x", "/home/[email]/x"),
        ]);
        unchanged(&["~/bin", "HEAD~2", "~1.2", "/homepage/x", "/home/", "/usr/share/users.db"]);
    }

    #[test]
    fn secrets() {
        check(&[
            ("--password hunter2 Web-1", "--password [secret] Web-1"),
            ("--password=hunter2", "--password=[secret]"),
            (r#"["--password", "hunter2", "x"]"#, r#"["--password", "[secret]", "x"]"#),
            ("['--api-key','hunter2']", "['--api-key','[secret]']"),
            ("--db-password 'hunter 2' x", "--db-password '[secret]' x"),
            ("password: hunter2", "password: [secret]"),
            ("PASSWORD=hunter2", "PASSWORD=[secret]"),
            ("DB_PASSWORD=a,b, next", "DB_PASSWORD=[secret], next"),
            ("?token=abc&user=1", "?token=[secret]&user=1"),
            (r#"{"password": "a \" b", "n": 1}"#, r#"{"password": "[secret]", "n": 1}"#),
            (r#"{\"token\":\"abc\"}"#, r#"{\"token\":\"[secret]\"}"#),
            ("password='a b' c", "password='[secret]' c"),
            (":api_key => 'abc'", ":api_key => '[secret]'"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [secret]"),
            ("-H 'Authorization: Basic YTpi' x", "-H 'Authorization: Basic [secret]' x"),
            (
                "Authorization: Digest username=\"j\", x\r\nA: b",
                "Authorization: Digest [secret]\r\nA: b",
            ),
            ("authorization: AWS4 a=b, c=d", "authorization: [secret]"),
            ("sent Bearer abcdefgh12345678", "sent Bearer [secret]"),
            ("https://u:p@w@corp.example/x", "https://[secret]@corp.example/x"),
            ("https://ghp_abc@github.com/x", "https://[secret]@github.com/x"),
            ("token: password: hunter2", "token: [secret] [secret]"),
            ("password=jane@corp.example", "password=[secret]"),
            ("password:\r\nnext", "password:\r\nnext"),
        ]);
    }

    /// Relay deletes a whole text for the word "author".
    #[test]
    fn words_that_only_begin_like_a_secret_are_left_alone() {
        unchanged(&[
            "author: Jane",
            "the secretary: absent",
            "tokenizer=bpe",
            "tokens: 512",
            "password_file=/etc/x",
            "authority: x",
            "secret",
            "the password is wrong",
            "token::Kind",
            "bearer of bad-news-and-longer",
            "passwordless: yes",
            "the refresh-token expired",
            "a top-secret plan - password reset",
            "mkdir -p dir",
        ]);
    }

    /// dd-sds drops one of two overlapping finds, so that its rest leaks.
    #[test]
    fn overlapping_finds_are_replaced_together() {
        check(&[
            ("token=abc:jane@corp.example;x", "token=[secret];x"),
            ("--token a@b.co:10.0.0.1", "--token [secret]"),
        ]);
        let scrubber = Scrubber::default().with_literal("abcd efgh").unwrap();
        assert_eq!(scrubber.scrub("token=xabcd efgh"), "token=[secret] efgh");
        assert_eq!(scrubber.scrub("token=abcd efgh, x"), "token=[secret], x");
    }

    #[test]
    fn literals() {
        let scrubber =
            Scrubber::default().with_literal("Jane").unwrap().with_literal("müller").unwrap();
        assert_eq!(scrubber.scrub("JANE and janet, jane_x"), "[private] and janet, [private]_x");
        assert_eq!(scrubber.scrub("müller. smüller"), "[private]. smüller");
        assert!(Scrubber::default().with_literal(" me ").unwrap_err().is_argument());
        assert!(Scrubber::default().with_literal(&"x".repeat(254)).unwrap_err().is_argument());
        assert!(Scrubber::default().with_literal(&"ü".repeat(253)).is_ok());
        assert!(!format!("{scrubber:?}").contains("ane"));
        let labels =
            Scrubber::default().with_literal("secret").unwrap().with_literal("private").unwrap();
        let once = labels.scrub("token=x private").into_owned();
        assert_eq!(once, "token=[secret] [private]");
        assert_eq!(labels.scrub(&once), once);
    }

    #[test]
    fn every_rule_says_what_it_is() {
        for rule in Scrubber::rules() {
            assert!(rules::LABELS.contains(&rule.label()), "{}", rule.name());
            assert!(rule.description().ends_with('.'), "{}", rule.name());
        }
    }
}
