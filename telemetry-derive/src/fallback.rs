//! The impls of an input with mistakes.
//!
//! It owns what is written beside the errors: the walk over the fields that are
//! as they should be, so that the compiler checks their types in the same run,
//! and nothing else that could fail. It must never add an error of its own.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Data;

use crate::ast::{Input, Target};
use crate::impls::{implement, in_const, raw, type_path};
use crate::walk::walk;

/// The mistakes as errors, and the impls.
pub(crate) fn expand(input: &Input<'_>, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    let walk = if has_fields(input) {
        walk(input, None)
    } else {
        quote! {
            fn visit_fields<__W: __t::FieldVisitor>(&self, _: &mut __W) -> __t::Result<(), __W::Error> { __t::Ok(()) }
        }
    };
    let only = quote!(
        fn only_the_derive_may_implement_this_trait() {}
    );
    let body = match input.target {
        Target::Event => implement(
            input,
            &quote!(__t::Event),
            &quote! {
                type Declared = __t::Declared<0, 0>;
                const DECLARED: __t::Declared<0, 0> = ([], []);
                const TYPE_PATH: __t::TypePath = __P;
                #only
                #walk
            },
        ),
        Target::Fields => implement(
            input,
            &quote!(__t::Fields),
            &quote! {
                type Declared = [__t::FieldDescription; 0];
                const DECLARED: [__t::FieldDescription; 0] = [];
                #only
                #walk
            },
        ),
        Target::Value => crate::value::fallback(input),
    };
    let path = (input.target == Target::Event).then(|| type_path(input));
    let raw = (input.target != Target::Value && !input.is_also_an_event())
        .then(|| raw(input, &quote!(debug_nothing)));
    let impls = in_const(input, quote!(#path #body #raw));
    quote!(#errors #impls)
}

/// Whether the fields have been read, and there are any variants to match.
fn has_fields(input: &Input<'_>) -> bool {
    match (&input.original.data, input.target) {
        (Data::Struct(_), Target::Event | Target::Fields) => true,
        (Data::Enum(data), Target::Event) => !data.variants.is_empty(),
        _ => false,
    }
}
