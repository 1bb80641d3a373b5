//! Notices, receipts and the user's own choice.

use super::*;

#[test]
fn nothing_is_on_by_default_before_the_notice_was_shown() {
    let home = Home::new();
    let layers = home.layers().on_by_default().notice(notice("1", &[Purpose::SERVICE]));
    let decision = layers.decide();
    assert!(!decision.is_on() && !decision.may_send());
    assert_eq!(decision.notice_due().unwrap().text(), "What we count, and why.");

    layers.choice().unwrap().notice_shown().unwrap();
    let decision = layers.decide();
    assert!(decision.notice_due().is_none() && decision.may_send());
    assert_eq!(granted(&decision), ["service"], "and nothing that it did not speak of");
}

#[test]
fn who_has_refused_is_shown_no_notice_and_nothing_is_written() {
    let home = Home::new().with("DO_NOT_TRACK", "1");
    let layers = home.layers().on_by_default().notice(notice("1", &[Purpose::SERVICE]));
    assert!(layers.decide().notice_due().is_none());
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_purpose_added_later_is_off_until_agreed_to() {
    let first = notice("1", &[Purpose::SERVICE, Purpose::DIAGNOSTICS]);
    let second = notice("2", &[Purpose::SERVICE, Purpose::DIAGNOSTICS, Purpose::MODEL_TRAINING]);
    for by_default in [false, true] {
        let home = Home::new();
        let layers = if by_default { home.layers().on_by_default() } else { home.layers() };
        let old = layers.clone().notice(first.clone());
        if by_default {
            old.choice().unwrap().notice_shown().unwrap();
        } else {
            old.choice().unwrap().agree().unwrap();
        }
        assert_eq!(granted(&old.decide()), ["service", "diagnostics"]);

        let new = layers.clone().notice(second.clone());
        assert_eq!(granted(&new.decide()), ["service", "diagnostics"]);
        assert_eq!(new.decide().notice_due().unwrap().version(), "2");
        // Who agreed goes on with what was agreed to; who was only told, waits.
        assert_eq!(new.decide().may_send(), !by_default);
        new.choice().unwrap().notice_shown().unwrap();
        assert_eq!(granted(&new.decide()), ["service", "diagnostics"], "told is not agreed");
        let why = new.decide().why().to_string();
        assert!(
            why.contains("Telemetry for model-training is off: the user has not agreed"),
            "{why}"
        );
        assert!(why.contains("run `telemetry on --purpose model-training`"), "{why}");

        new.choice().unwrap().agree_to("model-training").unwrap();
        assert_eq!(granted(&new.decide()), ["service", "diagnostics", "model-training"]);
        let decision = new.decide();
        let receipt = decision.receipts().last().unwrap();
        assert_eq!(
            (receipt.notice(), receipt.purposes()),
            ("2", &["model-training".to_owned()][..])
        );
        assert!(receipt.time().ends_with('Z'));
    }
}

#[test]
fn agreeing_to_some_boxes_refuses_the_others() {
    let home = Home::new();
    let layers = home.layers().on_by_default().notice(notice("1", &PURPOSES));
    layers.choice().unwrap().agree_only_to(&["service", "x-own"]).unwrap();
    assert_eq!(granted(&layers.decide()), ["service", "x-own"]);
    layers.choice().unwrap().agree().unwrap();
    assert_eq!(granted(&layers.decide()), ["service", "x-own"], "a refusal of one purpose stays");
    assert_eq!(layers.decide().receipts()[1].purposes(), ["service", "x-own"]);
}

#[test]
fn a_receipt_outlives_the_withdrawal_and_grants_nothing() {
    let home = Home::new();
    let layers = home.layers().notice(notice("1", &[Purpose::SERVICE]));
    layers.choice().unwrap().agree().unwrap();
    layers.choice().unwrap().refuse().unwrap();
    assert!(!layers.decide().is_on());
    assert_eq!(layers.decide().receipts().len(), 1);
}

#[test]
fn on_for_one_purpose_after_off_is_on_for_that_one_alone() {
    let home = Home::new();
    let layers = home.layers().on_by_default();
    let choice = layers.choice().unwrap();
    choice.agree_to("service").unwrap();
    choice.refuse().unwrap();
    choice.agree_to("diagnostics").unwrap();
    assert_eq!(granted(&layers.decide()), ["diagnostics"]);
    assert!(!layers.decide().others().is_granted());
    choice.refuse_purpose("diagnostics").unwrap();
    assert!(!layers.decide().is_on());
    choice.agree_to("x-own").unwrap();
    choice.agree_to("diagnostics").unwrap();
    assert_eq!(granted(&layers.decide()), ["diagnostics", "x-own"]);
    choice.agree().unwrap();
    assert_eq!(granted(&layers.decide()).len(), PURPOSES.len());
}

#[test]
fn a_purpose_that_does_not_exist_is_an_error_and_not_a_word() {
    let home = Home::new();
    let choice = home.layers().purposes(&PURPOSES).choice().unwrap();
    let error = choice.refuse_purpose("model-trainig").unwrap_err();
    assert!(error.is_argument() && error.to_string().contains("`model-training`"));
    assert!(!error.to_string().contains("trainig`"), "an argument is not repeated");
    assert!(!choice.path().exists());
}

#[test]
fn off_works_on_a_broken_file_and_on_does_not() {
    for text in ["not toml", "[telemetry]\nenable = true\n", "[telemetry]\nwritten = 3\n"] {
        let home = Home::new();
        let path = home.write("config/telemetry.toml", text);
        let layers = home.layers().on_by_default();
        assert!(!layers.decide().is_on());
        let choice = layers.choice().unwrap();
        assert!(choice.agree().unwrap_err().is_config());
        assert!(choice.notice_shown().is_ok(), "without a notice there is nothing to note");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        choice.refuse_purpose("service").unwrap();
        assert!(!layers.decide().is_on(), "what else was refused in there is unknown");
        assert!(layers.decide().diagnostics().is_empty());
        assert_eq!(fs::read_to_string(home.path("config/telemetry.toml.broken")).unwrap(), text);
        choice.agree().unwrap();
        assert!(layers.decide().is_on() && !layers.decide().granted(Purpose::SERVICE));
    }
}

#[cfg(unix)]
#[test]
fn the_choice_is_for_its_owner_alone_and_leaves_no_litter() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let choice = home.layers().choice_file(home.path("a/b/c/telemetry.toml")).choice().unwrap();
    choice.refuse().unwrap();
    choice.agree().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(choice.path()), 0o600);
    assert_eq!(mode(&home.path("a/b/c")), 0o700);
    let mut names: Vec<_> =
        fs::read_dir(home.path("a/b/c")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["telemetry.lock", "telemetry.toml"]);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_choice_is_off_and_off_replaces_it() {
    let home = Home::new();
    let target = home.write("elsewhere.toml", "[telemetry]\nenabled = true\n");
    fs::create_dir(home.path("config")).unwrap();
    std::os::unix::fs::symlink(&target, home.path("config/telemetry.toml")).unwrap();
    let layers = home.layers().on_by_default();
    assert!(!layers.decide().is_on() && layers.decide().diagnostics().len() == 1);
    layers.choice().unwrap().refuse().unwrap();
    assert!(fs::symlink_metadata(home.path("config/telemetry.toml")).unwrap().is_file());
    assert_eq!(fs::read_to_string(&target).unwrap(), "[telemetry]\nenabled = true\n");
}

