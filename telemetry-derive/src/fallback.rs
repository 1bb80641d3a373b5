//! The impls of an input with mistakes: empty ones, so that the only errors
//! are those that the mistakes are.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::{Input, Target};
use crate::expand::{debug, implement, in_const, refuse_serialize};

/// The mistakes as errors, and the impls.
pub(crate) fn expand(input: &Input<'_>, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    let walk = quote! {
        fn only_the_derive_may_implement_this_trait() {}
        fn walk<__W: __t::FieldVisitor>(&self, _: &mut __W) -> __t::Result<(), __W::Error> { __t::Ok(()) }
    };
    let body = match input.target {
        Target::Event => implement(
            input,
            &quote!(__t::Event),
            &quote! {
                const SCHEMA: &'static [__t::EventSchema] = &[];
                const TYPE_PATH: &'static __t::Text = "";
                fn variant(&self) -> usize { 0 }
                #walk
            },
        ),
        Target::Fields => implement(
            input,
            &quote!(__t::Fields),
            &quote! {
                const FIELDS: &'static [__t::FieldSchema] = &[];
                #walk
            },
        ),
        Target::Value => implement(
            input,
            &quote!(__t::Value),
            &quote! {
                const DOMAIN: __t::Domain = __t::Domain::closed(__t::Values::Bool);
                fn emit<__R: __t::Sink>(&self, __r: __R) -> __t::Result<__R::Ok, __R::Error> {
                    __r.absent()
                }
            },
        ),
    };
    let others = (input.target != Target::Value).then(|| {
        let debug = debug(input, &quote!(__f.write_str("")));
        let serialize = refuse_serialize(input);
        quote!(#debug #serialize)
    });
    let impls = in_const(input, quote!(#body #others));
    quote!(#errors #impls)
}
