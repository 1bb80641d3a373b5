//! The dictionary as one page that needs nothing else: no server, no script
//! from elsewhere, no font, no request.

use std::fmt::Write as _;

use super::{Facts, notes, purpose, purposes, remarks, treatments, values};
use crate::domain::Domain;
use crate::model::{Event, Field, FieldRow, Schema, rows};
use crate::words;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page. It can be searched, follows the reader's choice of dark or
/// light, fits on a telephone, and can be read without scripts.
pub fn html(schema: &Schema, facts: &Facts) -> String {
    let title = format!("What {} collects", facts.program());
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
         <input id=\"search\" type=\"search\" placeholder=\"Search events, fields and values\" \
         aria-label=\"Search events, fields and values\" autocomplete=\"off\" hidden>\n\
         <p id=\"found\" role=\"status\"></p>\n</header>\n<main>\n",
        title = escape(&title)
    );
    overview(&mut out, schema, facts);
    control(&mut out, facts);
    let treatments = treatments(schema);
    if !treatments.is_empty() {
        out.push_str("<section>\n<h2>How values are treated</h2>\n<dl>\n");
        for (name, means) in treatments {
            let _ = writeln!(out, "<dt>{name}</dt><dd>{means}</dd>");
        }
        out.push_str("</dl>\n</section>\n");
    }
    if !schema.envelope.is_empty() {
        out.push_str("<section>\n<h2>With every event</h2>\n");
        fields(&mut out, &rows(&schema.envelope));
        out.push_str("</section>\n");
    }
    out.push_str("<h2>Events</h2>\n");
    for event in &schema.events {
        section(&mut out, event);
    }
    if schema.events.is_empty() {
        out.push_str("<p>There is none: nothing can be collected.</p>\n");
    }
    let _ = write!(out, "</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n");
    out
}

fn overview(out: &mut String, schema: &Schema, facts: &Facts) {
    let count = schema.events.len();
    let (events, verb) = if count == 1 { ("event", "is") } else { ("events", "are") };
    let _ = write!(
        out,
        "<section>\n<p>This page is written from the source of {}. There {verb} {count} {events}. Nothing else \
         can be collected: every value that can leave is on this page.</p>\n",
        escape(facts.program())
    );
    if let Some(controller) = &facts.controller {
        let contact = facts.contact.as_ref();
        let contact =
            contact.map(|contact| format!(" Questions go to {contact}.")).unwrap_or_default();
        let text = format!("Who decides what it is for: {controller}.{contact}");
        let _ = writeln!(out, "<p>{}</p>", escape(&text));
    }
    if count > 0 {
        out.push_str("<dl>\n");
    }
    for (name, events) in purposes(schema) {
        let _ = write!(out, "<dt>{}</dt><dd>", escape(&purpose(name)));
        for (index, event) in events.iter().enumerate() {
            let title = event.title();
            let comma = if index == 0 { "" } else { ", " };
            let _ = write!(
                out,
                "{comma}<a href=\"#{}\"><code>{}</code></a>",
                id(&title),
                escape(&title)
            );
        }
        out.push_str("</dd>\n");
    }
    out.push_str(if count > 0 { "</dl>\n</section>\n" } else { "</section>\n" });
}

fn control(out: &mut String, facts: &Facts) {
    let command = escape(facts.command());
    out.push_str("<section>\n<h2>How to stop it, see it and erase it</h2>\n<dl>\n");
    let variable = facts.variable.as_ref();
    let variable =
        variable.map(|name| format!(" or <code>{}</code>", escape(name))).unwrap_or_default();
    let rows = [
        ("Stop it, and erase what is stored", "off"),
        ("See whether it is on, and who decided", "why"),
        ("See what waits to be sent", "show"),
        ("See what was sent, byte for byte", "show --sent"),
        ("Find the files", "path"),
        ("Erase what is stored", "erase"),
    ];
    for (to, how) in rows {
        let or = match how {
            "off" => format!(", or set <code>DO_NOT_TRACK=1</code>{variable}"),
            _ => String::new(),
        };
        let _ = writeln!(out, "<dt>{to}</dt><dd><code>{command} {how}</code>{or}</dd>");
    }
    out.push_str("</dl>\n<p>What has been sent cannot be called back from here.</p>\n</section>\n");
}

fn section(out: &mut String, event: &Event) {
    let title = event.title();
    let _ = writeln!(
        out,
        "<article id=\"{id}\">\n<h3><a href=\"#{id}\"><code>{}</code></a></h3>",
        escape(&title),
        id = id(&title)
    );
    if !event.description.trim().is_empty() {
        let _ = writeln!(out, "<p>{}</p>", escape(&words::one_line(&event.description)));
    }
    out.push_str("<dl>\n");
    for (name, text) in notes(event) {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{}</dd>", escape(&text));
    }
    let rows = event.rows();
    let (dropped, kept): (Vec<FieldRow<'_>>, Vec<FieldRow<'_>>) =
        rows.into_iter().partition(|row| row.field.is_dropped());
    if !dropped.is_empty() {
        let names: Vec<String> =
            dropped.iter().map(|row| format!("<code>{}</code>", escape(&row.dotted()))).collect();
        let _ = writeln!(out, "<dt>Never leaves</dt><dd>{}</dd>", names.join(", "));
    }
    out.push_str("</dl>\n");
    fields(out, &kept);
    out.push_str("</article>\n");
}

/// A field is a block and not a row of a table: on a telephone it needs no
/// second direction to scroll.
fn fields(out: &mut String, rows: &[FieldRow<'_>]) {
    out.push_str("<div class=\"fields\">\n");
    for row in rows {
        let field = row.field;
        let _ = writeln!(
            out,
            "<div class=\"field\">\n<div class=\"name\"><code>{}</code> <span class=\"size\">{}</span></div>",
            escape(&row.dotted()),
            escape(&words::size_of_field(field))
        );
        let about = remarks(field);
        if !about.is_empty() {
            let _ = writeln!(out, "<p>{}</p>", escape(&about));
        }
        let _ = writeln!(
            out,
            "<p class=\"leaves\">{}.</p>",
            escape(&sentence(&words::leaves(field).replace('`', "")))
        );
        let _ = writeln!(out, "<p class=\"values\">{}</p>\n</div>", shown_values(field));
    }
    out.push_str("</div>\n");
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn shown_values(field: &Field) -> String {
    let Domain::Texts(texts) = field.domain.required() else {
        return escape(&values(field)).replace('`', "");
    };
    let all: Vec<String> =
        texts.iter().map(|text| format!("<code>{}</code>", escape(text))).collect();
    let or = if field.domain.is_optional() { ", or nothing" } else { "" };
    format!("{}{or}", all.join(" "))
}

/// A name that an address can end in.
fn id(title: &str) -> String {
    title.chars().map(|c| if c.is_alphanumeric() || ".-_".contains(c) { c } else { '-' }).collect()
}

/// Text that means only itself, in an element and in an attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
