//! What is known of types without a compiler: the fields and methods of the crate's own ones, and in which file each method is.
//! A type stands for what it wraps too: `&T`, `Option<T>`, `Result<T>`, `Arc<T>`, `Box<T>`.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Fields, FnArg, GenericArgument, ImplItem, Item, ItemImpl, PathArguments, ReturnType, Token, Type,
};

use super::names::{Definition, Target};
use super::tree::{FileId, ModuleId, Tree, is_test};

const WRAPPERS: [&str; 7] = ["Arc", "Box", "Cow", "Option", "Rc", "Result", "Pin"];

/// The handles whose accessors hand out the services of features: to call one is to use the service.
const HANDLES: [&str; 2] = ["Auth", "Kernel"];

/// A row of a macro.
struct Row {
    name: Ident,
    service: Type,
}

impl Parse for Row {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        Ok(Self { name, service: input.parse()? })
    }
}

#[derive(Default)]
pub(super) struct Types {
    fields: BTreeMap<(Definition, String), Definition>,
    methods: BTreeMap<(Definition, String), Method>,
    functions: BTreeMap<Definition, Definition>,
    /// What `Deref` leads to.
    targets: BTreeMap<Definition, Definition>,
    /// Types by the usual name of a variable: `effect` for `Effect`. `None` when there are several.
    by_variable: BTreeMap<String, Option<Definition>>,
}

/// A method or an associated function that is not a trait's.
#[derive(Clone)]
pub(super) struct Method {
    pub(super) file: FileId,
    pub(super) returns: Option<Definition>,
    /// It is an accessor of a handle, and so stands for the service that it returns.
    pub(super) is_accessor: bool,
}

impl Types {
    pub(super) fn read(tree: &Tree) -> Self {
        let mut types = Self::default();
        for (id, module) in tree.modules.iter().enumerate() {
            for item in &module.code {
                types.item(tree, id, module.file, item);
            }
        }
        types
    }

    fn item(&mut self, tree: &Tree, module: ModuleId, file: FileId, item: &Item) {
        let definition = |name: String| Definition { module, name };
        match item {
            Item::Struct(item) => {
                let own = definition(item.ident.to_string());
                self.variable(&own);
                let named = matches!(item.fields, Fields::Named(_));
                for (index, field) in item.fields.iter().enumerate() {
                    let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
                    if let Some(head) = head(tree, module, None, &field.ty) {
                        self.fields.insert((own.clone(), name), head);
                    }
                }
                if !named {
                    self.functions.insert(own.clone(), own);
                }
            }
            Item::Enum(item) => self.variable(&definition(item.ident.to_string())),
            Item::Fn(item) => {
                if let Some(returns) = returned(tree, module, None, &item.sig.output) {
                    self.functions.insert(definition(item.sig.ident.to_string()), returns);
                }
            }
            Item::Impl(item) => self.implementation(tree, module, file, item),
            Item::Macro(call) if call.ident.is_none() => self.rows(tree, module, file, &call.mac.tokens),
            _ => {}
        }
    }

    fn variable(&mut self, definition: &Definition) {
        let unique = self.by_variable.entry(snake(&definition.name));
        unique.and_modify(|known| *known = None).or_insert_with(|| Some(definition.clone()));
    }

    /// Accessors that a macro makes of rows `name: path::to::Service,` beside a handle.
    fn rows(&mut self, tree: &Tree, module: ModuleId, file: FileId, tokens: &TokenStream) {
        let handle = HANDLES.iter().find(|handle| tree.modules[module].defined.contains(**handle));
        let Some(handle) = handle else { return };
        let handle = Definition { module, name: (*handle).to_owned() };
        let Ok(rows) = Punctuated::<Row, Token![,]>::parse_terminated.parse2(tokens.clone()) else { return };
        for Row { name, service } in rows {
            let returns = head(tree, module, None, &service);
            self.methods.insert((handle.clone(), name.to_string()), Method { file, returns, is_accessor: true });
        }
    }

    fn implementation(&mut self, tree: &Tree, module: ModuleId, file: FileId, item: &ItemImpl) {
        let Some(own) = head(tree, module, None, &item.self_ty) else { return };
        if let Some((path, _)) = &item.trait_ {
            if path.segments.last().is_some_and(|last| last.ident == "Deref") {
                let targets = item.items.iter().filter_map(|item| match item {
                    ImplItem::Type(target) => head(tree, module, Some(&own), &target.ty),
                    _ => None,
                });
                self.targets.extend(targets.map(|target| (own.clone(), target)));
            }
            return;
        }
        let is_handle = HANDLES.contains(&own.name.as_str());
        for item in &item.items {
            let ImplItem::Fn(function) = item else { continue };
            if is_test(&function.attrs) {
                continue;
            }
            let returns = returned(tree, module, Some(&own), &function.sig.output);
            let only_self = function.sig.inputs.len() == 1 && matches!(function.sig.inputs[0], FnArg::Receiver(_));
            let method = Method { file, returns, is_accessor: is_handle && only_self };
            self.methods.insert((own.clone(), function.sig.ident.to_string()), method);
        }
    }

    pub(super) fn field(&self, of: &Definition, name: &str) -> Option<&Definition> {
        let own = self.fields.get(&(of.clone(), name.to_owned()));
        own.or_else(|| self.field(self.targets.get(of)?, name))
    }

    pub(super) fn method(&self, of: &Definition, name: &str) -> Option<&Method> {
        let own = self.methods.get(&(of.clone(), name.to_owned()));
        own.or_else(|| self.method(self.targets.get(of)?, name))
    }

    /// What a function returns, or a type that is built like a function call.
    pub(super) fn function(&self, definition: &Definition) -> Option<&Definition> {
        self.functions.get(definition)
    }

    pub(super) fn variable_named(&self, name: &str) -> Option<&Definition> {
        self.by_variable.get(name)?.as_ref()
    }
}

/// The crate's own type that a type is or wraps.
pub(super) fn head(tree: &Tree, module: ModuleId, own: Option<&Definition>, written: &Type) -> Option<Definition> {
    match written {
        Type::Reference(reference) => head(tree, module, own, &reference.elem),
        Type::Paren(inner) => head(tree, module, own, &inner.elem),
        Type::Group(inner) => head(tree, module, own, &inner.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident == "Self" {
                return own.cloned();
            }
            if WRAPPERS.iter().any(|wrapper| last.ident == wrapper) {
                let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
                return arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::Type(inner) => Some(head(tree, module, own, inner)),
                    _ => None,
                })?;
            }
            let names: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            match tree.resolve(module, &names)? {
                Target::Item(definition, _) => Some(definition),
                Target::Module(_) => None,
            }
        }
        _ => None,
    }
}

fn returned(tree: &Tree, module: ModuleId, own: Option<&Definition>, output: &ReturnType) -> Option<Definition> {
    match output {
        ReturnType::Type(_, written) => head(tree, module, own, written),
        ReturnType::Default => None,
    }
}

/// The name of a type as that of a variable or a field.
pub(in crate::tidy) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
