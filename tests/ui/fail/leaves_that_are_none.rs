use telemetry_core::leaf::{HasLeaves, kind};

struct Level(u8);

impl HasLeaves<kind::Identifier> for Level {
    type Inner<'v> = u8;
    fn inner(&self) -> u8 {
        self.0
    }
}

fn main() {}
