//! Each kind of source, as documented products and the environment have it.

use super::*;

/// "set the environment variable `CHEF_TELEMETRY_OPT_OUT` to any value"
#[test]
fn chef_opts_out_by_any_value_of_its_variable() {
    let layers = |home: &Home| home.layers().on_by_default().opt_out_env("CHEF_TELEMETRY_OPT_OUT");
    assert!(layers(&Home::new()).decide().is_on());
    for value in ["1", "0", "false", ""] {
        let decision = layers(&Home::new().with("CHEF_TELEMETRY_OPT_OUT", value)).decide();
        assert!(!decision.is_on());
        assert_eq!(
            decision.why().to_string(),
            "Telemetry is off: the environment (CHEF_TELEMETRY_OPT_OUT) says so. \
             It outweighs the program's default, which says on. \
             To change it, unset CHEF_TELEMETRY_OPT_OUT.\n\
             What was recorded before that stays, and may be sent when it is over; \
             `telemetry off` erases it for good."
        );
    }
}

/// "Disable telemetry entirely by adding the following to
/// `$HOME/.chef-workstation/config.toml`"
#[test]
fn chef_opts_out_in_its_config_file_also_by_the_misspelt_key() {
    let home = Home::new();
    let config = home.path(".chef-workstation/config.toml");
    let layers = home.layers().on_by_default().user_config(&config);
    assert!(layers.decide().is_on(), "no file, no opinion");

    home.write(".chef-workstation/config.toml", "[log]\nlevel = \"debug\"\n");
    assert!(layers.decide().is_on(), "the program's own tables say nothing");

    home.write(".chef-workstation/config.toml", "[telemetry]\nenabled=false\n");
    let decision = layers.decide();
    assert!(!decision.is_on() && decision.diagnostics().is_empty());
    let ruling = decision.ruling("product-improvement");
    assert_eq!(ruling.source().unwrap().place(), format!("{}:2", config.display()));
    assert_eq!(ruling.how_to_change(), format!("edit {}", config.display()));

    home.write(".chef-workstation/config.toml", "[log]\n\n[telemetry]\nenable = false\n");
    let decision = layers.decide();
    assert!(!decision.is_on());
    let [diagnostic] = decision.diagnostics() else { panic!("one diagnostic") };
    assert_eq!(
        diagnostic.to_string(),
        format!(
            "{}:4 has the unknown key `enable` under [telemetry]; the keys are `enabled` and `purposes`. \
             Until that is put right, telemetry is off: \
             write `enabled = false` or `enabled = true` under [telemetry].",
            config.display()
        )
    );
}

/// Testsigma: "Check the **Disable Telemetry** option" in the admin settings.
#[test]
fn testsigma_disables_and_enables_by_its_admin_switch() {
    let home = Home::new();
    let layers = home.layers().on_by_default();
    let choice = layers.choice().unwrap();
    choice.refuse().unwrap();
    let decision = layers.decide();
    assert!(granted(&decision).is_empty());
    assert_eq!(decision.ruling("service").source().unwrap().layer(), Layer::UserChoice);
    assert_eq!(decision.ruling("service").how_to_change(), "run `telemetry on`");
    choice.agree().unwrap();
    assert_eq!(granted(&layers.decide()).len(), PURPOSES.len());
}

/// "you can set `APPSMITH_DISABLE_TELEMETRY=true` in the **docker.env** file"
#[test]
fn appsmith_disables_in_docker_env_and_in_the_environment() {
    let rows = [
        ("APPSMITH_DISABLE_TELEMETRY=true\n", false, 0),
        ("# telemetry\nexport APPSMITH_DISABLE_TELEMETRY=\"true\"\n", false, 0),
        ("APPSMITH_DISABLE_TELEMETRY=false # asked at installation\n", true, 0),
        ("APPSMITH_MAIL_ENABLED=true\n", true, 0),
        ("APPSMITH_DISABLE_TELEMETRY=\n", false, 1),
        ("APPSMITH_DISABLE_TELEMETRY=ture\n", false, 1),
        ("Appsmith_Disable_Telemetry=true\n", false, 1),
        ("APPSMITH_DISABLE_TELEMETRY: true\n", false, 1),
        ("APPSMITH_DISABLE_TELEMETRY=false\nAPPSMITH_DISABLE_TELEMETRY=true\n", false, 0),
    ];
    for (text, on, diagnostics) in rows {
        let home = Home::new();
        let file = home.write("docker.env", text);
        let layers =
            home.layers().on_by_default().disable_env("APPSMITH_DISABLE_TELEMETRY").env_file(&file);
        let decision = layers.decide();
        assert_eq!(decision.is_on(), on, "{text}");
        assert_eq!(decision.diagnostics().len(), diagnostics, "{text}");
    }
    let home = Home::new().with("APPSMITH_DISABLE_TELEMETRY", "true");
    assert!(
        !home.layers().on_by_default().disable_env("APPSMITH_DISABLE_TELEMETRY").decide().is_on()
    );
}

