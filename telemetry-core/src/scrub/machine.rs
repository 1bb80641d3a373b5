//! The names of this machine.
//!
//! It owns what is learnt from the system: who runs the program, on which
//! host, in which folder. It must never know a text before it is asked for one
//! of these names.

use std::env;
use std::fmt;

use super::rules::Rule;

/// Names shorter than this are also ordinary words.
const SHORTEST: usize = 3;

/// Users and hosts that are called so everywhere: they tell nothing, and stand
/// in ordinary sentences.
const COMMON: [&str; 36] = [
    "root",
    "user",
    "users",
    "admin",
    "administrator",
    "guest",
    "runner",
    "ubuntu",
    "debian",
    "node",
    "home",
    "localhost",
    "system",
    "service",
    "daemon",
    "nobody",
    "test",
    "tests",
    "build",
    "builder",
    "jenkins",
    "docker",
    "vagrant",
    "app",
    "web",
    "server",
    "host",
    "dev",
    "main",
    "work",
    "data",
    "public",
    "default",
    "local",
    "www-data",
    "public folder",
];

/// What the scrubber knows about the machine that it runs on: its user, host
/// and current folder.
///
/// [`Scrubber`](super::Scrubber) learns them when it is first used. A test, or
/// a program that scrubs what another machine wrote, gives its own.
///
/// ```
/// use telemetry_core::scrub::{Machine, Scrubber};
///
/// let machine = Machine::unknown().with_user("jdoe").with_full_name("Jane Doe").with_host("web-7.corp.example");
/// let scrubber = Scrubber::default().with_machine(machine);
/// assert_eq!(scrubber.scrub("Jane Doe (JDOE) left web-7"), "[user] ([user]) left [host]");
/// ```
#[derive(Clone, Default)]
pub struct Machine {
    users: Vec<String>,
    hosts: Vec<String>,
    folders: Vec<String>,
}

/// One word of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnWord {
    pub(super) text: String,
    pub(super) rule: Rule,
}

impl Machine {
    /// Knows nothing: only patterns are found.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// What the system says: login and full name of the user, home folder, name
    /// of the host and its first label, and the current folder.
    ///
    /// Nothing is asked of a network, and nothing is kept that has fewer than
    /// three letters or is called so on every machine, such as `root`.
    pub fn current() -> Self {
        let mut machine = Self::default();
        for variable in ["USER", "LOGNAME", "USERNAME", "SUDO_USER"] {
            machine.user(&variable_of(variable));
        }
        for variable in ["HOSTNAME", "COMPUTERNAME", "HOST"] {
            machine.host(&variable_of(variable));
        }
        for variable in ["HOME", "USERPROFILE"] {
            machine.home(&variable_of(variable));
        }
        machine.ask_system();
        if let Ok(folder) = env::current_dir() {
            machine.folder(&folder.to_string_lossy());
        }
        machine
    }

    #[cfg(unix)]
    fn ask_system(&mut self) {
        self.host(&rustix::system::uname().nodename().to_string_lossy());
        let uid = rustix::process::getuid().as_raw().to_string();
        // The list of users has few kilobytes where it is a file at all.
        let Ok(list) = std::fs::read_to_string("/etc/passwd") else { return };
        for line in list.lines() {
            let mut fields = line.split(':');
            let (login, id) = (fields.next(), fields.nth(1));
            let (full, home) = (fields.nth(1), fields.next());
            if id == Some(uid.as_str()) {
                self.user(login.unwrap_or_default());
                self.full_name(full.unwrap_or_default());
                self.home(home.unwrap_or_default());
            }
        }
    }

    #[cfg(not(unix))]
    fn ask_system(&mut self) {}

    /// Also this login name.
    #[must_use]
    pub fn with_user(mut self, login: &str) -> Self {
        self.user(login);
        self
    }

    /// Also this full name, whole and each word of it.
    #[must_use]
    pub fn with_full_name(mut self, name: &str) -> Self {
        self.full_name(name);
        self
    }

    /// Also this host, whole and its first label.
    #[must_use]
    pub fn with_host(mut self, name: &str) -> Self {
        self.host(name);
        self
    }

    /// Also the name of this home folder.
    #[must_use]
    pub fn with_home(mut self, path: &str) -> Self {
        self.home(path);
        self
    }

    /// Also this folder, whole.
    #[must_use]
    pub fn with_folder(mut self, path: &str) -> Self {
        self.folder(path);
        self
    }

    fn user(&mut self, login: &str) {
        add(&mut self.users, login);
    }

    fn full_name(&mut self, gecos: &str) {
        let name = gecos.split(',').next().unwrap_or_default();
        add(&mut self.users, name);
        for word in name.split_whitespace() {
            add(&mut self.users, word);
        }
    }

    fn host(&mut self, name: &str) {
        add(&mut self.hosts, name);
        add(&mut self.hosts, name.split('.').next().unwrap_or_default());
    }

    fn home(&mut self, path: &str) {
        let last = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
        add(&mut self.users, last.unwrap_or_default());
    }

    /// A folder of one step, such as `/root`, is on every machine.
    fn folder(&mut self, path: &str) {
        let path = path.trim_end_matches(['/', '\\']);
        if path.matches(['/', '\\']).count() >= 2 {
            add(&mut self.folders, path);
        }
    }

    /// The longest first: where two begin together, both are found.
    pub(super) fn words(&self) -> Vec<OwnWord> {
        let kinds = [
            (&self.users, Rule::OwnUser),
            (&self.hosts, Rule::OwnHost),
            (&self.folders, Rule::OwnFolder),
        ];
        let words = kinds.into_iter().flat_map(|(words, rule)| {
            words.iter().map(move |text| OwnWord { text: text.clone(), rule })
        });
        words.collect()
    }
}

/// How many names there are, and none of them.
impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("users", &self.users.len())
            .field("hosts", &self.hosts.len())
            .field("folders", &self.folders.len())
            .finish()
    }
}

fn variable_of(name: &str) -> String {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned()).unwrap_or_default()
}

fn add(words: &mut Vec<String>, word: &str) {
    let word = word.trim();
    let long = word.chars().filter(|c| c.is_alphanumeric()).count() >= SHORTEST;
    let common = COMMON.iter().any(|common| word.eq_ignore_ascii_case(common));
    let number = word.chars().all(|c| c.is_ascii_digit());
    if long && !common && !number && !words.iter().any(|known| known == word) {
        words.push(word.to_owned());
    }
}
