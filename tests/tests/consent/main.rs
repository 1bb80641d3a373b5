//! Consent: one order of layers, any off wins, and what the user wrote lasts.
#![forbid(unsafe_code)]

mod cutoff;
mod later;
#[cfg(unix)]
mod off;
#[cfg(unix)]
mod start;
#[cfg(unix)]
mod unreadable;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use telemetry_core::consent::{Decision, Layer, Layers, Notice, record_installation};
use telemetry_core::schema::Purpose;

const X: Purpose = Purpose::new("x-own");
const PURPOSES: [Purpose; 5] = [
    Purpose::SERVICE,
    Purpose::DIAGNOSTICS,
    Purpose::PRODUCT_IMPROVEMENT,
    Purpose::MODEL_TRAINING,
    X,
];

/// A home folder of the test's own, and an environment that nobody else sees.
struct Home {
    folder: tempfile::TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.insert(name, value.to_owned());
        self
    }

    /// Layers whose choice is kept in this home.
    fn layers(&self) -> Layers {
        let variables = self.variables.clone();
        Layers::new("telemetry-consent-test")
            .choice_file(self.path("config/telemetry.toml"))
            .with_env(move |name| variables.get(name).map(Into::into))
    }
}

fn granted(decision: &Decision) -> Vec<&'static str> {
    PURPOSES.iter().filter(|purpose| decision.granted(**purpose)).map(|p| p.name()).collect()
}

fn set_time(path: &Path, time: SystemTime) {
    let file =
        if path.is_dir() { File::open(path) } else { File::options().write(true).open(path) };
    file.unwrap().set_modified(time).unwrap();
}

fn long_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(86_400)
}

// ---------------------------------------------------------------- the property

/// What one file may be.
#[derive(Clone, Debug)]
enum Body {
    Missing,
    Says { enabled: Option<bool>, purposes: BTreeMap<usize, bool> },
    Broken(usize),
}

/// Ways to break a TOML file, each of which somebody has written.
const BREAKAGES: [&str; 10] = [
    "[telemetry]\nenable = false\n",
    "[telemetry]\nenabled = \"true\"\n",
    "[telemetry]\nenabled = 1\n",
    "telemetry = true\n",
    "[Telemetry]\nenabled = true\n",
    "[telemetry\nenabled = true\n",
    "[telemetry]\nenabled = true\nenabled = true\n",
    "[telemetry]\npurposes = true\n",
    "[telemetry.purposes]\nservice = \"yes\"\n",
    "[telemetry]\nenabled = true\n\u{0}",
];

impl Body {
    fn write(&self, home: &Home, name: &str) -> PathBuf {
        let text = match self {
            Self::Missing => return home.path(name),
            Self::Broken(way) => BREAKAGES[*way].to_owned(),
            Self::Says { enabled, purposes } => {
                let enabled = enabled.map_or(String::new(), |on| format!("enabled = {on}\n"));
                let named = purposes.iter().map(|(at, on)| format!("{} = {on}\n", PURPOSES[*at]));
                format!("[telemetry]\n{enabled}[telemetry.purposes]\n{}", named.collect::<String>())
            }
        };
        home.write(name, text)
    }

    fn says(&self, purpose: usize) -> (bool, bool) {
        match self {
            Self::Missing => (false, false),
            Self::Broken(_) => (false, true),
            Self::Says { enabled, purposes } => {
                let words = [*enabled, purposes.get(&purpose).copied()];
                (words.contains(&Some(true)), words.contains(&Some(false)))
            }
        }
    }
}

/// One world: every layer with something in it.
#[derive(Clone, Debug)]
struct World {
    files: [Body; 4],
    do_not_track: Option<&'static str>,
    opt_out: Option<&'static str>,
    disable: Option<&'static str>,
    enable: Option<&'static str>,
    env_file: Option<&'static str>,
    ci: bool,
    in_ci: bool,
    by_default: bool,
}

const FILES: [&str; 4] = ["org.toml", "config.toml", "config/telemetry.toml", "install.toml"];

