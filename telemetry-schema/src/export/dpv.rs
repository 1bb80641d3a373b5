//! W3C's Data Privacy Vocabulary, version 2, as JSON-LD: what is processed,
//! and receipts of consent in the profile for ISO/IEC TS 27560.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{DRAFT, MISSING, by_purpose};
use crate::dictionary::Facts;
use crate::domain::Opening;
use crate::model::{Event, Schema};
use crate::words;

/// That somebody agreed to a notice, as the consent file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When, as RFC 3339.
    pub time: String,
    /// The version of the notice.
    pub notice: String,
    /// For which purposes.
    pub purposes: Vec<String>,
}

/// The vocabularies, written into the document so that it can be read without
/// a network.
fn context() -> Value {
    let reference = |iri: &str| json!({ "@id": iri, "@type": "@id" });
    json!({
        "dpv": "https://w3id.org/dpv#",
        "dct": "http://purl.org/dc/terms/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "schema": "https://schema.org/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dpv:hasPurpose": reference("dpv:hasPurpose"),
        "dpv:hasProcessing": reference("dpv:hasProcessing"),
        "dpv:hasLegalBasis": reference("dpv:hasLegalBasis"),
        "dpv:hasTechnicalOrganisationalMeasure": reference("dpv:hasTechnicalOrganisationalMeasure"),
        "dpv:isIndicatedBy": reference("dpv:isIndicatedBy"),
        "dct:conformsTo": reference("dct:conformsTo"),
        "schema:recipient": reference("schema:recipient"),
        "dpv:isIndicatedAtTime": { "@id": "dpv:isIndicatedAtTime", "@type": "xsd:dateTime" },
        "dct:created": { "@id": "dct:created", "@type": "xsd:dateTime" },
    })
}

/// What is processed and why: a `dpv:Process` for each purpose.
pub fn dpv(schema: &Schema, facts: &Facts) -> Value {
    let processes = by_purpose(schema);
    let mut graph: Vec<Value> = vec![json!({
        "@id": "urn:telemetry:schema",
        "@type": "dpv:PersonalDataHandling",
        "dct:title": format!("{DRAFT}: what {} processes", facts.program()),
        "dct:description": format!(
            "Written from the code. {MISSING}, because the code cannot know it: the legal basis, recipients, \
             storage, transfers, and what is given as {MISSING} below."
        ),
        "dpv:hasDataController": controller(facts),
        "dpv:hasProcess": processes.keys().map(|purpose| json!({ "@id": process_id(purpose) })).collect::<Vec<_>>(),
    })];
    graph.extend(processes.iter().map(|(purpose, events)| process(schema, purpose, events)));
    json!({ "@context": context(), "@graph": graph })
}

fn controller(facts: &Facts) -> Value {
    let mut controller = Map::new();
    controller.insert("@type".to_owned(), "dpv:DataController".into());
    let text = |text: &Option<String>| text.as_deref().unwrap_or(MISSING).to_owned();
    controller.insert("dpv:hasName".to_owned(), text(&facts.controller).into());
    controller.insert("dpv:hasContact".to_owned(), text(&facts.contact).into());
    Value::Object(controller)
}

fn process_id(purpose: &str) -> String {
    format!("urn:telemetry:process:{}", name(purpose))
}

/// A name as a part of a URN.
fn name(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() => out.push(byte.into()),
            b'-' | b'.' | b'_' => out.push(byte.into()),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn process(schema: &Schema, purpose: &str, events: &[&Event]) -> Value {
    let mut data = Vec::new();
    let mut open: BTreeSet<Opening> = words::openings(&schema.envelope);
    for field in schema.envelope.iter().filter(|field| !field.is_dropped()) {
        data.push(datum(
            &format!("urn:telemetry:line:{}", name(&field.name)),
            &field.description,
            &words::leaves(field),
            &words::openings(std::slice::from_ref(field)),
        ));
    }
    for event in events {
        for row in event.rows().iter().filter(|row| !row.field.is_dropped()) {
            let field = row.field;
            if field.purpose.as_deref().unwrap_or(&event.purpose) != purpose
                || !field.fields.is_empty()
            {
                continue;
            }
            let id =
                format!("urn:telemetry:field:{}:{}", name(&event.title()), name(&row.dotted()));
            let openings = words::openings(std::slice::from_ref(field));
            open.extend(&openings);
            data.push(datum(&id, &field.description, &words::leaves(field), &openings));
        }
    }
    json!({
        "@id": process_id(purpose),
        "@type": "dpv:Process",
        "dct:title": purpose,
        "dpv:hasPurpose": dpv_purpose(purpose),
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Transmit"],
        "dpv:hasPersonalData": data,
        "dpv:hasTechnicalOrganisationalMeasure": measures(&open),
    })
}

/// A pseudonym is still personal data; of a listed value the code cannot know
/// whether it is about a person, and the careful answer is that it is.
fn datum(id: &str, about: &str, leaves: &str, open: &BTreeSet<Opening>) -> Value {
    let pseudonymous = open.contains(&Opening::Pseudonym) && open.len() == 1;
    json!({
        "@id": id,
        "@type": if pseudonymous { "dpv:PseudonymisedData" } else { "dpv:PersonalData" },
        "dct:description": words::one_line(about),
        "rdfs:comment": leaves,
    })
}

fn measures(open: &BTreeSet<Opening>) -> Vec<&'static str> {
    let mut measures = Vec::new();
    if open.contains(&Opening::Pseudonym) {
        measures.push("dpv:Pseudonymisation");
    }
    if open.contains(&Opening::Text) {
        measures.push("dpv:DataRedaction");
    }
    measures
}

