//! The one rule, in every combination of sources.

use super::*;

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
