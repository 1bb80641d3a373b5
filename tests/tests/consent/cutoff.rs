//! Which events are from before a refusal: numbers that nothing but a refusal
//! and its end can raise.

use std::fs;
use std::time::{Duration, SystemTime};

use telemetry_core::consent::{Choice, Decision};
use telemetry_core::schema::Purpose;

use crate::{Home, PURPOSES, set_time};

fn generations(decision: &Decision) -> Vec<u64> {
    PURPOSES.iter().map(|purpose| decision.generation(*purpose)).collect()
}

#[test]
fn a_refusal_and_its_end_raise_the_generations_and_nothing_else_does() {
    let home = Home::new();
    let layers = home.layers().on_by_default();
    let choice = layers.choice().unwrap();
    let now = || generations(&layers.decide());
    let first = now();
    choice.agree().unwrap();
    choice.agree_to("service").unwrap();
    choice.agree().unwrap();
    assert_eq!(now(), first, "agreeing keeps what is stored");

    choice.refuse_purpose("diagnostics").unwrap();
    let refused = now();
    assert!(refused.iter().zip(&first).all(|(now, before)| now > before), "{refused:?}");
    choice.agree_to("diagnostics").unwrap();
    let reopened = now();
    for (at, purpose) in PURPOSES.iter().enumerate() {
        let is_it = *purpose == Purpose::DIAGNOSTICS;
        assert_eq!(reopened[at] > refused[at], is_it, "{purpose}: of the one purpose alone");
    }
    choice.agree_to("diagnostics").unwrap();
    assert_eq!(now(), reopened, "which changes nothing twice");

    choice.refuse().unwrap();
    let off = now();
    choice.agree().unwrap();
    assert!(now().iter().zip(&off).all(|(now, before)| now > before));
    let text = fs::read_to_string(choice.path()).unwrap();
    assert!(!text.contains("fence"), "{text}");
}

/// A refusal that somebody wrote with an editor counts when it ends.
#[test]
fn the_end_of_a_refusal_that_nobody_counted_is_counted() {
    for agree in [|c: &Choice| c.agree(), |c: &Choice| c.agree_to("service")] {
        let home = Home::new();
        home.write("config/telemetry.toml", "[telemetry]\nenabled = false\n");
        let layers = home.layers();
        let before = layers.decide().generation(Purpose::SERVICE);
        agree(&layers.choice().unwrap()).unwrap();
        let decision = layers.decide();
        assert!(decision.granted(Purpose::SERVICE));
        assert!(!decision.cutoff().permits("service", before));
    }
}

#[test]
fn saved_and_touched_files_and_folders_and_a_wrong_clock_change_nothing() {
    let home = Home::new();
    let config = home.write("app/config.toml", "[telemetry]\nenabled = true\n");
    let layers = home.layers().user_config(&config);
    layers.choice().unwrap().agree().unwrap();
    let before = generations(&layers.decide());
    let text = fs::read_to_string(layers.choice().unwrap().path()).unwrap();
    for time in [
        SystemTime::now() + Duration::from_secs(400 * 86_400),
        SystemTime::now() - Duration::from_secs(400 * 86_400),
        SystemTime::now(),
    ] {
        fs::write(&config, "theme = \"dark\"\n[telemetry]\nenabled = true\n").unwrap();
        fs::write(home.path("config/telemetry.toml"), &text).unwrap();
        for path in ["app/config.toml", "app", "config/telemetry.toml", "config", ""] {
            set_time(&home.path(path), time);
        }
        assert_eq!(generations(&layers.decide()), before);
    }
}

#[test]
fn a_number_that_could_not_rise_any_more_is_damage() {
    for number in ["-1", "18446744073709551615", "9223372036854775807", "\"1\"", "1.0"] {
        let home = Home::new();
        let text = format!("[telemetry]\nenabled = true\n[telemetry.cutoff]\nall = {number}\n");
        home.write("config/telemetry.toml", text);
        assert!(!home.layers().decide().is_on(), "{number}");
        assert_eq!(home.layers().decide().diagnostics().len(), 1, "{number}");
    }
}
