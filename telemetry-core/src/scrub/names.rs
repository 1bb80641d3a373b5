//! Names that say what their value is.
//!
//! It owns the endings of names of secrets. It must never know a text.

/// The longest ending of a name that is known.
pub(super) const ENDING: usize = 24;

/// A name before a separator: where it stands in its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether blanks stand between the name and the separator.
    pub(super) spaced: bool,
}

impl Name {
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start, end, spaced: false }
    }
}

/// How much a name says about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// Whatever follows is a secret: `password`.
    Always,
    /// What follows can also be a word or a small number: `token`, `key`.
    Likely,
    /// Only what is long and mixed: `code`, `sig`, `auth`.
    Long,
    /// `Authorization`: a scheme and credentials.
    Scheme,
    /// `Cookie`: names and values.
    Cookies,
}

/// Endings of names without `_`, `-` and dots, in lower case, sorted by their
/// last byte.
pub(super) const ENDINGS: &[(&[u8], Strength, bool)] = &[
    // What is `true` at the end is also found behind any letters.
    (b"senha", Strength::Always, false),
    (b"contrasena", Strength::Always, true),
    (b"keydata", Strength::Long, true),
    ("contraseña".as_bytes(), Strength::Always, true),
    (b"hmac", Strength::Long, false),
    (b"mnemonic", Strength::Always, false),
    (b"cvc", Strength::Always, false),
    (b"seed", Strength::Long, false),
    (b"accesskeyid", Strength::Always, true),
    (b"secretid", Strength::Long, false),
    (b"sessid", Strength::Likely, true),
    (b"sessionid", Strength::Likely, true),
    (b"sid", Strength::Long, false),
    (b"password", Strength::Always, true),
    (b"passwd", Strength::Always, true),
    (b"pwd", Strength::Always, false),
    (b"nonce", Strength::Long, false),
    (b"secretkeybase", Strength::Always, true),
    (b"code", Strength::Long, false),
    (b"mfacode", Strength::Likely, false),
    (b"passcode", Strength::Always, true),
    (b"pincode", Strength::Likely, false),
    (b"recoverycode", Strength::Always, false),
    (b"cookie", Strength::Cookies, true),
    (b"sharedaccesssignature", Strength::Always, true),
    (b"signature", Strength::Long, false),
    (b"motdepasse", Strength::Always, true),
    (b"passphrase", Strength::Always, true),
    (b"seedphrase", Strength::Always, false),
    (b"csrf", Strength::Long, false),
    (b"xsrf", Strength::Long, false),
    (b"sig", Strength::Long, false),
    (b"connectionstring", Strength::Long, true),
    (b"auth", Strength::Long, false),
    (b"webhook", Strength::Long, false),
    (b"psk", Strength::Always, false),
    (b"credential", Strength::Likely, true),
    (b"token", Strength::Likely, true),
    (b"pin", Strength::Likely, false),
    (b"authorization", Strength::Scheme, true),
    (b"session", Strength::Long, false),
    (b"otp", Strength::Likely, false),
    (b"totp", Strength::Likely, false),
    (b"bearer", Strength::Long, false),
    (b"creds", Strength::Likely, false),
    (b"passwords", Strength::Always, true),
    (b"cookies", Strength::Cookies, true),
    (b"credentials", Strength::Likely, true),
    (b"pass", Strength::Always, false),
    (b"secrets", Strength::Always, true),
    (b"apikeys", Strength::Always, true),
    (b"pat", Strength::Long, false),
    (b"apisecret", Strength::Always, true),
    (b"secret", Strength::Always, true),
    (b"salt", Strength::Long, false),
    (b"kennwort", Strength::Always, true),
    (b"passwort", Strength::Always, true),
    (b"jwt", Strength::Long, false),
    (b"cvv", Strength::Always, false),
    (b"pw", Strength::Always, false),
    (b"passw", Strength::Always, false),
    (b"psw", Strength::Always, false),
    (b"accesskey", Strength::Always, true),
    (b"accountkey", Strength::Always, true),
    (b"activationkey", Strength::Always, true),
    (b"apikey", Strength::Always, true),
    (b"appkey", Strength::Always, false),
    (b"authkey", Strength::Always, true),
    (b"encryptionkey", Strength::Always, true),
    (b"key", Strength::Long, false),
    (b"licencekey", Strength::Always, true),
    (b"licensekey", Strength::Always, true),
    (b"masterkey", Strength::Always, true),
    (b"presharedkey", Strength::Always, true),
    (b"privatekey", Strength::Always, true),
    (b"productkey", Strength::Always, true),
    (b"secretaccesskey", Strength::Always, true),
    (b"secretkey", Strength::Always, true),
    (b"sessionkey", Strength::Always, true),
    (b"sharedaccesskey", Strength::Always, true),
    (b"sharedkey", Strength::Always, true),
    (b"signingkey", Strength::Always, true),
    (b"storagekey", Strength::Always, true),
    (b"subscriptionkey", Strength::Always, true),
    ("密码".as_bytes(), Strength::Always, false),
    ("パスワード".as_bytes(), Strength::Always, false),
    ("пароль".as_bytes(), Strength::Always, false),
];

/// Where the endings with each last byte begin.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
pub(super) const STARTS: [u8; 257] = {
    let mut starts = [0; 257];
    let mut place = 0;
    while place < ENDINGS.len() {
        let (ending, ..) = ENDINGS[place];
        place += 1;
        let mut after = ending[ending.len() - 1] as usize + 1;
        while after < starts.len() {
            starts[after] = place as u8;
            after += 1;
        }
    }
    starts
};
