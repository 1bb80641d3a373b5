//! The one policy among the items of an attribute.
//!
//! It owns which items are a policy, which stand beside one, and what is said
//! when there is none or more than one. It must never know what a policy takes.

use syn::LitStr;

use crate::errors::{Errors, nearest};
use crate::item::{AttributeItem, ItemValue};
use crate::keys::{OF_FIELDS, Site};
use crate::policy::{KeyCollisions, Policy, Row};
use crate::table::{ROWS, row, table};

/// What the items of one attribute say about the policy.
#[derive(Default)]
pub(crate) struct Chosen {
    pub(crate) policy: Option<Policy>,
    /// Whether the items name a policy at all, be it with a mistake that has
    /// been reported.
    pub(crate) attempted: bool,
}

/// The one policy among `items`; `hint` says what belongs here.
pub(crate) fn choose(items: Vec<AttributeItem>, hint: &str, errors: &mut Errors) -> Chosen {
    let rows: Vec<&'static Row> = items.iter().filter_map(|item| row(&item.plain_name())).collect();
    let stands_beside = |name: &str| {
        let accepts =
            |row: &&Row| row.name != name && row.beside.iter().any(|(key, _)| *key == name);
        rows.iter().any(accepts)
    };
    let mut choice = PolicyChoice::default();
    for item in items {
        let name = item.plain_name();
        if name == "domain" || stands_beside(&name) {
            choice.beside.push(item);
        } else {
            match row(&name) {
                Some(row) => choice.take(row, item, errors),
                None => {
                    errors.push(unknown_policy(&item, &name, &rows, hint));
                    choice.attempted = true;
                    // With its reason at the right place it is another policy.
                    choice.is_another |= name == "because";
                }
            }
        }
    }
    choice.finish(errors)
}

/// What has been found while the items are read.
#[derive(Default)]
struct PolicyChoice {
    /// The name of the policy, and the policy unless it has a mistake.
    found: Option<(String, Option<Policy>)>,
    keys: Option<Side>,
    values: Option<Side>,
    beside: Vec<AttributeItem>,
    attempted: bool,
    is_another: bool,
}

impl PolicyChoice {
    fn take(&mut self, row: &'static Row, item: AttributeItem, errors: &mut Errors) {
        self.attempted = true;
        let name = item.plain_name();
        if row.name == "keys" && self.found.is_none() {
            let side = if name == "keys" { &mut self.keys } else { &mut self.values };
            if side.is_some() {
                errors.push(item.error(format!("`{name}` is written twice")));
            } else {
                *side = Some(Side::parse(item, errors));
            }
            return;
        }
        let other = match (&self.found, &self.keys, &self.values) {
            (Some((other, _)), ..) => Some(other.as_str()),
            (None, Some(_), _) => Some("keys"),
            (None, None, Some(_)) => Some("values"),
            (None, None, None) => None,
        };
        match other {
            Some(other) if other == name => {
                errors.push(item.error(format!("`{name}` is written twice")));
            }
            Some(other) => errors.push(item.error(format!(
                "a second policy: a field has exactly one, and this one has `{other}` already"
            ))),
            None => {
                let policy = row.parse(&item).map_err(|error| errors.push(error)).ok();
                self.found = Some((name, policy));
            }
        }
    }

    fn finish(self, errors: &mut Errors) -> Chosen {
        let mut policy = match (self.keys, self.values) {
            (None, None) => self.found.and_then(|(_, policy)| policy),
            (keys, values) => entries(keys, values, errors),
        };
        for item in self.beside {
            if let Err(error) = put_beside(policy.as_mut(), self.attempted, &item) {
                errors.push(error);
            }
        }
        let policy = policy.filter(|_| !self.is_another);
        Chosen { policy, attempted: self.attempted }
    }
}

/// Gives a policy what stands beside it.
fn put_beside(
    policy: Option<&mut Policy>,
    attempted: bool,
    item: &AttributeItem,
) -> syn::Result<()> {
    let name = item.plain_name();
    match policy {
        Some(Policy::Leaf(leaf)) => match leaf.row.beside.iter().find(|(key, _)| *key == name) {
            Some((_, put)) => put(leaf, item),
            None => Err(item
                .error("`domain` does nothing here: it says which fields share the key of `hash`")),
        },
        Some(Policy::Entries { .. }) => Err(item.error(
            "`domain` belongs beside the `hash` that it is for: `keys(hash, domain = \"...\")`",
        )),
        // A policy that could not be read, and has been reported, may take it.
        None if attempted => Ok(()),
        _ => {
            Err(item
                .error("`domain` does nothing here: it says which fields share the key of `hash`"))
        }
    }
}