impl World {
    fn decide(&self, home: &mut Home) -> Decision {
        for name in FILES.iter().chain(&["docker.env"]) {
            let _ = fs::remove_file(home.path(name));
        }
        let paths: Vec<_> =
            self.files.iter().zip(FILES).map(|(body, name)| body.write(home, name)).collect();
        home.variables.clear();
        let variables = [
            ("DO_NOT_TRACK", self.do_not_track),
            ("OPT_OUT", self.opt_out),
            ("DISABLE", self.disable),
            ("ENABLE", self.enable),
            ("CI", self.ci.then_some("true")),
        ];
        for (name, value) in variables {
            if let Some(value) = value {
                home.variables.insert(name, value.to_owned());
            }
        }
        if let Some(text) = self.env_file {
            home.write("docker.env", text);
        }
        let layers = home
            .layers()
            .organisation_file(&paths[0])
            .user_config(&paths[1])
            .installation_file(&paths[3])
            .opt_out_env("OPT_OUT")
            .disable_env("DISABLE")
            .enable_env("ENABLE")
            .env_file(home.path("docker.env"))
            .collect_in_ci(self.in_ci);
        if self.by_default { layers.on_by_default().decide() } else { layers.decide() }
    }

    /// The rule of the documentation, written a second time: (on, off).
    fn expected(&self, purpose: usize) -> bool {
        let mut words: Vec<(bool, bool)> =
            self.files.iter().map(|body| body.says(purpose)).collect();
        words.push((false, !matches!(self.do_not_track, None | Some("" | "0" | "false"))));
        words.push((false, self.opt_out.is_some()));
        words.push((false, !matches!(self.disable, None | Some("0" | "false" | "No"))));
        words.push(match self.enable {
            None => (false, false),
            Some("1" | "true" | "ON") => (true, false),
            Some(_) => (false, true),
        });
        words.push(match self.env_file {
            None | Some("# nothing\n" | "DISABLE=false\n") => (false, false),
            Some("OTHER=1\nENABLE=\"1\" \n") => (true, false),
            Some(_) => (false, true),
        });
        words.push((false, self.ci && !self.in_ci));
        words.push((self.by_default, false));
        words.iter().any(|(on, _)| *on) && !words.iter().any(|(_, off)| *off)
    }
}

fn body() -> impl Strategy<Value = Body> {
    let says = (
        any::<Option<bool>>(),
        prop::collection::btree_map(0..PURPOSES.len(), any::<bool>(), 0..3),
    );
    let kindly = (
        prop_oneof![Just(None), Just(Some(true))],
        prop::collection::btree_map(0..PURPOSES.len(), prop::bool::weighted(0.8), 0..3),
    );
    // Mostly on, or else nearly every world is off and the test says little.
    prop_oneof![
        4 => Just(Body::Missing),
        5 => kindly.prop_map(|(enabled, purposes)| Body::Says { enabled, purposes }),
        1 => says.prop_map(|(enabled, purposes)| Body::Says { enabled, purposes }),
        1 => (0..BREAKAGES.len()).prop_map(Body::Broken),
    ]
}

fn value(
    none: u32,
    values: &'static [&'static str],
) -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![none => Just(None), 1 => prop::sample::select(values).prop_map(Some)]
}

fn world() -> impl Strategy<Value = World> {
    (
        [body(), body(), body(), body()],
        value(6, &["", "0", "false", "1", "true", "please", "-1"]),
        value(10, &["", "0", "1"]),
        value(6, &["true", "false", "0", "1", "", "No", "perhaps"]),
        value(4, &["true", "1", "ON", "0", "false", "", "perhaps"]),
        value(
            6,
            &[
                "# nothing\n",
                "OTHER=1\nENABLE=\"1\" \n",
                "DISABLE=false\n",
                "DISABLE=true\n",
                "ENABLE=0\n",
                "disable=false\n",
                "what is this\n",
                "ENABLE\n",
            ],
        ),
        prop::bool::weighted(0.2),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(files, do_not_track, opt_out, disable, enable, env_file, ci, in_ci, by_default)| {
                World {
                    files,
                    do_not_track,
                    opt_out,
                    disable,
                    enable,
                    env_file,
                    ci,
                    in_ci,
                    by_default,
                }
            },
        )
}