#[test]
fn every_name_survives_writing_and_reading() {
    let home = Home::new();
    let version = "1 \"quoted\" \\ back\nline\u{7f} ü";
    let layers = home.layers().on_by_default().notice(notice(version, &PURPOSES));
    layers.choice().unwrap().notice_shown().unwrap();
    layers.choice().unwrap().agree().unwrap();
    let decision = layers.decide();
    assert!(decision.diagnostics().is_empty() && decision.notice_due().is_none());
    assert_eq!(decision.receipts()[0].notice(), version);
}

#[test]
fn receipts_never_make_the_file_too_large_to_read() {
    let home = Home::new();
    let layers = home.layers().notice(notice(&"v".repeat(64), &PURPOSES));
    for _ in 0..100 {
        layers.choice().unwrap().agree().unwrap();
    }
    assert!(layers.decide().is_on());
    assert!(fs::metadata(layers.choice().unwrap().path()).unwrap().len() < 32 * 1024);
}

/// What a program asks its user about, and when it does not ask again.
#[test]
fn who_has_answered_is_not_asked_again() {
    let undecided = |layers: &Layers| layers.decide().is_undecided();
    type Answer = fn(&Choice);
    let answers: [Answer; 4] = [
        |choice| choice.agree().unwrap(),
        |choice| choice.refuse().unwrap(),
        |choice| choice.agree_only_to(&["service"]).unwrap(),
        |choice| choice.agree_only_to(&[]).unwrap(),
    ];
    for answer in answers {
        let home = Home::new();
        let layers = home.layers().notice(notice("1", &[Purpose::SERVICE, Purpose::DIAGNOSTICS]));
        assert!(undecided(&layers));
        answer(&layers.choice().unwrap());
        assert!(!undecided(&layers), "{}", layers.decide().why());
    }
    // A later notice speaks of something that the user was not asked about; who
    // has refused everything is left in peace.
    let all = [Purpose::SERVICE, Purpose::DIAGNOSTICS, Purpose::MODEL_TRAINING];
    let home = Home::new();
    let first = home.layers().notice(notice("1", &all[..2]));
    let second = home.layers().notice(notice("2", &all));
    first.choice().unwrap().agree().unwrap();
    assert!(!undecided(&first) && undecided(&second));
    first.choice().unwrap().refuse().unwrap();
    assert!(!undecided(&second));

    // Whom somebody else has refused, or agreed for, is not asked.
    let refused = Home::new().with("DO_NOT_TRACK", "1");
    assert!(!undecided(&refused.layers()));
    assert!(!undecided(&Home::new().layers().on_by_default()));
    let machine = Home::new().with("CI", "true");
    assert!(!undecided(&machine.layers()), "nobody is there to answer");
}
