//! The modules of a crate as written: what each one defines, imports and says in its code. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree};

use crate::Result;
use crate::tidy::File;

pub(super) type FileId = usize;
pub(super) type ModuleId = usize;

/// A crate.
#[derive(Default)]
pub(super) struct Tree {
    /// Paths of the sources; a [`FileId`] is an index.
    pub(super) files: Vec<String>,
    /// The first one is the root; a [`ModuleId`] is an index.
    pub(super) modules: Vec<Module>,
    /// Where macros are defined. They are visible below and beside without an import.
    pub(super) macros: BTreeMap<String, FileId>,
}

/// A module, be it a file or a block.
#[derive(Default)]
pub(super) struct Module {
    pub(super) file: FileId,
    pub(super) parent: Option<ModuleId>,
    pub(super) children: BTreeMap<String, ModuleId>,
    pub(super) imports: Vec<Import>,
    /// Names of what is defined here. What a macro call defines is unknown.
    pub(super) defined: BTreeSet<String>,
    /// Everything but imports, modules and tests.
    pub(super) code: Vec<Item>,
}

/// One name of a `use`.
pub(super) struct Import {
    /// The name in this module; `None` for a glob.
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

impl Tree {
    /// Reads the crate whose sources lie in `directory`, which ends with a slash.
    pub(super) fn read(files: &[File], directory: &str) -> Result<Self> {
        let sources = files.iter().filter_map(|file| Some((file.path.strip_prefix(directory)?, file.text.as_str())));
        let mut reader = Reader { directory, sources: sources.collect(), tree: Self::default() };
        reader.module("lib.rs", "", None)?;
        Ok(reader.tree)
    }
}

struct Reader<'a> {
    directory: &'a str,
    sources: BTreeMap<&'a str, &'a str>,
    tree: Tree,
}

impl Reader<'_> {
    /// Reads a file, whose submodules lie in `folder`.
    fn module(&mut self, path: &str, folder: &str, parent: Option<ModuleId>) -> Result<ModuleId> {
        let place = format!("{}{path}", self.directory);
        let text = self.sources.get(path).ok_or_else(|| format!("{place}: missing"))?;
        let parsed = syn::parse_file(text).map_err(|e| format!("{place}:{}: {e}", e.span().start().line))?;
        self.tree.files.push(place);
        let file = self.tree.files.len() - 1;
        self.items(file, folder, parent, parsed.items)
    }

    fn items(&mut self, file: FileId, folder: &str, parent: Option<ModuleId>, items: Vec<Item>) -> Result<ModuleId> {
        let id = self.tree.modules.len();
        self.tree.modules.push(Module { file, parent, ..Module::default() });
        for item in items.into_iter().filter(|item| !is_test(attributes(item))) {
            match item {
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let inner = format!("{folder}{name}/");
                    let child = match module.content {
                        Some((_, items)) => self.items(file, &inner, Some(id), items)?,
                        None => self.module(&self.file_of(folder, &name), &inner, Some(id))?,
                    };
                    self.tree.modules[id].children.insert(name, child);
                }
                Item::Use(import) => flatten(&import.tree, &mut vec![], &mut self.tree.modules[id].imports),
                item => self.code(id, item),
            }
        }
        Ok(id)
    }

    fn file_of(&self, folder: &str, name: &str) -> String {
        let flat = format!("{folder}{name}.rs");
        if self.sources.contains_key(flat.as_str()) { flat } else { format!("{folder}{name}/mod.rs") }
    }

    fn code(&mut self, id: ModuleId, item: Item) {
        let module = &mut self.tree.modules[id];
        if let (Item::Macro(_), Some(name)) = (&item, name(&item)) {
            self.tree.macros.insert(name, module.file);
        }
        module.defined.extend(name(&item));
        let mut inner = InnerImports(&mut module.imports);
        inner.visit_item(&item);
        module.code.push(item);
    }
}

/// Imports in function bodies count as those of the module.
struct InnerImports<'a>(&'a mut Vec<Import>);

impl<'ast> Visit<'ast> for InnerImports<'_> {
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        flatten(&import.tree, &mut vec![], self.0);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }
}

fn flatten(tree: &UseTree, prefix: &mut Vec<String>, imports: &mut Vec<Import>) {
    let mut import = |name: Option<String>, last: Option<String>, line| {
        // `a::b::{self}` is `a::b`.
        let path = prefix.iter().cloned().chain(last.filter(|last| last != "self" || prefix.is_empty())).collect();
        imports.push(Import { name, path, line });
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, imports);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, imports)),
        UseTree::Name(name) => {
            let last = name.ident.to_string();
            let own = if last == "self" { prefix.last().cloned() } else { Some(last.clone()) };
            import(own, Some(last), name.ident.span().start().line);
        }
        UseTree::Rename(rename) => {
            let line = rename.rename.span().start().line;
            import(Some(rename.rename.to_string()), Some(rename.ident.to_string()), line);
        }
        UseTree::Glob(glob) => import(None, None, glob.star_token.spans[0].start().line),
    }
}

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(ident.to_string())
}

pub(in crate::tidy) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item is there for tests alone: `cfg(test)`, or `cfg(all(test, ..))`.
pub(in crate::tidy) fn is_test(attributes: &[Attribute]) -> bool {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.filter_map(|attribute| attribute.meta.require_list().ok()).any(|list| demands_test(list.tokens.clone()))
}

fn demands_test(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(group)] if word == "all" => {
            group.stream().into_iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "test"))
        }
        _ => false,
    }
}