/// One more opt-out, or one more broken file.
#[derive(Clone, Debug)]
enum OptOut {
    All(usize),
    One(usize, usize),
    Break(usize, usize),
    DoNotTrack,
    Variable,
    Disable(&'static str),
    Enable(&'static str),
    EnvFile(&'static str),
    Ci,
}

fn opt_out() -> impl Strategy<Value = OptOut> {
    prop_oneof![
        (0..4usize).prop_map(OptOut::All),
        (0..4usize, 0..PURPOSES.len()).prop_map(|(file, purpose)| OptOut::One(file, purpose)),
        (0..4usize, 0..BREAKAGES.len()).prop_map(|(file, way)| OptOut::Break(file, way)),
        Just(OptOut::DoNotTrack),
        Just(OptOut::Variable),
        prop::sample::select(&["true", "maybe"][..]).prop_map(OptOut::Disable),
        prop::sample::select(&["0", "maybe"][..]).prop_map(OptOut::Enable),
        prop::sample::select(&["DISABLE=true\n", "ENABLE=0\n", "?\n"][..])
            .prop_map(OptOut::EnvFile),
        Just(OptOut::Ci),
    ]
}

impl OptOut {
    fn apply(&self, world: &mut World) {
        match *self {
            Self::All(file) => match &mut world.files[file] {
                Body::Says { enabled, .. } => *enabled = Some(false),
                body => *body = Body::Says { enabled: Some(false), purposes: BTreeMap::new() },
            },
            Self::One(file, purpose) => match &mut world.files[file] {
                Body::Says { purposes, .. } => {
                    purposes.insert(purpose, false);
                }
                Body::Broken(_) => {}
                body => *body = Body::Says { enabled: None, purposes: [(purpose, false)].into() },
            },
            Self::Break(file, way) => world.files[file] = Body::Broken(way),
            Self::DoNotTrack => world.do_not_track = Some("1"),
            Self::Variable => world.opt_out = Some(""),
            Self::Disable(value) => world.disable = Some(value),
            Self::Enable(value) => world.enable = Some(value),
            Self::EnvFile(text) => world.env_file = Some(text),
            Self::Ci => {
                world.ci = true;
                world.in_ci = false;
            }
        }
    }

    fn refused(&self) -> Vec<Purpose> {
        match self {
            Self::One(_, purpose) => vec![PURPOSES[*purpose]],
            _ => PURPOSES.to_vec(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The rule holds in every world, decisions repeat, and one more opt-out or
    /// one more broken file takes grants away and never adds one.
    #[test]
    fn an_opt_out_never_turns_anything_on(world in world(), opt_outs in prop::collection::vec(opt_out(), 1..4)) {
        let mut home = Home::new();
        let mut world = world;
        let mut before = world.decide(&mut home);
        for opt_out in opt_outs {
            for (at, purpose) in PURPOSES.iter().enumerate() {
                prop_assert_eq!(before.granted(*purpose), world.expected(at), "{} {}", purpose, before.why());
            }
            prop_assert_eq!(granted(&before), granted(&world.decide(&mut home)));
            opt_out.apply(&mut world);
            let after = world.decide(&mut home);
            for purpose in PURPOSES {
                prop_assert!(before.granted(purpose) || !after.granted(purpose), "{:?} turned {} on", opt_out, purpose);
            }
            for purpose in opt_out.refused() {
                prop_assert!(!after.granted(purpose), "{:?} left {} on: {}", opt_out, purpose, after.why());
                let ruling = after.ruling(purpose.name());
                prop_assert!(ruling.source().is_some_and(|source| !source.is_on()));
            }
            before = after;
        }
    }

}

proptest! {
    // Each case syncs the disk some ten times, so that there are fewer of them.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// With a notice too, whatever was shown and agreed to before.
    #[test]
    fn an_opt_out_never_turns_anything_on_after_receipts(
        shown in any::<bool>(),
        agreed in prop::collection::vec(prop::sample::subsequence(vec!["service", "diagnostics", "x-own"], 0..=3), 0..3),
        refused in prop::sample::subsequence(vec!["service", "diagnostics", "x-own"], 0..=3),
        by_default in any::<bool>(),
        off in any::<bool>(),
    ) {
        let home = Home::new();
        let notice = Notice::new("1", "What we count.").purposes(&[Purpose::SERVICE, Purpose::DIAGNOSTICS, X]);
        let layers = home.layers().notice(notice);
        let layers = if by_default { layers.on_by_default() } else { layers };
        let choice = layers.choice().unwrap();
        if shown {
            choice.notice_shown().unwrap();
        }
        for purposes in &agreed {
            choice.agree_only_to(purposes).unwrap();
        }
        let mut before = granted(&layers.decide());
        for purpose in &refused {
            choice.refuse_purpose(purpose).unwrap();
            let after = granted(&layers.decide());
            prop_assert!(after.iter().all(|name| before.contains(name)));
            prop_assert!(!after.contains(purpose));
            before = after;
        }
        if off {
            choice.refuse().unwrap();
            prop_assert!(granted(&layers.decide()).is_empty());
        }
    }
}

// ------------------------------------------------------ the documented products

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

// ------------------------------------------------------------ variables and CI

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

// --------------------------------------------------------- notices and receipts

fn notice(version: &str, purposes: &[Purpose]) -> Notice {
    Notice::new(version, "What we count, and why.").purposes(purposes)
}

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
        assert!(!new.decide().may_send());
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

// -------------------------------------------------------------- the user's choice

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

// ------------------------------------------------------------- what cannot be read

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

fn skip_unless(present: bool, what: &str) {
    if !present {
        assert!(std::env::var_os("TELEMETRY_TESTS_MUST_NOT_SKIP").is_none(), "needs {what}");
        println!("skipped: needs {what}");
    }
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

// ----------------------------------------------------------- while the program runs

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

// -------------------------------------------------------------------- real processes

/// Runs when another test starts this program again as a process of its own.
#[test]
fn child() {
    let Some(job) = std::env::var_os("CONSENT_TEST_CHILD") else { return };
    let folder = PathBuf::from(std::env::var_os("CONSENT_TEST_FOLDER").unwrap());
    let path = folder.join("telemetry.toml");
    match job.to_str().unwrap() {
        "decide" => {
            let layers = Layers::new("telemetry-consent-test").on_by_default().collect_in_ci(true);
            println!("on={}", layers.decide().is_on());
        }
        "toggle" => {
            let choice = Layers::new("test").choice_file(&path).choice().unwrap();
            loop {
                choice.refuse().unwrap();
                println!("off");
                choice.agree().unwrap();
            }
        }
        "off" => {
            let choice = Layers::new("test").choice_file(&path).choice().unwrap();
            println!("acknowledged={}", choice.refuse().is_ok());
        }
        purpose => {
            let choice = Layers::new("test").choice_file(&path).choice().unwrap();
            choice.refuse_purpose(purpose).unwrap();
        }
    }
}

fn start(job: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env("CONSENT_TEST_CHILD", job).env("CONSENT_TEST_FOLDER", folder);
    command.env("HOME", folder).env("XDG_CONFIG_HOME", folder).env_remove("DO_NOT_TRACK");
    command.stdout(Stdio::piped());
    command
}

#[test]
fn a_real_process_heeds_its_real_environment_and_home() {
    let home = Home::new();
    let run = |value: Option<&str>| {
        let mut command = start("decide", home.folder.path());
        if let Some(value) = value {
            command.env("DO_NOT_TRACK", value);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(None).contains("on=true"));
    assert!(run(Some("1")).contains("on=false"));
    if cfg!(unix) {
        home.write("telemetry-consent-test/telemetry.toml", "[telemetry]\nenabled = false\n");
        assert!(run(None).contains("on=false"), "the choice at its usual place");
    }
}

/// Killed at any moment, the file is whole, and an off that was acknowledged
/// is the oldest thing it can hold.
#[test]
fn a_killed_writer_leaves_the_old_choice_or_the_new() {
    let home = Home::new();
    let path = home.path("telemetry.toml");
    let layers = Layers::new("test").on_by_default().choice_file(&path).with_env(|_| None);
    let (mut outcomes, mut before) = ([0; 2], 0);
    for round in 0..60 {
        let mut child = start("toggle", home.folder.path()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen <= round % 7 {
            seen += usize::from(lines.next().unwrap().unwrap().ends_with("off"));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let decision = layers.decide();
        assert!(decision.diagnostics().is_empty(), "{}", decision.diagnostics()[0]);
        let generation = decision.generation(Purpose::SERVICE);
        assert!(generation >= before + seen as u64, "each refusal is remembered");
        before = generation;
        outcomes[usize::from(decision.is_on())] += 1;
    }
    println!("killed 60 times: off {}, on {}", outcomes[0], outcomes[1]);
    layers.choice().unwrap().refuse().unwrap();
    assert!(!layers.decide().is_on(), "a killed writer's lock is free");
    assert_eq!(fs::read_dir(home.folder.path()).unwrap().count(), 2, "and its litter is gone");
}

#[test]
fn of_many_writers_at_once_none_is_lost() {
    let home = Home::new();
    let names: Vec<_> = (0..8).map(|n| format!("purpose-{n}")).collect();
    let children: Vec<_> =
        names.iter().map(|name| start(name, home.folder.path()).spawn().unwrap()).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let layers = Layers::new("test").on_by_default().choice_file(home.path("telemetry.toml"));
    let decision = layers.with_env(|_| None).decide();
    for name in &names {
        assert!(!decision.ruling(name).is_granted(), "{name}");
    }
    assert!(decision.granted(Purpose::SERVICE));
}

/// Fails, or kills at, each call that makes a choice last. Whatever happens,
/// the file is whole, and an off that was acknowledged holds.
#[test]
fn a_failing_disk_never_leaves_a_broken_choice_or_a_false_yes() {
    let traced = |calls: &str, fault: &str, home: &Home| {
        let plain = start("off", home.folder.path());
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
        command.args(["-e", &format!("inject={calls}:{fault}")]);
        command.arg(plain.get_program()).args(plain.get_args());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command.output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let works = traced("fsync", "error=EIO:when=99", &Home::new());
    let works = works.is_ok_and(|text| text.contains("acknowledged=true"));
    skip_unless(works, "strace");
    if !works {
        return;
    }
    let renames = "?rename,?renameat,?renameat2";
    let (mut refused, mut kept) = (0, 0);
    for calls in ["fsync", renames, "?flock"] {
        for when in 1..=3 {
            for fault in [format!("error=EIO:when={when}"), format!("signal=KILL:when={when}")] {
                let home = Home::new();
                let layers = Layers::new("test").choice_file(home.path("telemetry.toml"));
                let layers = layers.with_env(|_| None);
                layers.choice().unwrap().agree().unwrap();
                let said = traced(calls, &fault, &home).unwrap();
                let decision = layers.decide();
                assert!(decision.diagnostics().is_empty(), "{calls} {fault}");
                if said.contains("acknowledged=true") {
                    assert!(!decision.is_on(), "{calls} {fault}");
                    kept += 1;
                } else {
                    refused += 1;
                }
                layers.choice().unwrap().refuse().unwrap();
                assert!(!layers.decide().is_on(), "the next off works");
            }
        }
    }
    // Killed, nobody acknowledges. Where one call fails, the refusal is kept in
    // its smallest form instead.
    assert!(refused >= 4 && kept >= 8, "refused {refused}, kept {kept}");
}
