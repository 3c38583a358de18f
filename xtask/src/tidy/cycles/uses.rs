//! Which file uses a name that another file defines, and where.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprMethodCall, FnArg, Item, Macro, Pat, Path, Signature};

use super::names::{Definition, Target};
use super::tree::{FileId, ModuleId, Tree, attributes, is_test};
use super::types::{Types, head};

/// Methods that answer what they are called on, for all that matters here.
const TRANSPARENT: [&str; 12] = [
    "as_deref",
    "as_mut",
    "as_ref",
    "clone",
    "cloned",
    "expect",
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "take",
    "to_owned",
];

/// The first use of a file by another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) line: usize,
    pub(super) name: String,
}

/// All uses between files, by who uses what.
pub(super) type Uses = BTreeMap<(FileId, FileId), Use>;

pub(super) fn of(tree: &Tree) -> Uses {
    let types = Types::read(tree);
    let mut uses = Uses::new();
    for (id, module) in tree.modules.iter().enumerate() {
        let mut reader =
            Reader { tree, types: &types, module: id, own: None, variables: BTreeMap::new(), uses: &mut uses };
        for import in &module.imports {
            reader.path(&import.path, import.line);
        }
        module.code.iter().for_each(|item| reader.visit_item(item));
    }
    uses
}

struct Reader<'a> {
    tree: &'a Tree,
    types: &'a Types,
    module: ModuleId,
    /// What `Self` is.
    own: Option<Definition>,
    /// Variables of the present function with their types, if they are types of this crate.
    variables: BTreeMap<String, Option<Definition>>,
    uses: &'a mut Uses,
}