/// The vocabulary's purpose for one of the standard four; another one is said
/// to be a purpose, and no more.
fn dpv_purpose(purpose: &str) -> Value {
    match purpose {
        "service" => json!("dpv:ServiceProvision"),
        "diagnostics" => json!("dpv:ServiceOptimisation"),
        "product-improvement" => json!("dpv:ImproveExistingProductsAndServices"),
        other => json!({
            "@id": format!("urn:telemetry:purpose:{}", name(other)),
            "@type": "dpv:Purpose",
            "dct:title": other,
        }),
    }
}

/// Receipts of what a user agreed to, for that user.
///
/// `person` stands for the user, and says nothing of who that is; `created` is
/// now, as RFC 3339.
pub fn receipts(schema: &Schema, facts: &Facts, receipts: &[Receipt], created: &str) -> Value {
    let graph: Vec<Value> =
        receipts.iter().map(|receipt| self::receipt(schema, facts, receipt, created)).collect();
    json!({ "@context": context(), "@graph": graph })
}

fn receipt(schema: &Schema, facts: &Facts, receipt: &Receipt, created: &str) -> Value {
    let id = format!("{}:{}", name(&receipt.notice), name(&receipt.time));
    let processes: Vec<Value> = receipt
        .purposes
        .iter()
        .map(|purpose| {
            let events: Vec<&Event> =
                by_purpose(schema).remove(purpose.as_str()).unwrap_or_default();
            let mut process = process(schema, purpose, &events);
            if let Value::Object(map) = &mut process {
                map.insert(
                    "@id".to_owned(),
                    format!("urn:telemetry:receipt:{id}:{}", name(purpose)).into(),
                );
                map.insert("dpv:hasLegalBasis".to_owned(), "dpv:Consent".into());
            }
            process
        })
        .collect();
    json!({
        "@id": format!("urn:telemetry:receipt:{id}"),
        "@type": "dpv:ConsentReceipt",
        "dct:identifier": format!("receipt-{id}"),
        "dct:title": DRAFT,
        "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
        "dct:created": created,
        "dct:publisher": facts.controller.as_deref().unwrap_or(MISSING),
        "schema:recipient": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": {
            "@id": format!("urn:telemetry:record:{id}"),
            "@type": "dpv:ConsentRecord",
            "dct:identifier": format!("record-{id}"),
            "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
            "dpv:hasDataSubject": {
                "@id": format!("urn:telemetry:subject:{id}"),
                "@type": "dpv:DataSubject",
                "dct:description": "the user of this installation; the code does not know who that is",
            },
            "dpv:hasDataController": controller(facts),
            "dpv:hasJurisdiction": MISSING,
            "dpv:hasRecipient": MISSING,
            "dpv:hasStorageCondition": MISSING,
            "dpv:hasProcess": processes,
            "dpv:hasNotice": {
                "@id": format!("urn:telemetry:notice:{}", name(&receipt.notice)),
                "@type": "dpv:ConsentNotice",
                "dct:identifier": receipt.notice,
            },
            "dpv:hasConsentControl": {
                "@type": "dpv:WithdrawConsent",
                "dct:description": format!("run `{} off`", facts.command()),
            },
            "dpv:hasConsentStatus": {
                "@type": "dpv:ConsentGiven",
                "dpv:isIndicatedBy": "dpv:DataSubject",
                "dpv:isIndicatedAtTime": receipt.time,
            },
        },
    })
}
