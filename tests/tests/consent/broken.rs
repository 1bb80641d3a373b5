//! What cannot be read or understood, and changes while the program runs.

use super::*;

#[test]
fn what_cannot_be_read_is_off() {
    let home = Home::new();
    let decide = |path: &Path| home.layers().on_by_default().user_config(path).decide();
    let refused = |path: &Path| {
        let decision = decide(path);
        assert!(!decision.is_on(), "{}", path.display());
        assert_eq!(decision.diagnostics().len(), 1);
    };
    let padded = |size: usize| {
        let start = "[telemetry]\nenabled = true\n#";
        format!("{start}{}", " ".repeat(size - start.len()))
    };
    assert!(decide(&home.write("largest", padded(64 * 1024))).is_on());
    refused(&home.write("larger", padded(64 * 1024 + 1)));
    refused(&home.write("latin1", b"[telemetry]\nenabled = true # \xe9\n"));
    refused(home.folder.path());
    refused(&home.write("file", "").join("config.toml"));
    #[cfg(unix)]
    {
        let link = |name: &str, target: &Path| {
            std::os::unix::fs::symlink(target, home.path(name)).unwrap();
            home.path(name)
        };
        assert!(
            decide(&link("dotfile", &home.path("largest"))).is_on(),
            "dotfile programs link files"
        );
        refused(&link("nowhere", &home.path("nothing")));
        refused(&link("loop", &home.path("loop")));
        refused(Path::new("/dev/null"));
        let socket = home.path("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        refused(&socket);
        // Reading a pipe that nobody writes to would wait forever.
        let made =
            Command::new("mkfifo").arg(home.path("pipe")).status().is_ok_and(|s| s.success());
        skip_unless(made, "mkfifo");
        if made {
            refused(&home.path("pipe"));
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_permission_is_off() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let file = home.write("config.toml", "[telemetry]\nenabled = true\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads everything, and then there is nothing to refuse.
    let decision = home.layers().user_config(&file).decide();
    assert_eq!(decision.is_on(), File::open(&file).is_ok());
}

#[test]
fn a_name_that_is_no_folder_is_off() {
    for name in ["", ".", "..", "a/b", "/etc", "a\\b"] {
        let decision = Layers::new(name).on_by_default().with_env(|_| None).decide();
        assert!(!decision.is_on() && decision.diagnostics().len() == 1, "{name:?}");
        assert!(Layers::new(name).choice().unwrap_err().is_config());
    }
}

#[test]
fn no_message_repeats_a_value() {
    let canary = "CANARY";
    let texts = [
        format!("[telemetry]\nenabled = \"{canary}\"\n"),
        format!("[telemetry]\nenable = \"{canary}\"\n"),
        format!("telemetry = \"{canary}\"\n"),
        format!("[telemetry]\nenabled = {canary}\n"),
        format!("token = \"{canary}\n"),
        format!("[telemetry.purposes]\nservice = [\"{canary}\"]\n"),
        format!(
            "[telemetry]\nwritten = \"{canary}\"\n[[telemetry.receipts]]\nnotice = \"{canary}\"\n"
        ),
    ];
    for text in texts {
        let home = Home::new().with("DISABLE", canary);
        let path = home.write("config/telemetry.toml", &text);
        let env = home.write("docker.env", format!("{canary}\nDISABLE={canary}"));
        let xml = home.write("x.config", format!("<analyticsSettings><add key='Telemetry.Enabled' value='{canary}'/></analyticsSettings>"));
        let layers =
            home.layers().disable_env("DISABLE").user_config(&path).organisation_file(&path);
        let layers = layers.installation_file(&path).env_file(&env).organisation_xml(&xml);
        let decision = layers.decide();
        assert!(!decision.is_on());
        let said = decision.diagnostics().iter().map(ToString::to_string).collect::<String>();
        let error = layers.choice().unwrap().agree().unwrap_err();
        let install = record_installation(&path, None, true).unwrap_err();
        let all =
            format!("{said}{}{decision:?}{layers:?}{error}{error:?}{install:?}", decision.why());
        assert!(!all.contains(canary), "{all}");
    }
}

#[test]
fn a_key_cannot_talk_to_the_terminal() {
    let home = Home::new();
    let file = home.write("config.toml", "[telemetry]\n\"\\u001b[2J\" = true\n");
    let decision = home.layers().user_config(&file).decide();
    assert!(!decision.diagnostics()[0].to_string().contains('\u{1b}'));
}

#[test]
fn a_change_is_noticed_without_a_restart() {
    let home = Home::new();
    let config = home.write("config.toml", "[telemetry]\nenabled = true\n");
    let layers = home.layers().user_config(&config).env_file(home.path("docker.env"));
    let decision = layers.decide();
    assert!(!decision.changed_now());
    layers.choice().unwrap().refuse().unwrap();
    assert!(decision.changed_now() && decision.changed());

    let decision = layers.decide();
    home.write("docker.env", "");
    assert!(decision.changed_now(), "a file that was not there");
    let decision = layers.decide();
    fs::remove_file(&config).unwrap();
    assert!(decision.changed_now(), "a file that is gone");
}

#[cfg(unix)]
#[test]
fn a_change_that_keeps_length_and_time_is_noticed() {
    let home = Home::new();
    let file = home.write("docker.env", "ENABLE=1\n");
    set_time(&file, long_ago());
    let layers = home.layers().enable_env("ENABLE").env_file(&file);
    let decision = layers.decide();
    assert!(decision.is_on() && !decision.changed_now());
    let other = home.write("other.env", "ENABLE=0\n");
    set_time(&other, fs::metadata(&file).unwrap().modified().unwrap());
    fs::rename(&other, &file).unwrap();
    assert!(decision.changed_now());
}

#[test]
fn deciding_writes_nothing() {
    let home = Home::new();
    let layers = home
        .layers()
        .on_by_default()
        .notice(notice("1", &PURPOSES))
        .user_config(home.path("a/b.toml"));
    let decision = layers.decide();
    assert!(!decision.changed_now());
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 0);
}
