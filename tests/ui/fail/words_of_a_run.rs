use telemetry_core::__private::{Describe, Description, Wording};

struct Failed(&'static str);

/// What is leaked while the program runs is no constant.
impl Wording for Failed {
    const WORDS: &'static [&'static str] = &[String::from("jane").leak()];
}

impl Describe for Failed {
    fn describe(&self, description: &mut Description<'_>) {
        description.literal::<Self>(self.0);
    }
}

fn main() {}