impl Reader<'_> {
    fn note(&mut self, to: FileId, name: String, line: usize) {
        let from = self.tree.modules[self.module].file;
        if from != to {
            let first = self.uses.entry((from, to)).or_insert_with(|| Use { line, name: name.clone() });
            if line < first.line {
                *first = Use { line, name };
            }
        }
    }

    fn path(&mut self, names: &[String], line: usize) {
        let Some(Target::Item(definition, rest)) = self.target(names) else { return };
        self.note(self.tree.modules[definition.module].file, definition.name.clone(), line);
        if let Some(name) = rest.first() {
            self.method(&definition, name, line);
        }
    }

    fn target(&self, names: &[String]) -> Option<Target> {
        match (names.split_first(), &self.own) {
            (Some((first, rest)), Some(own)) if first == "Self" => Some(Target::Item(own.clone(), rest.to_vec())),
            _ => self.tree.resolve(self.module, names),
        }
    }

    fn method(&mut self, of: &Definition, name: &str, line: usize) {
        let Some(method) = self.types.method(of, name).cloned() else { return };
        self.note(method.file, format!("{}::{name}", of.name), line);
        if let Some(service) = method.returns.filter(|_| method.is_accessor) {
            self.note(self.tree.modules[service.module].file, format!("{name}() -> {}", service.name), line);
        }
    }

    /// The type of an expression, where it is told by declarations alone.
    fn type_of(&self, expression: &Expr) -> Option<Definition> {
        match expression {
            Expr::Path(path) => self.type_of_variable(&path.path),
            Expr::Field(field) => {
                let name = match &field.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                };
                let known = self.type_of(&field.base).and_then(|base| self.types.field(&base, &name).cloned());
                known.or_else(|| self.types.variable_named(&name).cloned())
            }
            Expr::MethodCall(call) => {
                let receiver = self.type_of(&call.receiver)?;
                let name = call.method.to_string();
                match self.types.method(&receiver, &name) {
                    Some(method) => method.returns.clone(),
                    None => TRANSPARENT.contains(&name.as_str()).then_some(receiver),
                }
            }
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) => match self.target(&names(&path.path))? {
                    Target::Item(definition, rest) => match rest.first() {
                        Some(function) => self.types.method(&definition, function)?.returns.clone(),
                        None => self.types.function(&definition).cloned(),
                    },
                    Target::Module(_) => None,
                },
                _ => None,
            },
            Expr::Struct(literal) => match self.target(&names(&literal.path))? {
                Target::Item(definition, _) => Some(definition),
                Target::Module(_) => None,
            },
            Expr::Await(inner) => self.type_of(&inner.base),
            Expr::Try(inner) => self.type_of(&inner.expr),
            Expr::Paren(inner) => self.type_of(&inner.expr),
            Expr::Reference(inner) => self.type_of(&inner.expr),
            Expr::Unary(inner) => self.type_of(&inner.expr),
            _ => None,
        }
    }

    /// A variable without a known type is taken for what it is called after: `effect` for an `Effect`.
    fn type_of_variable(&self, path: &Path) -> Option<Definition> {
        let name = path.get_ident()?.to_string();
        if name == "self" {
            return self.own.clone();
        }
        let known = self.variables.get(&name).cloned().flatten();
        known.or_else(|| self.types.variable_named(&name).cloned())
    }

    fn bind(&mut self, pattern: &Pat, kind: Option<Definition>) {
        match pattern {
            Pat::Ident(variable) => {
                self.variables.insert(variable.ident.to_string(), kind);
            }
            Pat::Type(typed) => {
                let kind = head(self.tree, self.module, self.own.as_ref(), &typed.ty).or(kind);
                self.bind(&typed.pat, kind);
            }
            Pat::Reference(inner) => self.bind(&inner.pat, kind),
            // `Some(name)` and `Ok(name)`.
            Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => self.bind(&tuple.elems[0], kind),
            _ => {}
        }
    }

    fn parameters(&mut self, signature: &Signature) {
        self.variables.clear();
        for input in &signature.inputs {
            if let FnArg::Typed(typed) = input {
                let kind = head(self.tree, self.module, self.own.as_ref(), &typed.ty);
                self.bind(&typed.pat, kind);
            }
        }
    }

    /// The paths in the tokens of a macro or an attribute.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = vec![];
        let (mut line, mut colons, mut after_dot) = (0, 0, false);
        for token in tokens {
            match token {
                TokenTree::Ident(word) if !after_dot => {
                    if colons < 2 {
                        self.path(&std::mem::take(&mut path), line);
                    }
                    line = word.span().start().line;
                    path.push(word.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Punct(mark) => after_dot = mark.as_char() == '.',
                TokenTree::Group(group) => {
                    self.path(&std::mem::take(&mut path), line);
                    self.tokens(group.stream());
                    after_dot = false;
                }
                TokenTree::Literal(literal) => {
                    self.text(&literal.to_string(), literal.span());
                    after_dot = false;
                }
                TokenTree::Ident(_) => after_dot = false,
            }
            self.path(&std::mem::take(&mut path), line);
            colons = 0;
        }
        self.path(&path, line);
    }

    /// A path in quotes, as `#[serde(with = "crate::json")]` has it.
    fn text(&mut self, literal: &str, span: Span) {
        let text = literal.trim_matches('"');
        if ["crate::", "self::", "super::"].iter().any(|start| text.starts_with(start)) {
            let names: Vec<String> = text.split("::").map(str::to_owned).collect();
            self.path(&names, span.start().line);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            item if is_test(attributes(item)) => {}
            Item::Use(_) | Item::Mod(_) => {}
            Item::Impl(implementation) => {
                let own = head(self.tree, self.module, None, &implementation.self_ty);
                let outer = std::mem::replace(&mut self.own, own);
                visit::visit_item(self, item);
                self.own = outer;
            }
            item => visit::visit_item(self, item),
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.parameters(&function.sig);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            self.parameters(&function.sig);
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        self.parameters(&function.sig);
        visit::visit_trait_item_fn(self, function);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if is_test(&local.attrs) {
            return;
        }
        visit::visit_local(self, local);
        let kind = local.init.as_ref().and_then(|init| self.type_of(&init.expr));
        self.bind(&local.pat, kind);
    }

    fn visit_expr_let(&mut self, condition: &'ast syn::ExprLet) {
        visit::visit_expr_let(self, condition);
        let kind = self.type_of(&condition.expr);
        self.bind(&condition.pat, kind);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        closure.inputs.iter().for_each(|input| self.bind(input, None));
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if let Some(receiver) = self.type_of(&call.receiver) {
            self.method(&receiver, &call.method.to_string(), call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        // A constant, not a variable.
        let name = pattern.ident.to_string();
        if name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            self.path(&[name], pattern.ident.span().start().line);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let is_variable = path.get_ident().is_some_and(|name| self.variables.contains_key(&name.to_string()));
        if let (false, Some(first)) = (is_variable, path.segments.first()) {
            self.path(&names(path), first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        let place = call.path.get_ident().and_then(|name| self.tree.macros.get(&name.to_string()));
        if let (Some(place), Some(name)) = (place.copied(), call.path.get_ident()) {
            self.note(place, format!("{name}!"), name.span().start().line);
        }
        // Most are called like functions.
        match Punctuated::<Expr, syn::Token![,]>::parse_terminated.parse2(call.tokens.clone()) {
            Ok(arguments) => arguments.iter().for_each(|argument| self.visit_expr(argument)),
            Err(_) => self.tokens(call.tokens.clone()),
        }
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let (false, Ok(list)) = (attribute.path().is_ident("doc"), attribute.meta.require_list()) {
            self.tokens(list.tokens.clone());
        }
    }
}

fn names(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}
