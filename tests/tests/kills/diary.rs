//! What the programs of a world wrote down of themselves.

use std::collections::BTreeMap;
use std::fs;

use telemetry_tests::spool::entries;

use crate::world::{Ended, Role, World};

/// Which event: the diary that tells of it, the thread, the number.
pub(crate) type Key = (u64, u64, u64);

/// What became of one event, by the word of who recorded it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Word {
    /// The program was killed meanwhile.
    #[default]
    None,
    Stored,
    Dropped,
    Denied,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried {
    pub(crate) begun: u128,
    /// `None`: it was killed meanwhile.
    pub(crate) ended: Option<u128>,
    pub(crate) word: Word,
}

/// One attempt to send: the diary and the number.
pub(crate) type Attempt = (u64, u64);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) time: u128,
    pub(crate) answered: bool,
    /// It was the last of a process that ended without waiting for it.
    pub(crate) cut: bool,
}

/// One word of the user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) begun: u128,
    /// `None`: it was killed meanwhile, or failed.
    pub(crate) returned: Option<u128>,
    /// When it had no effect any more: it had returned, or its process had ended.
    pub(crate) over: u128,
}

impl Said {
    fn end(&mut self, time: u128) {
        (self.returned, self.over) = (Some(time), time);
    }
}

/// All diaries of a world.
#[derive(Debug, Default)]
pub(crate) struct Diaries {
    pub(crate) tried: BTreeMap<Key, Tried>,
    pub(crate) asked: BTreeMap<Attempt, Asked>,
    pub(crate) offs: Vec<Said>,
    pub(crate) ons: Vec<Said>,
    pub(crate) told: Vec<String>,
}

impl Diaries {
    pub(crate) fn read(world: &World) -> Self {
        let mut all = Self::default();
        for path in entries(&world.path("diaries")) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let (diary, process) = name.split_once('.').unwrap();
            let (diary, process): (u64, i32) = (diary.parse().unwrap(), process.parse().unwrap());
            let ended = world.ended.iter().find(|ended| ended.id == process);
            // Its parent took note of its end, and not this process: a sender.
            let unknown = Ended { id: process, role: Role::Sender, time: u128::MAX, killed: true };
            let text = fs::read_to_string(&path).unwrap();
            all.add(diary, ended.copied().unwrap_or(unknown), &text);
        }
        all
    }

    fn add(&mut self, diary: u64, process: Ended, text: &str) {
        let mut left = process.killed;
        let mut last = None;
        let said = |begun| Said { begun, returned: None, over: process.time };
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |at: usize| words[at].parse::<u64>().unwrap();
            let time = |at: usize| words[at].parse::<u128>().unwrap();
            match words[0] {
                "try" => {
                    let tried = Tried { begun: time(3), ..Tried::default() };
                    self.tried.insert((diary, number(1), number(2)), tried);
                }
                word @ ("stored" | "dropped" | "denied") => {
                    let tried = self.tried.get_mut(&(diary, number(1), number(2))).unwrap();
                    tried.ended = Some(time(3));
                    tried.word = match word {
                        "stored" => Word::Stored,
                        "dropped" => Word::Dropped,
                        _ => Word::Denied,
                    };
                }
                "asked" => {
                    let asked = Asked { time: time(2), answered: false, cut: false };
                    self.asked.insert((diary, number(1)), asked);
                    last = Some((diary, number(1)));
                }
                "answered" => {
                    if let Some(asked) = self.asked.get_mut(&(diary, number(1))) {
                        asked.answered = true;
                    }
                }
                "unanswered" => {}
                "off" => self.offs.push(said(time(1))),
                "was-off" => self.offs.last_mut().unwrap().end(time(1)),
                "on" => self.ons.push(said(time(1))),
                "was-on" => self.ons.last_mut().unwrap().end(time(1)),
                "left" => left = true,
                "told" => self.told.push(line.to_owned()),
                word => panic!("what is {word}?"),
            }
        }
        // Of one process one request at a time is under way.
        if left && let Some(asked) = last.and_then(|last| self.asked.get_mut(&last)) {
            asked.cut = true;
        }
    }
}
