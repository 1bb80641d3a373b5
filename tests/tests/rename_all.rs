//! `rename_all` names as serde does: both derives on the same names.

use serde::Serialize;
use serde_json::Value;
use telemetry_core::pseudonym::Keys;
use telemetry_core::{Sanitizer, TelemetryEvent, TelemetryValue};

/// For one rule: what serde and what our derives make of fields and variants.
/// No name begins with a letter beyond ASCII: serde itself panics there.
macro_rules! compare {
    ($($test:ident: $rule:literal;)*) => {$(
        #[test]
        fn $test() {
            compare!(@fields $rule,
                duration_ms, a, x9, r#type, _leading, trailing_, double__under, camelCase, HTTPError,
                SCREAMING_ONE, v2_ray, mixed_Case_9, größe_in_cm);
            compare!(@variants $rule,
                WinRm, A, HTTPError, V2Ray, Ipv4Only, Tls, snake_variant, Mixed_Variant, X9y, Größe, R2D2);
        }
    )*};
    (@fields $rule:literal, $($field:ident),*) => {{
        mod by_serde {
            #[derive(Default, super::Serialize)]
            #[serde(rename_all = $rule)]
            #[allow(non_snake_case, clippy::disallowed_names)]
            pub(super) struct Names { $(pub(super) $field: u8),* }
        }
        mod ours {
            #[derive(Default, super::TelemetryEvent)]
            #[telemetry(purpose = "diagnostics", rename_all = $rule)]
            #[allow(non_snake_case, clippy::disallowed_names)]
            pub(super) struct Names {
                $(#[telemetry(allow)] pub(super) $field: u8),*
            }
        }
        let theirs = serde_json::to_string(&by_serde::Names::default()).unwrap();
        let sanitizer = Sanitizer::new(Keys::session().unwrap());
        let event = ours::Names::default();
        assert_eq!(serde_json::to_string(&sanitizer.sanitize(&event)).unwrap(), theirs);
    }};
    (@variants $rule:literal, $($variant:ident),*) => {{
        mod by_serde {
            #[derive(super::Serialize)]
            #[serde(rename_all = $rule)]
            #[allow(non_camel_case_types)]
            pub(super) enum Names { $($variant),* }
        }
        mod ours {
            #[derive(super::TelemetryValue)]
            #[telemetry(rename_all = $rule)]
            #[allow(non_camel_case_types)]
            pub(super) enum Names { $($variant),* }

            #[derive(super::TelemetryEvent)]
            #[telemetry(purpose = "diagnostics")]
            pub(super) struct Holds {
                #[telemetry(allow)]
                pub(super) name: Names,
            }
        }
        let sanitizer = Sanitizer::new(Keys::session().unwrap());
        $({
            let theirs = serde_json::to_value(by_serde::Names::$variant).unwrap();
            let event = ours::Holds { name: ours::Names::$variant };
            let line: Value = serde_json::to_value(sanitizer.sanitize(&event)).unwrap();
            assert_eq!(line["name"], theirs, "{}", stringify!($variant));
        })*
    }};
}

compare! {
    lowercase: "lowercase";
    uppercase: "UPPERCASE";
    pascal_case: "PascalCase";
    camel_case: "camelCase";
    snake_case: "snake_case";
    screaming_snake_case: "SCREAMING_SNAKE_CASE";
    kebab_case: "kebab-case";
    screaming_kebab_case: "SCREAMING-KEBAB-CASE";
}
