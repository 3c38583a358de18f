//! The types that a file defines, and what their fields show.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Fields, Item, ItemEnum, ItemImpl, ItemMacro, ItemStruct, Type, Visibility};

use super::Plain;
use crate::tidy::cycles::{attributes, is_test, snake};

/// A struct or an enum.
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) reach: Reach,
    pub(super) derives: Vec<String>,
    pub(super) fields: Vec<Field>,
}

/// Who can name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Its own module.
    Own,
    /// More of the crate.
    Crate,
    Public,
}

/// A field, also that of a variant.
pub(super) struct Field {
    /// A field without a name is called what its type or its variant is called.
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) plain: Plain,
    /// It is what a newtype wraps.
    pub(super) is_wrapped: bool,
}

/// What a file says of types.
#[derive(Default)]
pub(super) struct Source {
    pub(super) definitions: Vec<Definition>,
    /// The names of types with a `Debug` that is not derived.
    pub(super) by_hand: BTreeSet<String>,
}

/// Reads a file, tests apart. Fails with the line and the cause.
pub(super) fn read(text: &str) -> crate::Result<Source> {
    let file = syn::parse_file(text).map_err(|cause| format!("{}: {cause}", cause.span().start().line))?;
    let mut source = Source::default();
    source.visit_file(&file);
    Ok(source)
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        let is_wrapped = matches!(item.fields, Fields::Unnamed(_));
        let fields = fields(&item.fields, &item.ident, is_wrapped).collect();
        self.definitions.push(definition(&item.ident, &item.vis, &item.attrs, fields));
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        let of = item.variants.iter().flat_map(|variant| fields(&variant.fields, &variant.ident, false));
        self.definitions.push(definition(&item.ident, &item.vis, &item.attrs, of.collect()));
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(path, _)| path.segments.last());
        if let (Some(of), Type::Path(own)) = (of, &*item.self_ty)
            && of.ident == "Debug"
        {
            self.by_hand.extend(own.path.segments.last().map(|last| last.ident.to_string()));
        }
        visit::visit_item_impl(self, item);
    }

    /// What a macro makes of its rows is unknown: they count as fields of a type that everybody can print.
    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        let fields = rows(item.mac.tokens.clone());
        let derives = vec!["Debug".to_owned()];
        let name = "a macro".to_owned();
        self.definitions.push(Definition { name, line: 0, reach: Reach::Own, derives, fields });
    }
}

fn definition(name: &Ident, visibility: &Visibility, attributes: &[Attribute], fields: Vec<Field>) -> Definition {
    let reach = match visibility {
        Visibility::Inherited => Reach::Own,
        Visibility::Public(_) => Reach::Public,
        Visibility::Restricted(_) => Reach::Crate,
    };
    let (name, line) = (name.to_string(), name.span().start().line);
    Definition { name, line, reach, derives: derives(attributes), fields }
}

fn fields(fields: &Fields, owner: &Ident, is_wrapped: bool) -> impl Iterator<Item = Field> {
    fields.iter().map(move |field| Field {
        name: field.ident.as_ref().map_or_else(|| snake(&owner.to_string()), ToString::to_string),
        line: field.ident.as_ref().unwrap_or(owner).span().start().line,
        plain: Plain::of(&field.ty),
        is_wrapped,
    })
}

/// `name: Type` wherever it stands among tokens.
fn rows(tokens: TokenStream) -> Vec<Field> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_punct = |at: usize, mark| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
    let mut found = vec![];
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => found.extend(rows(group.stream())),
            TokenTree::Ident(name) if is_punct(at + 1, ':') && !is_punct(at + 2, ':') => {
                let written: TokenStream = tokens[at + 2..].iter().take_while(|token| !ends(token)).cloned().collect();
                if let Ok(written) = syn::parse2::<Type>(written) {
                    let (name, line) = (name.to_string(), name.span().start().line);
                    found.push(Field { name, line, plain: Plain::of(&written), is_wrapped: false });
                }
            }
            _ => {}
        }
    }
    found
}

/// Whether a type among tokens is over.
fn ends(token: &TokenTree) -> bool {
    match token {
        TokenTree::Punct(punct) => [',', ';', '='].contains(&punct.as_char()),
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    }
}

fn derives(attributes: &[Attribute]) -> Vec<String> {
    let mut names = vec![];
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let read = attribute.parse_nested_meta(|meta| {
            names.extend(meta.path.segments.last().map(|last| last.ident.to_string()));
            Ok(())
        });
        // What cannot be read may show everything.
        if read.is_err() {
            names.push("Debug".to_owned());
        }
    }
    names
}