/// `keys(...)` or `values(...)`.
struct Side {
    item: AttributeItem,
    policy: Option<Policy>,
}

impl Side {
    fn parse(item: AttributeItem, errors: &mut Errors) -> Self {
        let mut policy = None;
        match item.list() {
            Ok(items) => {
                let hint = format!("`{}` takes one policy", item.name);
                let chosen = choose(items, &hint, errors);
                if !chosen.attempted {
                    errors.push(item.error(format!("{hint}: `{}(hash)`", item.name)));
                }
                policy = chosen.policy;
            }
            Err(error) => errors.push(error),
        }
        Self { item, policy }
    }
}

fn entries(keys: Option<Side>, values: Option<Side>, errors: &mut Errors) -> Option<Policy> {
    match (keys, values) {
        (Some(keys), Some(values)) => {
            let (of_keys, of_values) = (keys.policy?, values.policy?);
            if of_keys.row_keys() == KeyCollisions::Collide {
                errors.push(keys.item.error(
                    "keys take `hash`, `allow`, `allow(because = \"...\")` or `one_of(...)`, which leaves unknown keys out: any other policy can make two keys equal, and one value would hide the other; `lowercase` makes `Anna` and `anna` one key, and so may a function",
                ));
                return None;
            }
            if matches!(of_values, Policy::Drop) {
                errors.push(values.item.error(
                    "a map without values: `drop` the whole field, or choose `count` to keep the number of entries",
                ));
                return None;
            }
            Some(Policy::Entries { keys: Box::new(of_keys), values: Box::new(of_values) })
        }
        (Some(only), None) => {
            errors.push(
                only.item
                    .error("a map needs a policy for its values too: `keys(...), values(...)`"),
            );
            None
        }
        (None, only) => {
            if let Some(only) = only {
                errors.push(only.item.error(
                    "a map needs a policy for its keys too, because keys are data: `keys(...), values(...)`",
                ));
            }
            None
        }
    }
}

/// What is not a policy: the right form, if it is clear what was meant.
fn unknown_policy(
    item: &AttributeItem,
    name: &str,
    rows: &[&'static Row],
    hint: &str,
) -> syn::Error {
    let inside = |row: &&Row| row.inside.contains(&name);
    if let Some(row) = rows.iter().copied().find(inside).or_else(|| ROWS.iter().find(inside)) {
        let written = match name {
            "because" => format!("{}(because = \"...\")", row.name),
            "v4" | "v6" => format!("{}(v4 = 24, v6 = 48)", row.name),
            _ => format!("{}({name})", row.name),
        };
        return item.error(format!("`{name}` stands inside the policy: `{written}`"));
    }
    if let ("policy", ItemValue::Lit(syn::Lit::Str(text))) = (name, &item.value) {
        return item.error(named_by_text(text));
    }
    if Site::Event.keys().contains(&name) {
        return item.error(format!("`{name}` does nothing here: it belongs on the event; {hint}"));
    }
    if let Some(row) = ROWS.iter().find(|row| row.synonyms.contains(&name)) {
        return item.error(match name {
            "flatten" => "unknown policy `flatten`: a field whose own fields leave is `nested`; they stay together under its name".to_owned(),
            _ => format!("unknown policy `{name}`: here it is called `{}`", row.name),
        });
    }
    let names = ROWS.iter().map(|row| row.name).chain(["values"]).chain(OF_FIELDS);
    match nearest(name, names) {
        Some(near) => item.error(format!("unknown policy `{name}`: did you mean `{near}`?")),
        None => item.error(format!("unknown policy `{name}`; the policies are:{}", table())),
    }
}

/// `policy = "hash"`.
fn named_by_text(text: &LitStr) -> String {
    let policy = match row(&text.value()) {
        Some(row) => row.form,
        None => "hash",
    };
    format!("a policy is written by its name alone: `#[telemetry({policy})]`")
}
