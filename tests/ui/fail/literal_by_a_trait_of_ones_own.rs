use telemetry_core::__private::{Evaluated, evaluated};

struct User;

impl Evaluated for User {
    const TEXT: &'static str = std::env::var("USER").unwrap_or_default().leak();
}

fn main() {
    let _ = evaluated::<User>();
}
