//! What the scrubber looks for, as data.
//!
//! It owns names, tokens and descriptions of the rules, and the presets. It
//! must never know how anything is found.

/// The rules, in the order in which their tokens win where finds overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rule {
    Pem,
    Authorization,
    BearerToken,
    CommandSecret,
    NamedSecret,
    Cookie,
    UrlCredentials,
    ApiToken,
    Jwt,
    Email,
    Iban,
    Card,
    Ssn,
    Phone,
    Mac,
    Ipv6,
    Ipv4,
    OwnFolder,
    HomeFolder,
    TildeUser,
    LogUser,
    UrlQuery,
    Host,
    LogHost,
    OwnUser,
    OwnHost,
    /// The author's regular expression at this place.
    Author(u8),
    /// The author's literals.
    Literal,
}

impl Rule {
    /// The place in [`RULES`], which a test holds against it; none for what the
    /// author added.
    pub(super) const fn place(self) -> Option<usize> {
        Some(match self {
            Self::Pem => 0,
            Self::Authorization => 1,
            Self::BearerToken => 2,
            Self::CommandSecret => 3,
            Self::NamedSecret => 4,
            Self::Cookie => 5,
            Self::UrlCredentials => 6,
            Self::ApiToken => 7,
            Self::Jwt => 8,
            Self::Email => 9,
            Self::Iban => 10,
            Self::Card => 11,
            Self::Ssn => 12,
            Self::Phone => 13,
            Self::Mac => 14,
            Self::Ipv6 => 15,
            Self::Ipv4 => 16,
            Self::OwnFolder => 17,
            Self::HomeFolder => 18,
            Self::TildeUser => 19,
            Self::LogUser => 20,
            Self::UrlQuery => 21,
            Self::Host => 22,
            Self::LogHost => 23,
            Self::OwnUser => 24,
            Self::OwnHost => 25,
            Self::Author(_) | Self::Literal => return None,
        })
    }

    const fn bit(self) -> u64 {
        match self.place() {
            Some(place) => 1 << place,
            None => 0,
        }
    }
}

/// Some of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuleSet(u64);

impl RuleSet {
    pub(super) const NONE: Self = Self(0);

    pub(super) fn has(self, rule: Rule) -> bool {
        matches!(rule, Rule::Author(_) | Rule::Literal) || self.0 & rule.bit() != 0
    }

    pub(super) fn with(self, rule: Rule) -> Self {
        Self(self.0 | rule.bit())
    }

    pub(super) fn without(self, rule: Rule) -> Self {
        Self(self.0 & !rule.bit())
    }
}

/// Which rules there are, from all of them to the fewest.
///
/// ```
/// use telemetry_core::scrub::{Preset, Scrubber};
///
/// let text = "user=jane failed on db-1.corp.internal";
/// assert_eq!(Scrubber::default().scrub(text), "user=[user] failed on [host]");
/// assert_eq!(Scrubber::preset(Preset::Minimal).scrub(text), text);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Every rule, and in addition only words that are known stay.
    Strict,
    /// Every rule. The default.
    #[default]
    Balanced,
    /// Secrets, e-mail and IP addresses, home folders: what is told by its
    /// form alone and is hardly ever anything else.
    Minimal,
}

impl Preset {
    pub(super) fn rules(self) -> RuleSet {
        let rules = RULES.iter().filter(|rule| self != Self::Minimal || rule.minimal);
        rules.fold(RuleSet::NONE, |set, rule| set.with(rule.rule))
    }
}

/// One thing that the scrubber looks for.
#[derive(Clone, Copy, Debug)]
pub struct ScrubRule {
    rule: Rule,
    name: &'static str,
    token: &'static str,
    validator: Option<&'static str>,
    description: &'static str,
    minimal: bool,
}

impl ScrubRule {
    /// The rule's name, in kebab case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What stands in the place of a find, such as `[email]`.
    pub fn token(&self) -> &'static str {
        self.token
    }

    /// How a find is checked beyond its form, such as by a check digit.
    pub fn validator(&self) -> Option<&'static str> {
        self.validator
    }

    /// What is found and what it lets pass, in whole sentences.
    pub fn description(&self) -> &'static str {
        self.description
    }

    pub(super) fn rule(&self) -> Rule {
        self.rule
    }
}

