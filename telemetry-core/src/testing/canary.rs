//! Words that must not leave, in every form in which they might.
//!
//! It owns the forms and the search. It must never know where it searches.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;

/// Shorter words are met by chance.
const SHORTEST: usize = 3;

/// A word, and what it looks like in one form or another, in lower case.
struct Canary {
    forms: Vec<(&'static str, Vec<u8>)>,
}

pub(super) struct Canaries(Vec<Canary>);

impl Canaries {
    /// # Errors
    ///
    /// There is none, or one is too short to tell anything.
    pub(super) fn new(words: &[&str]) -> Result<Self, String> {
        if words.is_empty() {
            return Err("no canary was given: nothing would be looked for".to_owned());
        }
        if let Some(place) = words.iter().position(|word| word.chars().count() < SHORTEST) {
            return Err(format!(
                "canary {} has fewer than {SHORTEST} characters: it would be met by chance",
                place + 1
            ));
        }
        Ok(Self(words.iter().map(|word| Canary { forms: forms(word) }).collect()))
    }

    /// The first canary in `bytes`, upper or lower case: which one, and in which form.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<String> {
        let bytes = bytes.to_ascii_lowercase();
        self.0.iter().enumerate().find_map(|(place, canary)| {
            let is_there = |(_, form): &&(_, Vec<u8>)| memmem::find(&bytes, form).is_some();
            let (name, _) = canary.forms.iter().find(is_there)?;
            Some(format!("canary {}{name}", place + 1))
        })
    }
}

fn forms(word: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = word.as_bytes();
    let mut forms = vec![("", bytes.to_vec())];
    let quoted = serde_json::to_string(word).unwrap_or_default();
    forms.push((" as JSON", quoted.trim_matches('"').into()));
    let shown = format!("{word:?}");
    forms.push((" as Debug", shown.trim_matches('"').into()));
    for between in [",", ", "] {
        let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
        forms.push((" as a list of bytes", list.join(between).into()));
    }
    let (mut hex, mut percent) = (String::new(), String::new());
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        let _ = if plain {
            write!(percent, "{}", char::from(*byte))
        } else {
            write!(percent, "%{byte:02x}")
        };
    }
    forms.push((" in hexadecimal", hex.into()));
    forms.push((" percent-encoded", percent.into()));
    forms.push((" as UTF-16", word.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    // Three bytes are four letters: the word may begin at any of the three.
    for before in 0..3_usize {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let known = (before * 8).div_ceil(6)..padded.len() * 8 / 6;
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            forms.push((" in base64", text.get(known.clone()).unwrap_or_default().into()));
        }
    }
    // A short rest of a short word is met by chance.
    forms.retain(|(name, form)| name.is_empty() || form.len() >= 4);
    forms.iter_mut().for_each(|(_, form)| form.make_ascii_lowercase());
    forms
}
