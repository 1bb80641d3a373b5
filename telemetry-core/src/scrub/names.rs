//! Names that say what their value is.
//!
//! It owns the endings of names of secrets, and the tables by which most names
//! are ruled out at once. It must never know a text.

/// The longest ending of a name that is known.
pub(super) const ENDING: usize = 24;

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
    (b"cvc", Strength::Likely, false),
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
    (b"cvv", Strength::Likely, false),
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

/// The last four, three or two bytes of names, as bits by their hash: one look
/// rules out most names.
pub(super) struct Tails([u64; 1 << (TAIL_BITS - 6)]);

/// Of a thousand names that say nothing some ten are not ruled out.
const TAIL_BITS: u32 = 14;

/// Of every name of a secret.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
pub(super) static SECRETS: Tails = {
    let mut tails = Tails([0; 1 << (TAIL_BITS - 6)]);
    let mut place = 0;
    while place < ENDINGS.len() {
        tails = tails.with(ENDINGS[place].0);
        place += 1;
    }
    tails
};

/// Of every name of a user or a host, and of `value`.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
pub(super) static IDENTITIES: Tails = {
    let mut tails = Tails([0; 1 << (TAIL_BITS - 6)]);
    let lists: [&[&[u8]]; 3] = [
        super::user::FIELDS.words(),
        super::host::FIELDS.words(),
        &[b"name", b"value", b"id", b"cn"],
    ];
    let mut list = 0;
    while list < lists.len() {
        let mut place = 0;
        while place < lists[list].len() {
            tails = tails.with(lists[list][place]);
            place += 1;
        }
        list += 1;
    }
    tails
};

impl Tails {
    #[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
    const fn with(mut self, name: &[u8]) -> Self {
        let mut tail = 0_u32;
        let mut taken = 0;
        while taken < 4 && taken < name.len() {
            tail |= (name[name.len() - 1 - taken] as u32) << (24 - 8 * taken);
            taken += 1;
        }
        let slot = slot(tail, taken as u32);
        self.0[slot / 64] |= 1 << (slot % 64);
        self
    }

    /// Whether a name that ends with these bytes can be one of the list.
    #[inline]
    pub(super) fn may_have(&self, tail: [u8; 4]) -> bool {
        let tail = u32::from_le_bytes(tail);
        let has = |length| {
            let slot = slot(tail, length);
            self.0.get(slot / 64).is_some_and(|bits| bits >> (slot % 64) & 1 != 0)
        };
        has(4) || has(3) || has(2)
    }
}

/// `tail` holds the last bytes of a name, the last one highest; of them
/// `length` count.
const fn slot(tail: u32, length: u32) -> usize {
    let mask = (0xffff_ffff_u64 << (32 - 8 * length)) as u32;
    (((tail | 0x2020_2020) & mask).wrapping_mul(0x9e37_79b1) >> (32 - TAIL_BITS)) as usize
}
