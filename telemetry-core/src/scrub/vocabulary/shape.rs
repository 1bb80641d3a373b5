//! What a piece of a text looks like, whatever word it is.
//!
//! It owns the shapes that say nothing about a person: numbers with units,
//! versions, options, names of files by their kind. It must never know which
//! words are known.

/// Kinds of files that are known everywhere. What follows the last dot of a
/// name can itself be personal, so that any other is hidden with the name.
const EXTENSIONS: &[&str] = &[
    "7z",
    "a",
    "asc",
    "avi",
    "avif",
    "bak",
    "bat",
    "bin",
    "bmp",
    "bz2",
    "c",
    "cc",
    "cer",
    "cert",
    "cfg",
    "class",
    "cmake",
    "cmd",
    "conf",
    "config",
    "cpp",
    "crt",
    "cs",
    "css",
    "csv",
    "dart",
    "dat",
    "db",
    "deb",
    "der",
    "desktop",
    "diff",
    "dll",
    "dmg",
    "doc",
    "docx",
    "dylib",
    "eml",
    "env",
    "eps",
    "exe",
    "flac",
    "gif",
    "git",
    "go",
    "gpg",
    "gradle",
    "graphql",
    "gz",
    "h",
    "hpp",
    "htm",
    "html",
    "ico",
    "ics",
    "img",
    "ini",
    "ipynb",
    "iso",
    "jar",
    "java",
    "jpeg",
    "jpg",
    "js",
    "json",
    "jsonl",
    "jsx",
    "key",
    "kt",
    "kts",
    "less",
    "lock",
    "log",
    "lua",
    "m4a",
    "map",
    "md",
    "mdx",
    "mjs",
    "mk",
    "mkv",
    "mov",
    "mp3",
    "mp4",
    "msi",
    "ndjson",
    "node",
    "o",
    "odt",
    "ods",
    "ogg",
    "orig",
    "otf",
    "out",
    "p12",
    "parquet",
    "patch",
    "pcap",
    "pdf",
    "pem",
    "pfx",
    "php",
    "pid",
    "pl",
    "plist",
    "pm",
    "png",
    "ppt",
    "pptx",
    "prisma",
    "properties",
    "proto",
    "ps1",
    "pub",
    "py",
    "pyc",
    "pyi",
    "r",
    "rar",
    "rb",
    "rlib",
    "rpm",
    "rs",
    "rst",
    "rtf",
    "s",
    "sass",
    "scala",
    "scss",
    "service",
    "sh",
    "so",
    "sock",
    "socket",
    "sol",
    "sql",
    "sqlite",
    "sqlite3",
    "svelte",
    "svg",
    "swift",
    "tar",
    "tex",
    "tf",
    "tfstate",
    "tfvars",
    "tgz",
    "tiff",
    "tmp",
    "toml",
    "ts",
    "tsv",
    "tsx",
    "ttf",
    "txt",
    "vue",
    "war",
    "wasm",
    "wav",
    "webm",
    "webp",
    "whl",
    "woff",
    "woff2",
    "xls",
    "xlsx",
    "xml",
    "xz",
    "yaml",
    "yml",
    "zip",
    "zst",
];

/// The known kind that a name's last part says, such as `toml`.
pub(super) fn extension(name: &str) -> Option<&'static str> {
    let (_, last) = name.rsplit_once('.')?;
    known_extension(last)
}

/// `text`, if it is a known kind of files.
pub(super) fn known_extension(text: &str) -> Option<&'static str> {
    EXTENSIONS.iter().find(|known| known.eq_ignore_ascii_case(text)).copied()
}

/// What stands behind a number and says what it counts.
const UNITS: &[&str] = &[
    "", "ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "s", "sec", "secs", "m", "min", "mins", "h", "d",
    "w", "y", "b", "k", "kb", "kib", "mb", "mib", "g", "gb", "gib", "t", "tb", "tib", "%", "x",
    "px", "pt", "hz", "khz", "mhz", "ghz", "v", "a", "w", "c", "f", "\u{b0}", "\u{b0}c", "\u{b0}f",
    "mm", "cm", "km", "kg", "st", "nd", "rd", "th", "z", "u8", "u16", "u32", "u64", "i32", "i64",
    "f64",
];

/// What stands behind a version and says how finished it is.
const STAGES: &[&str] = &[
    "alpha", "beta", "dev", "pre", "preview", "rc", "nightly", "snapshot", "lts", "final",
    "release", "p", "v", "r",
];

/// A number with more digits than this can be that of a person or an account.
/// Eight hold a date, a process, most sizes and ports.
const MOST_DIGITS: usize = 8;
/// More groups than the longest version that is in use has; an address of the
/// fourth kind has as many, and has a rule of its own.
const MOST_GROUPS: usize = 5;

/// Whether `text` is a number, with a unit or without, a version or a time.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-', '~', 'v', 'V']).unwrap_or(text);
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return !hex.is_empty()
            && hex.len() <= 16
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    if is_time(text) {
        return true;
    }
    let (mut groups, mut digits) = (0, 0);
    for group in text.split(['.', '-', '_', '/', '+']) {
        let number = group.trim_start_matches(|letter: char| letter.is_ascii_digit());
        let length = group.len() - number.len();
        groups += 1;
        digits += length;
        let known = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(number));
        // `1.2.3-rc1`: the stage stands before its number.
        let stage = number.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let is_stage = groups > 1
            && length == 0
            && STAGES.iter().any(|known| known.eq_ignore_ascii_case(stage));
        if !(is_stage || length > 0 && (known(UNITS) || known(STAGES))) {
            return false;
        }
    }
    let dotted = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    groups <= MOST_GROUPS
        && (digits <= MOST_DIGITS || dotted && groups > 1 && digits <= 2 * MOST_DIGITS)
}

