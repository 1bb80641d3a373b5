//! The input as a model that borrows it.
//!
//! It owns the parts of a type with what their attributes say. It must never
//! judge whether they fit together.

use std::cell::Cell;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Member};

use crate::attr::{Container, FieldAttributes};
use crate::case::{Case, snake};
use crate::errors::Errors;
use crate::item::description;
use crate::keys::Site;
use crate::named::Named;

/// What is derived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Event,
    Fields,
    Value,
}

/// The type that derives.
pub(crate) struct Input<'a> {
    pub(crate) original: &'a DeriveInput,
    pub(crate) target: Target,
    pub(crate) attributes: Container,
    /// The variants of an enum; of a struct, the struct itself.
    pub(crate) variants: Vec<Variant<'a>>,
}

/// A variant of an enum, or a struct.
pub(crate) struct Variant<'a> {
    /// `None` for a struct.
    pub(crate) ident: Option<&'a Ident>,
    pub(crate) shape: &'a Fields,
    pub(crate) attributes: Container,
    pub(crate) description: String,
    /// The event's name, or the value's text.
    pub(crate) name: String,
    pub(crate) fields: Vec<Field<'a>>,
}

/// A field of a struct or variant.
pub(crate) struct Field<'a> {
    pub(crate) original: &'a syn::Field,
    pub(crate) member: Member,
    pub(crate) attributes: FieldAttributes,
    pub(crate) description: String,
    /// The name in the output.
    pub(crate) name: String,
    /// The name of the struct or the variant that it is in.
    owner: String,
    /// Whether a rule that has been reported refuses its policy.
    pub(crate) is_refused: Cell<bool>,
}

impl<'a> Input<'a> {
    pub(crate) fn parse(original: &'a DeriveInput, target: Target, errors: &mut Errors) -> Self {
        let site = match target {
            Target::Event => Site::Event,
            Target::Fields => Site::Fields,
            Target::Value => Site::Value,
        };
        let attributes = Container::parse(&original.attrs, site, errors);
        let mut input = Self { original, target, attributes, variants: Vec::new() };
        match &original.data {
            Data::Struct(data) => {
                let variant = input.structure(&data.fields, errors);
                input.variants.push(variant);
            }
            Data::Enum(data) => {
                for variant in &data.variants {
                    let variant = input.variant(variant, errors);
                    input.variants.push(variant);
                }
            }
            // `valid` refuses it with a reason.
            Data::Union(_) => {}
        }
        input
    }

    /// Whether a nested type is an event too, which derives both: it says a
    /// purpose, and only events have one.
    pub(crate) fn is_also_an_event(&self) -> bool {
        self.target == Target::Fields && self.attributes.attempts("purpose")
    }

    /// The event's name when a struct is one; of an enum, the part that all
    /// its events share.
    pub(crate) fn base_name(&self) -> String {
        match &self.attributes.name {
            Some(name) => name.value(),
            None => snake(&self.original.ident.unraw().to_string()),
        }
    }

    fn structure(&self, shape: &'a Fields, errors: &mut Errors) -> Variant<'a> {
        let fields = match self.target {
            Target::Value => Vec::new(),
            _ => fields(shape, &self.original.ident, self.attributes.rename_all, errors),
        };
        Variant {
            ident: None,
            shape,
            attributes: Container::default(),
            description: description(&self.original.attrs),
            name: self.base_name(),
            fields,
        }
    }

    fn variant(&self, variant: &'a syn::Variant, errors: &mut Errors) -> Variant<'a> {
        let value = self.target == Target::Value;
        let site = if value { Site::ValueVariant } else { Site::Variant };
        let attributes = Container::parse(&variant.attrs, site, errors);
        let ident = variant.ident.unraw().to_string();
        let written = if value { &attributes.rename } else { &attributes.name };
        let name = match written {
            Some(name) => name.value(),
            None if value => match self.attributes.rename_all {
                Some(case) => case.of_variant(&ident),
                None => snake(&ident),
            },
            None => format!("{}.{}", self.base_name(), snake(&ident)),
        };
        let fields = match self.target {
            Target::Event => fields(
                &variant.fields,
                &variant.ident,
                attributes.rename_all.or(self.attributes.rename_all),
                errors,
            ),
            _ => Vec::new(),
        };
        Variant {
            ident: Some(&variant.ident),
            shape: &variant.fields,
            attributes,
            description: description(&variant.attrs),
            name,
            fields,
        }
    }
}

fn fields<'a>(
    shape: &'a Fields,
    owner: &Ident,
    case: Option<Case>,
    errors: &mut Errors,
) -> Vec<Field<'a>> {
    let mut fields = Vec::new();
    for (original, member) in shape.iter().zip(shape.members()) {
        let attributes = FieldAttributes::parse(&original.attrs, errors);
        let name = match (&attributes.rename, &member) {
            (Some(name), _) => name.value(),
            (None, Member::Named(ident)) => {
                let ident = ident.unraw().to_string();
                case.map_or_else(|| ident.clone(), |case| case.of_field(&ident))
            }
            (None, Member::Unnamed(index)) => index.index.to_string(),
        };
        let description = description(&original.attrs);
        let (owner, is_refused) = (owner.unraw().to_string(), Cell::new(false));
        fields.push(Field { original, member, attributes, description, name, owner, is_refused });
    }
    fields
}

impl Field<'_> {
    /// The field by its names: its own, that in the output, that of its type. A
    /// field without a name has that of what it is in.
    pub(crate) fn named(&self) -> Named<'_> {
        let own = match &self.original.ident {
            Some(ident) => ident.unraw().to_string(),
            None => self.owner.clone(),
        };
        let mut names = vec![own];
        if names.first() != Some(&self.name) {
            names.push(self.name.clone());
        }
        Named { names, ty: Some(&self.original.ty), span: self.span() }
    }

    /// A span that lies at the field's type, so that the compiler's messages
    /// point there.
    pub(crate) fn at_type(&self) -> Span {
        Span::call_site().located_at(self.original.ty.span())
    }

    /// Where a mistake of the whole field is shown.
    pub(crate) fn span(&self) -> Span {
        match &self.original.ident {
            Some(ident) => ident.span(),
            None => self.original.ty.span(),
        }
    }
}
