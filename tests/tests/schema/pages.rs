//! The dictionary, and the forms for others, read by outside readers.

use serde_json::Value;
use telemetry_schema::dictionary::{self, Facts};
use telemetry_schema::{export, json_schema};

use super::events::linked;

fn facts() -> Facts {
    Facts {
        program: Some("chef-workstation".to_owned()),
        command: Some("chef telemetry".to_owned()),
        variable: Some("CHEF_TELEMETRY_OPT_OUT=1".to_owned()),
        ..Facts::default()
    }
}

#[test]
fn the_page_for_users_says_each_field_each_value_and_how_to_stop_it() {
    let page = dictionary::markdown(&linked(), &facts());
    for words in [
        "# What chef-workstation collects",
        "run `chef telemetry off`, or set `DO_NOT_TRACK=1` or `CHEF_TELEMETRY_OPT_OUT=1`",
        "- **What we learn:** which protocols are used?",
        "it can take 12 forms (3.6 bits)",
        "**Never leaves:** `arguments`",
        "`converge`, `upload`, `other`",
        "Absent unless diagnostics is agreed to.",
        "| `installation` | ",
        "| `host.name` | ",
    ] {
        assert!(page.contains(words), "{words:?} is not in\n{page}");
    }
    // Rust's types are not what a user reads.
    assert!(
        !page.contains("Option<") && !page.contains("&'a str") && !page.contains("u64"),
        "{page}"
    );
    for event in &linked().events {
        for row in event.rows().iter().filter(|row| !row.field.is_dropped()) {
            assert!(page.contains(&format!("\n| `{}` | ", row.dotted())), "{}", row.dotted());
        }
    }
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert!(bars == 6, "{row}");
    }
}

#[test]
fn the_html_page_asks_for_nothing_and_no_text_breaks_out() {
    let mut schema = linked();
    schema.events[0].description = "<script>alert(1)</script> & \"x\"".to_owned();
    schema.events[0].name = "a\"><img onerror=alert(1)>".to_owned();
    let page = dictionary::html(&schema, &facts());
    assert!(!page.contains("<script>alert") && !page.contains("<img"), "{page}");
    for foreign in ["http://", "https://", "src=", "@import", "url(", "fetch("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("name=\"viewport\""));
    // What is opened is closed, in the right order.
    let mut open = Vec::new();
    let body = page.split("<body>").nth(1).unwrap().split("<script>").next().unwrap();
    for tag in body.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap()) {
        match tag.strip_prefix('/') {
            Some(name) if !["body", "html"].contains(&name) => assert_eq!(open.pop(), Some(name)),
            Some(_) => {}
            None if tag == "input" => {}
            None => open.push(tag),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_json_dictionary_has_what_follows_from_the_schema() {
    let json = dictionary::json(&linked());
    let events = json["events"].as_array().unwrap();
    let closed = events.iter().find(|event| event["name"] == "schema.closed").unwrap();
    assert_eq!((&closed["forms"], &closed["millibits"]), (&Value::from("12"), &Value::from(3585)));
    assert_eq!(closed["tells"], "can take 12 forms (3.6 bits)");
    let run = events.iter().find(|event| event["name"] == "schema.run").unwrap();
    let target =
        run["fields"].as_array().unwrap().iter().find(|field| field["name"] == "target").unwrap();
    assert_eq!(
        (&target["tells"], &target["policy"]["name"]),
        (&"holds a pseudonym".into(), &"hash".into())
    );
    assert!(
        json["envelope"].as_array().unwrap().iter().any(|field| field["name"] == "installation")
    );
}

#[test]
fn every_form_says_that_it_is_a_draft_and_invents_nothing() {
    let (schema, facts) = (linked(), facts());
    let receipt = export::Receipt {
        time: "2026-01-01T00:00:00Z".to_owned(),
        notice: "2026-01".to_owned(),
        purposes: vec!["diagnostics".to_owned()],
    };
    let forms = [
        export::apple(&schema),
        export::play(&schema),
        export::dpv(&schema, &facts).to_string(),
        export::receipts(&schema, &facts, &[receipt], "2026-02-01T00:00:00Z").to_string(),
        export::article30(&schema, &facts),
        export::weaver_manifest(&facts),
    ];
    for form in &forms {
        assert!(form.contains("draft for the controller"), "{form}");
        assert!(form.contains("MISSING"), "{form}");
    }
    for form in [export::weaver(&schema), export::typescript(&schema)] {
        assert!(form.lines().next().unwrap().contains("draft for the controller"), "{form}");
    }
    // A controller that is named is not missing.
    let named = Facts {
        controller: Some("Example Ltd".to_owned()),
        contact: Some("p@example.com".to_owned()),
        ..facts
    };
    assert!(export::article30(&schema, &named).contains("| name | Example Ltd |"));
}

#[test]
fn what_is_counted_is_a_metric_for_weaver() {
    let weaver = export::weaver(&linked());
    for part in [
        "  - id: \"metric.schema.measured\"\n    type: metric\n",
        "    metric_name: \"schema.measured\"\n    instrument: counter\n    unit: \"{event}\"\n",
        "    metric_name: \"schema.measured.took_ms\"\n    instrument: histogram\n    unit: \"ms\"\n",
        "        period: hour\n",
    ] {
        assert!(weaver.contains(part), "{part}\n{weaver}");
    }
    // A histogram is a metric, and no attribute.
    assert!(!weaver.contains("- ref: \"took_ms\""), "{weaver}");
    let types = export::typescript(&linked());
    assert!(
        types.contains("Counts<\"hour\", SchemaMeasured, { \"histograms\": Record<\"took_ms\" | \"load_percent\", Histogram> }>"),
        "{types}"
    );
}

#[test]
fn json_schema_is_valid_for_an_independent_validator_and_says_what_leaves() {
    for event in &linked().events {
        let schema = json_schema::event(event);
        assert!(jsonschema::meta::is_valid(&schema), "{schema:#}");
    }
    let all = json_schema::all(&linked());
    assert!(jsonschema::meta::is_valid(&all));
    let validator = jsonschema::validator_for(&all).unwrap();
    let line = |command: &str, target: &str| {
        serde_json::json!({ "event": "schema.run", "fields": {
            "command": command, "target": target, "address": "203.0.113.0/24", "duration_ms": "<100",
            "attempts": 1, "host": { "local": true },
        }})
    };
    let pseudonym = "h1_00112233445566778899aabbccddeeff";
    assert!(validator.is_valid(&line("converge", pseudonym)), "{all:#}");
    assert!(!validator.is_valid(&line("rm", pseudonym)));
    assert!(!validator.is_valid(&line("converge", "web-1")));
}
