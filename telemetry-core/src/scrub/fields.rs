//! Names of fields that hold a user or a host.
//!
//! It owns these names, and the table by which most names before a `:` or `=`
//! are ruled out at once. It must never know a text.

use super::names::ENDINGS;
use super::text::Words;

/// What the name of a field says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    User,
    /// A user behind `=`, or as a key or a whole line: with a colon in a
    /// sentence these words begin something else.
    WeakUser,
    Host,
    /// A host behind `=`, or in quotes.
    WeakHost,
    /// `name`: the word before it says whose.
    Name,
    /// `id`, of which the same is true.
    Id,
    /// `cn` of a directory.
    CommonName,
}

/// Without `_` and `-`, in lower case, by what they say.
const FIELDS: [(&[u8], Field); 63] = [
    (b"account", Field::WeakUser),
    (b"accountname", Field::User),
    (b"acct", Field::WeakUser),
    (b"actor", Field::WeakUser),
    (b"author", Field::WeakUser),
    (b"committer", Field::User),
    (b"dbuser", Field::User),
    (b"login", Field::WeakUser),
    (b"loginid", Field::User),
    (b"loginname", Field::User),
    (b"logname", Field::User),
    (b"owner", Field::WeakUser),
    (b"principal", Field::WeakUser),
    (b"remoteuser", Field::User),
    (b"runas", Field::User),
    (b"ruser", Field::User),
    (b"samaccountname", Field::User),
    (b"sender", Field::WeakUser),
    (b"signedoffby", Field::User),
    (b"subjectusername", Field::User),
    (b"targetusername", Field::User),
    (b"uid", Field::WeakUser),
    (b"uname", Field::User),
    (b"user", Field::User),
    (b"userid", Field::User),
    (b"username", Field::User),
    (b"usr", Field::User),
    (b"bootstrapservers", Field::Host),
    (b"brokers", Field::WeakHost),
    (b"clienthost", Field::Host),
    (b"computer", Field::Host),
    (b"computername", Field::Host),
    (b"datasource", Field::WeakHost),
    (b"dbhost", Field::Host),
    (b"dbserver", Field::Host),
    (b"desthost", Field::Host),
    (b"destinationhost", Field::Host),
    (b"dsthost", Field::Host),
    (b"fqdn", Field::Host),
    (b"host", Field::Host),
    (b"hostname", Field::Host),
    (b"httphost", Field::Host),
    (b"machine", Field::WeakHost),
    (b"machinename", Field::Host),
    (b"node", Field::WeakHost),
    (b"nodename", Field::Host),
    (b"peer", Field::WeakHost),
    (b"remotehost", Field::Host),
    (b"rhost", Field::Host),
    (b"server", Field::WeakHost),
    (b"serverhost", Field::Host),
    (b"servername", Field::Host),
    (b"servers", Field::WeakHost),
    (b"sourcehost", Field::Host),
    (b"sqlserver", Field::Host),
    (b"srchost", Field::Host),
    (b"targethost", Field::Host),
    (b"upstream", Field::WeakHost),
    (b"workstation", Field::Host),
    (b"workstationname", Field::Host),
    (b"name", Field::Name),
    (b"id", Field::Id),
    (b"cn", Field::CommonName),
];

/// The longest of them.
pub(super) const LONGEST: usize = 24;

#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
static NAMES: [&[u8]; FIELDS.len()] = {
    let mut names: [&[u8]; FIELDS.len()] = [b""; FIELDS.len()];
    let mut place = 0;
    while place < FIELDS.len() {
        names[place] = FIELDS[place].0;
        place += 1;
    }
    names
};

static WORDS: Words = Words::new(&NAMES);

impl Field {
    /// What the field of this name says, in any case of letters.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        FIELDS.get(WORDS.place(name)?).map(|(_, field)| *field)
    }

    /// Whether a field of this name is a user's.
    pub(super) fn is_user(name: &[u8]) -> bool {
        matches!(Self::of(name), Some(Self::User | Self::WeakUser))
    }
}

/// What a name can say of its value, told from its last bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Says(u8);

impl Says {
    /// Whatever can be said: the last bytes do not tell.
    pub(super) const ANYTHING: Self = Self(SECRET | IDENTITY | WITHOUT_QUOTES);

    pub(super) fn secret(self) -> bool {
        self.0 & SECRET != 0
    }

    pub(super) fn identity(self) -> bool {
        self.0 & IDENTITY != 0
    }

    pub(super) fn any(self) -> bool {
        self.0 != 0
    }

    /// Whether it says nothing of a value that stands behind a colon without
    /// quotes.
    pub(super) fn only_quoted(self) -> bool {
        self.0 & (SECRET | WITHOUT_QUOTES) == 0
    }

    /// What a name with these last bytes can say.
    #[inline]
    pub(super) fn of(tail: [u8; 4]) -> Self {
        let tail = u32::from_le_bytes(tail) | 0x2020_2020;
        let says = |length| SAYS.get(slot(tail, length)).copied().unwrap_or_default();
        Self(says(4) | says(3) | says(2))
    }
}

const SECRET: u8 = 1;
const IDENTITY: u8 = 2;
const WITHOUT_QUOTES: u8 = 4;

/// Of a thousand names that say nothing some ten are not ruled out.
const SAYS_BITS: u32 = 13;

/// By the hash of the last four, three or two bytes of names.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
static SAYS: [u8; 1 << SAYS_BITS] = {
    let mut says = [0; 1 << SAYS_BITS];
    let mut place = 0;
    while place < ENDINGS.len() {
        says[slot_of(ENDINGS[place].0)] |= SECRET;
        place += 1;
    }
    place = 0;
    while place < FIELDS.len() {
        let (name, field) = FIELDS[place];
        says[slot_of(name)] |= match field {
            Field::WeakHost => IDENTITY,
            _ => IDENTITY | WITHOUT_QUOTES,
        };
        place += 1;
    }
    // `name: DB_PASSWORD value: x`
    says[slot_of(b"value")] |= IDENTITY | WITHOUT_QUOTES;
    says
};

#[expect(clippy::indexing_slicing, reason = "the compiler runs it")]
const fn slot_of(name: &[u8]) -> usize {
    let mut tail = 0_u32;
    let mut taken = 0;
    while taken < 4 && taken < name.len() {
        tail |= (name[name.len() - 1 - taken] as u32) << (24 - 8 * taken);
        taken += 1;
    }
    slot(tail | 0x2020_2020, taken as u32)
}

/// `tail` holds the last bytes of a name in lower case, the last one highest; of
/// them `length` count.
const fn slot(tail: u32, length: u32) -> usize {
    let counted = tail >> (32 - 8 * length);
    (counted.wrapping_mul(0x9e37_79b1) >> (32 - SAYS_BITS)) as usize
}