/// "The opt-in client events off until asked": events of one purpose wait for
/// a yes while those of another are on.
#[test]
fn without_a_default_nothing_is_on_until_agreed() {
    let home = Home::new();
    let layers = home.layers();
    assert!(!layers.decide().is_on());
    assert_eq!(
        layers.decide().why().to_string(),
        "Telemetry is off: nobody has agreed to it yet. To change it, run `telemetry on`."
    );
    layers.choice().unwrap().agree_to("x-own").unwrap();
    assert_eq!(granted(&layers.decide()), ["x-own"]);
}

/// UiPath: `TELEMETRY_ENABLED=0|1` at installation and at update.
#[test]
fn uipath_keeps_the_installers_choice_over_updates() {
    let home = Home::new();
    let file = home.path("program files/telemetry.toml");
    // "If the parameter is omitted on updates, the previous value is preserved."
    assert!(!record_installation(&file, Some(false), true).unwrap());
    assert!(!record_installation(&file, None, true).unwrap());
    let layers = home.layers().on_by_default().installation_file(&file);
    assert_eq!(layers.decide().ruling("service").source().unwrap().layer(), Layer::Installation);
    // "can also be added when updating"
    assert!(record_installation(&file, Some(true), true).unwrap());
    assert!(layers.decide().is_on());
    // "If the key was missing in the previous version [...] automatically set to true"
    fs::write(&file, "").unwrap();
    assert!(record_installation(&file, None, true).unwrap());
    fs::remove_file(&file).unwrap();
    assert!(record_installation(&file, None, true).unwrap());
    assert!(home.layers().installation_file(&file).decide().is_on());
    // What cannot be understood is not a missing key.
    fs::write(&file, "[telemetry]\nenable = false\n").unwrap();
    assert!(record_installation(&file, None, true).unwrap_err().is_config());
    assert!(!layers.decide().is_on());
}

#[cfg(unix)]
#[test]
fn every_user_can_read_the_installers_choice() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let file = home.path("telemetry.toml");
    record_installation(&file, Some(false), true).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
}

/// "Once the change is made in the uipath.config file, it can not be reverted
/// by using the telemetry toggle"
#[test]
fn uipath_users_cannot_revert_the_organisations_file() {
    let document = |value: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<configuration>\n<configSections>\n\
             <section name=\"analyticsSettings\" type=\"System.Configuration.AppSettingsSection\" />\n\
             </configSections>\n<analyticsSettings>\n\
             <add key=\"Telemetry.Enabled\" value=\"{value}\" />\n</analyticsSettings>\n</configuration>\n"
        )
    };
    let home = Home::new();
    let file = home.write("uipath.config", document("true"));
    let layers = home.layers().organisation_xml(&file);
    layers.choice().unwrap().agree().unwrap();
    assert!(layers.decide().is_on());

    fs::write(&file, document("false")).unwrap();
    layers.choice().unwrap().agree().unwrap();
    let decision = layers.decide();
    assert!(!decision.is_on());
    let ruling = decision.ruling("service");
    assert_eq!(ruling.source().unwrap().layer(), Layer::Organisation);
    assert_eq!(ruling.source().unwrap().place(), format!("{}:7", file.display()));
    assert_eq!(ruling.beaten().len(), 1);
    let why = decision.why().to_string();
    assert!(
        why.contains("It outweighs the user's choice (") && why.contains("ask who administers"),
        "{why}"
    );

    let broken = [
        document("ture"),
        document("true").replace("Telemetry.Enabled", "telemetry.enabled"),
        document("true").replace("<add ", "<remove "),
        document("true").replace("<analyticsSettings>", "<analyticsSettings configSource=\"x\">"),
        document("true").replace("analyticsSettings>", "AnalyticsSettings>"),
        document("true").replace("<?xml version=\"1.0\"?>", "<!DOCTYPE c [<!ENTITY e \"true\">]>"),
        document("true").replace("</configuration>", ""),
    ];
    for text in broken {
        fs::write(&file, &text).unwrap();
        let decision = layers.decide();
        assert!(!decision.is_on() && decision.diagnostics().len() == 1, "{text}");
    }
    fs::write(&file, "<configuration><appSettings/></configuration>").unwrap();
    assert!(layers.decide().is_on(), "a document without the section has no opinion");
    fs::write(
        &file,
        document("true").replace(
            "Telemetry.Enabled\" value=\"true",
            "Telemetry.Purposes.service\" value=\"False",
        ),
    )
    .unwrap();
    assert!(!layers.decide().granted(Purpose::SERVICE));
    assert!(layers.decide().granted(Purpose::DIAGNOSTICS));
}