const fn rule(
    rule: Rule,
    name: &'static str,
    token: &'static str,
    description: &'static str,
) -> ScrubRule {
    ScrubRule { rule, name, token, validator: None, description, minimal: false }
}

impl ScrubRule {
    const fn minimal(mut self) -> Self {
        self.minimal = true;
        self
    }

    const fn checked(mut self, validator: &'static str) -> Self {
        self.validator = Some(validator);
        self
    }
}

/// The rules; where finds overlap, the token of the earlier rule stands for
/// all of them.
pub(super) const RULES: &[ScrubRule] = &[
    rule(
        Rule::Pem,
        "pem",
        "[secret]",
        "What stands between `-----BEGIN …-----` and `-----END …-----`, also when the end is cut \
         off and when the lines are escaped. The two marks stay.",
    )
    .minimal(),
    rule(
        Rule::Authorization,
        "authorization",
        "[secret]",
        "The credentials after `Authorization:` or `Proxy-Authorization:`. Of the schemes Bearer, \
         Basic, Token and Negotiate one word is hidden and the scheme is kept; of any other, \
         everything up to a quote or the end of the line.",
    )
    .minimal(),
    rule(
        Rule::BearerToken,
        "bearer-token",
        "[secret]",
        "A word of 12 or more characters, at least one a digit, after `Bearer`, and base64 after \
         `Basic`.",
    )
    .minimal(),
    rule(
        Rule::CommandSecret,
        "command-secret",
        "[secret]",
        "The argument of an option whose name is that of a secret (`--password x`, `--api-key=x`), \
         also in a list of quoted arguments; user and password together after `-u` and `--user` \
         (`bob:pw`); `-p` glued to a password, and `-p pw` of programs that are known for it. \
         Other single letters pass: they mean ports, paths and packages more often.",
    )
    .minimal(),
    rule(
        Rule::NamedSecret,
        "named-secret",
        "[secret]",
        "The value after `:`, `=`, `=>` and a name such as password, passphrase, pwd, secret, \
         token, api_key, AccountKey, credentials, connection_string, in any case and behind any \
         prefix; also in quotes, in `Some(\"…\")`, `Secret { inner: \"…\" }`, `[\"…\"]`, \
         `{\"value\": \"…\"}` and XML elements. After `key`, `code`, `sig` and `auth` only a long \
         value of letters and digits. Passes: what stands for no value (`None`, `required`, \
         `${X}`, `****`), paths, words of a sentence, and names that go on (`password_file`).",
    )
    .minimal(),
    rule(
        Rule::Cookie,
        "cookie",
        "[secret]",
        "Everything after the first `=` of `Cookie:` and `Set-Cookie:`. A cookie outside of such a \
         header passes unless its name is that of a secret.",
    )
    .minimal(),
    rule(
        Rule::UrlCredentials,
        "url-credentials",
        "[secret]",
        "What stands before `@` in a URL: `user:password`, or a token alone.",
    )
    .minimal(),
    rule(
        Rule::ApiToken,
        "api-token",
        "[secret]",
        "Tokens that begin as their issuers say (`ghp_`, `AKIA`, `xoxb-`, `sk-`, and some two \
         hundred others) and are as long. A token without such a beginning passes when it stands \
         alone: random letters are not told from a hash or a name.",
    )
    .minimal(),
    rule(
        Rule::Jwt,
        "jwt",
        "[secret]",
        "JSON web tokens, signed and encrypted ones, by their three parts.",
    )
    .minimal(),
    rule(
        Rule::Email,
        "email",
        "[email]",
        "E-mail addresses whose domain has a dot, also with `%40` for `@`, with a local part in \
         quotes, and with letters of Latin, Greek and Cyrillic. Domains without a dot pass here.",
    )
    .minimal(),
    rule(
        Rule::Iban,
        "iban",
        "[iban]",
        "International account numbers, with and without blanks. National account numbers pass.",
    )
    .checked("country, length, check digits (mod 97)"),
    rule(
        Rule::Card,
        "card",
        "[card]",
        "Numbers of payment cards with 12 to 19 digits, also in groups.",
    )
    .checked("issuer, length, check digit (Luhn)"),
    rule(
        Rule::Ssn,
        "ssn",
        "[ssn]",
        "Social security numbers of the United States in groups of 3, 2 and 4 digits. Nine digits \
         without separators are found behind `SSN` only.",
    )
    .checked("areas, groups and serials that are given out"),
    rule(
        Rule::Phone,
        "phone",
        "[phone]",
        "International telephone numbers with `+`, North American ones in groups, and others behind \
         a word such as `phone` or `tel`. National numbers without such a word pass.",
    )
    .checked("number of digits, area codes"),
    rule(
        Rule::Mac,
        "mac",
        "[mac]",
        "Hardware addresses of 6, 8, 12 or 20 bytes with colons, dashes or (as of Cisco) dots. \
         Twelve digits without separators pass.",
    ),
    rule(
        Rule::Ipv6,
        "ipv6",
        "[ip]",
        "Whole IPv6 addresses in every text form, with the square brackets around them. The zone and \
         the port behind them are kept. `::1`, `::`, module paths such as `std::fs` and times pass.",
    )
    .checked("parsed as an address")
    .minimal(),
    rule(
        Rule::Ipv4,
        "ipv4",
        "[ip]",
        "IPv4 addresses, with a port behind a dot, and names such as `ip-10-0-0-7`. Loopback, \
         unspecified and netmasks pass, and so does what is a version: after `version`, `v`, `~`, \
         `==`, a browser or a package.",
    )
    .checked("four numbers up to 255")
    .minimal(),
    rule(
        Rule::OwnFolder,
        "own-folder",
        "[path]",
        "The current folder of this program.",
    ),
    rule(
        Rule::HomeFolder,
        "home-folder",
        "[user]",
        "The name after `/home/`, `/Users/`, `C:\\Users\\`, `C:\\Documents and Settings\\`, `/srv/` and \
         `/var/mail/`, with either kind of slash, also in `file:` URLs and with doubled \
         backslashes. Of a Windows name with blanks only the first word is hidden when neither a \
         slash nor a quote says where it ends.",
    )
    .minimal(),
    rule(
        Rule::TildeUser,
        "tilde-user",
        "[user]",
        "The name in `~name/` at the start of a path, and in `/~name`.",
    )
    .minimal(),
    rule(
        Rule::LogUser,
        "log-user",
        "[user]",
        "The name in `user=jane`, `user 'jane'`, `for user jane`, `Accepted password for jane from`, \
         `CORP\\jane`, `jane@web-7`, `Jane Doe <email>`, of sudo, cron and web server logs. A name \
         anywhere else in a sentence passes.",
    ),
    rule(
        Rule::UrlQuery,
        "url-query",
        "[query]",
        "The values in the query of a URL; their names stay, and so do numbers of up to three \
         digits, `true` and `false`.",
    ),
    rule(
        Rule::Host,
        "host",
        "[host]",
        "Names of hosts with a top-level domain, or in `.internal`, `.local`, `.corp`, `.lan`. \
         Where the domain is also the ending of a file or a word of programs, the name needs more \
         labels and a digit or dash. Hosts of public documentation pass.",
    )
    .checked("top-level domains of the public suffix list"),
    rule(
        Rule::LogHost,
        "log-host",
        "[host]",
        "The host in the header of a syslog line, in a URL, in `host=web-7`, `from web-7 port 22`, \
         `jane@web-7`. A single word anywhere else passes.",
    ),
    rule(
        Rule::OwnUser,
        "own-user",
        "[user]",
        "The login and the full name of the user of this program. Names of one or two letters and \
         those that every machine has, such as `root`, pass.",
    ),
    rule(
        Rule::OwnHost,
        "own-host",
        "[host]",
        "The name of this machine, whole and its first label.",
    ),
];