/// A date and the hour that stands before the first colon, as in
/// `2026-11-24T12:30:59.123Z`.
fn is_time(text: &str) -> bool {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    matches!(
        shape.as_str(),
        "0000-00-00T00" | "0000-00-00" | "00.000000Z" | "00.000000000Z" | "00.000000"
    )
}

/// Whether `text` is one word of letters, as in a sentence.
pub(super) fn is_plain(text: &str) -> bool {
    text.chars().all(|letter| letter.is_alphabetic() || letter == '\'')
}

/// Whether `text` names nobody, whatever it is: punctuation, a number, a
/// letter of ASCII. Of other scripts one letter can be a family name.
pub(super) fn says_nothing(text: &str) -> bool {
    text.len() == 1 || is_number(text) || !text.chars().any(char::is_alphanumeric)
}

/// The words of an identifier such as `readFileSync` or `KeyError`, in lower
/// case: two or more.
pub(super) fn humps(text: &str) -> Option<impl Iterator<Item = String>> {
    if !text.is_ascii() {
        return None;
    }
    let starts: Vec<usize> = text
        .char_indices()
        .filter(|(at, letter)| *at == 0 || letter.is_ascii_uppercase())
        .map(|(at, _)| at)
        .collect();
    if starts.len() < 2 {
        return None;
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([text.len()]).collect();
    let humps = starts.into_iter().zip(ends);
    Some(humps.map(|(from, to)| text.get(from..to).unwrap_or_default().to_ascii_lowercase()))
}

/// Schemes of addresses, which say how and not where.
const SCHEMES: &[&str] = &[
    "http",
    "https",
    "ws",
    "wss",
    "ftp",
    "sftp",
    "ssh",
    "git",
    "file",
    "tcp",
    "udp",
    "unix",
    "postgres",
    "postgresql",
    "mysql",
    "redis",
    "amqp",
    "mongodb",
    "s3",
    "grpc",
    "ldap",
    "ldaps",
    "smtp",
    "imap",
    "docker",
    "data",
    "jdbc",
];

/// Whether `text` is what an address begins with, and no more.
pub(super) fn is_scheme(text: &str) -> bool {
    text.strip_suffix("://").is_some_and(|scheme| SCHEMES.contains(&scheme))
}

/// Writes what stands for `word`: the same for every word of one shape.
/// `gap_before` is the punctuation before it.
pub(super) fn stand_in(word: &str, gap_before: &str, hidden: &mut String) {
    if let Some((scheme, rest)) = word.split_once("://") {
        address(scheme, rest, hidden);
    } else if word.contains(['/', '\\']) && !word.starts_with('-') {
        path(word, gap_before, hidden);
    } else if let Some(extension) = extension(word) {
        hidden.push_str("[file].");
        hidden.push_str(extension);
    } else {
        let dashes = word.len() - word.trim_start_matches('-').len();
        hidden.push_str(word.get(..dashes).unwrap_or_default());
        hidden.push_str("[word]");
    }
}

fn address(scheme: &str, rest: &str, hidden: &mut String) {
    let known = SCHEMES.iter().find(|known| known.eq_ignore_ascii_case(scheme));
    hidden.push_str(known.copied().unwrap_or("[word]"));
    hidden.push_str("://");
    let (host, behind) = rest
        .split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
        .unwrap_or((rest, ""));
    // What stands before `@` is a user and a password.
    let (name, port) = match host.rsplit_once('@').map_or(host, |(_, host)| host).rsplit_once(':') {
        Some((name, port)) if is_number(port) => (name, Some(port)),
        _ => (host, None),
    };
    if matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0") {
        hidden.push_str(name);
    } else if !name.is_empty() {
        hidden.push_str("[host]");
    }
    if let Some(port) = port {
        hidden.push(':');
        hidden.push_str(port);
    }
    if behind.len() > 1 {
        hidden.push_str("/[path]");
    } else {
        hidden.push_str(behind);
    }
}

fn path(path: &str, gap_before: &str, hidden: &mut String) {
    let separators = ['/', '\\'];
    let separator = if path.contains('/') { '/' } else { '\\' };
    let mut parts: Vec<&str> = path.split(separators).filter(|part| !part.is_empty()).collect();
    let ends = path.ends_with(separators);
    // A label before it stands for the part that the first separator ends.
    if gap_before.ends_with(']') && path.starts_with(separators) {
        hidden.push(separator);
    }
    // The port behind a label for a host.
    let port = parts.first().copied().filter(|part| is_number(part));
    if let Some(port) = port.filter(|_| gap_before.ends_with("]:")) {
        parts.remove(0);
        hidden.push_str(port);
        hidden.push(separator);
    }
    let file = if ends { None } else { parts.pop() };
    for part in match parts.len() {
        0 => [None, None],
        1 => [Some("[path]"), None],
        _ => [Some("[path]"), Some("\u{2026}")],
    }
    .into_iter()
    .flatten()
    {
        hidden.push_str(part);
        hidden.push(separator);
    }
    if let Some(file) = file {
        hidden.push_str("[file]");
        if let Some(extension) = extension(file) {
            hidden.push('.');
            hidden.push_str(extension);
        }
    }
}