/// "request to opt out of fine tuning or product improvement for your organization"
#[test]
fn uipath_opts_out_of_model_training_alone() {
    let home = Home::new();
    let file = home.write("policy.toml", "[telemetry.purposes]\nmodel-training = false\n");
    let layers = home.layers().on_by_default().organisation_file(&file).purposes(&PURPOSES);
    layers.choice().unwrap().agree_to("model-training").unwrap();
    let decision = layers.decide();
    assert!(decision.granted(Purpose::SERVICE));
    assert!(!decision.granted(Purpose::MODEL_TRAINING));
    let off: Vec<_> = decision.purposes().filter(|(_, ruling)| !ruling.is_granted()).collect();
    assert_eq!(off.len(), 1);
    assert_eq!(decision.why().to_string().lines().count(), 2, "{}", decision.why());
}

#[test]
fn a_purpose_that_the_author_did_not_list_is_never_granted() {
    let home = Home::new();
    let policy = home.write("policy.toml", "[telemetry]\nenabled = true\n");
    let yes = "[telemetry]\nenabled = true\n[telemetry.purposes]\nmodel-training = true\n";
    home.write("config/telemetry.toml", yes);
    let layers = home.layers().on_by_default().organisation_file(&policy);
    assert!(layers.decide().granted(Purpose::MODEL_TRAINING));
    let decision = layers.purposes(&[Purpose::SERVICE]).decide();
    assert!(decision.granted(Purpose::SERVICE));
    assert!(!decision.granted(Purpose::MODEL_TRAINING));
    assert!(!decision.others().is_granted());
    let names: Vec<_> = decision.purposes().map(|(name, _)| name).collect();
    assert_eq!(names, ["service"]);
    assert_eq!(decision.ruling("model-training").reason(), "this program does not collect for it");
}

#[test]
fn a_purpose_of_the_library_that_the_program_does_not_have_may_be_refused() {
    let home = Home::new();
    let policy = home.write("policy.toml", "[telemetry.purposes]\nmodel-training = false\n");
    let layers = home.layers().on_by_default().organisation_file(&policy);
    let decision = layers.purposes(&[Purpose::SERVICE]).decide();
    assert!(decision.granted(Purpose::SERVICE));
    assert!(decision.diagnostics().is_empty());
}

#[test]
fn the_instruction_for_one_purpose_is_for_that_one_alone() {
    let home = Home::new();
    let layers = home.layers().on_by_default().purposes(&PURPOSES);
    let choice = layers.choice().unwrap();
    choice.refuse_purpose("model-training").unwrap();
    // A yes to everything does not take a refusal by name back.
    choice.agree().unwrap();
    let decision = layers.decide();
    let ruling = decision.ruling("model-training");
    assert!(!ruling.is_granted());
    assert_eq!(ruling.how_to_change(), "run `telemetry on --purpose model-training`");
    choice.agree_to("model-training").unwrap();
    assert!(layers.decide().ruling("model-training").is_granted());
}

#[test]
fn a_misspelt_purpose_in_an_opt_out_is_off_for_all() {
    let home = Home::new();
    let file = home.write("policy.toml", "[telemetry.purposes]\nmodel-trainig = false\n");
    let decision =
        home.layers().on_by_default().organisation_file(&file).purposes(&PURPOSES).decide();
    assert!(!decision.is_on());
    let text = decision.diagnostics()[0].to_string();
    assert!(text.contains("`model-trainig`") && text.contains("`model-training`"), "{text}");
}

#[test]
fn do_not_track_is_off_unless_it_plainly_says_no() {
    for (value, on) in [("1", false), ("true", false), ("yes", false), ("no", false), (" ", false)]
        .into_iter()
        .chain([("", true), ("0", true), ("false", true), ("FALSE", true)])
    {
        let home = Home::new().with("DO_NOT_TRACK", value);
        assert_eq!(home.layers().on_by_default().decide().is_on(), on, "{value:?}");
    }
}

#[test]
fn an_unclear_value_is_off_and_is_not_repeated() {
    let home = Home::new().with("TELEMETRY_ENABLED", "CANARY");
    let decision = home.layers().on_by_default().enable_env("TELEMETRY_ENABLED").decide();
    assert!(!decision.is_on());
    let text = decision.diagnostics()[0].to_string();
    assert!(text.starts_with("the environment variable TELEMETRY_ENABLED has a value"), "{text}");
    assert!(!format!("{text}{decision:?}").contains("CANARY"));
}

#[test]
fn build_machines_are_not_counted_unless_the_author_says_so() {
    let variables = [
        ("CI", "true"),
        ("CONTINUOUS_INTEGRATION", "1"),
        ("TF_BUILD", "True"),
        ("JENKINS_URL", "http://ci/"),
        ("TEAMCITY_VERSION", "2026.1"),
        ("CODEBUILD_BUILD_ID", "x:1"),
        ("bamboo_buildKey", "A-B"),
        ("GO_PIPELINE_LABEL", "3"),
    ];
    for (name, value) in variables {
        let home = Home::new().with(name, value);
        home.layers().choice().unwrap().agree().unwrap();
        let decision = home.layers().decide();
        assert!(!decision.is_on());
        assert_eq!(decision.ruling("service").source().unwrap().place(), name);
        assert!(home.layers().collect_in_ci(true).decide().is_on());
    }
    assert!(Home::new().with("CI", "false").layers().on_by_default().decide().is_on());
}
