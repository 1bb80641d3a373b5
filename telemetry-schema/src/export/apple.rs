//! Apple's privacy manifest, `PrivacyInfo.xcprivacy`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Category, DRAFT, MISSING, categories, xml};
use crate::model::Schema;

/// A property list with the kinds of data that are collected and for what.
///
/// Whether data is linked to a person's identity and used for tracking is not
/// in the code: those keys are left out, with a comment in their place.
pub fn apple(schema: &Schema) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- {DRAFT}: written from the code; complete what is marked {MISSING}, then remove this line -->\n\
         <plist version=\"1.0\">\n<dict>\n\
         \x20   <!-- {MISSING}: NSPrivacyTracking and NSPrivacyTrackingDomains. The code cannot know whether data is \
         used for tracking -->\n\
         \x20   <!-- {MISSING}: NSPrivacyAccessedAPITypes. The program may call such interfaces elsewhere -->\n\
         \x20   <key>NSPrivacyCollectedDataTypes</key>\n    <array>\n"
    );
    for (category, (purposes, places)) in categories(schema) {
        let places: Vec<&str> = places.iter().map(String::as_str).collect();
        if category == Category::Unknown {
            let _ = writeln!(
                out,
                "        <!-- {MISSING}: the kind of data in {}: text or a vouched value can hold any -->",
                xml(&places.join(", "))
            );
            continue;
        }
        let _ = write!(
            out,
            "        <!-- from {} -->\n        <dict>\n            <key>NSPrivacyCollectedDataType</key>\n            \
             <string>NSPrivacyCollectedDataType{}</string>\n            \
             <!-- {MISSING}: NSPrivacyCollectedDataTypeLinked, NSPrivacyCollectedDataTypeTracking -->\n            \
             <key>NSPrivacyCollectedDataTypePurposes</key>\n            <array>\n",
            xml(&places.join(", ")),
            kind(category)
        );
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            purposes.iter().copied().partition(|purpose| self::purpose(purpose).is_some());
        let names: BTreeSet<&str> = known.into_iter().filter_map(purpose).collect();
        for name in names {
            let _ = writeln!(
                out,
                "                <string>NSPrivacyCollectedDataTypePurpose{name}</string>"
            );
        }
        for name in unknown {
            let _ =
                writeln!(out, "                <!-- {MISSING}: Apple's name for {} -->", xml(name));
        }
        out.push_str("            </array>\n        </dict>\n");
    }
    out.push_str("    </array>\n</dict>\n</plist>\n");
    out
}

fn kind(category: Category) -> &'static str {
    match category {
        Category::Usage => "ProductInteraction",
        Category::Diagnostics => "OtherDiagnosticData",
        Category::Identifier => "DeviceID",
        Category::Unknown => "OtherDataTypes",
    }
}

/// Apple's name for one of the standard purposes. Training of models is none of
/// Apple's.
fn purpose(purpose: &str) -> Option<&'static str> {
    match purpose {
        "service" | "diagnostics" => Some("AppFunctionality"),
        "product-improvement" => Some("Analytics"),
        _ => None,
    }
}
