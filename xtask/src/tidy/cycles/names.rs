//! Where a path leads: through modules, imports, globs and re-exports to the definition.

use std::collections::BTreeSet;

use super::tree::{ModuleId, Tree};

/// A definition: the module that it stands in, and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Definition {
    pub(super) module: ModuleId,
    pub(super) name: String,
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Module(ModuleId),
    /// With what follows: the variant of an enum, or the function of a type.
    Item(Definition, Vec<String>),
}

/// What a name stands for in a module: a module and another item may be called alike.
#[derive(Default)]
struct Found {
    module: Option<ModuleId>,
    item: Option<Definition>,
}

impl Found {
    fn or(self, other: Self) -> Self {
        Self { module: self.module.or(other.module), item: self.item.or(other.item) }
    }
}

type Seen = BTreeSet<(ModuleId, String)>;

impl Tree {
    /// Where a path leads that is written in the module; `None` leads out of the crate.
    pub(super) fn resolve(&self, module: ModuleId, path: &[String]) -> Option<Target> {
        self.follow(module, path, &mut Seen::new())
    }

    fn follow(&self, module: ModuleId, path: &[String], seen: &mut Seen) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => 0,
            "self" => module,
            "super" => self.modules[module].parent?,
            name => {
                let found = self.find(module, name, seen);
                return match (found.item, found.module) {
                    (Some(item), None) => Some(Target::Item(item, rest.to_vec())),
                    (Some(item), Some(_)) if rest.is_empty() => Some(Target::Item(item, vec![])),
                    (_, Some(inner)) => self.descend(inner, rest, seen),
                    (None, None) => None,
                };
            }
        };
        self.descend(start, rest, seen)
    }

    fn descend(&self, module: ModuleId, path: &[String], seen: &mut Seen) -> Option<Target> {
        let Some((name, rest)) = path.split_first() else { return Some(Target::Module(module)) };
        if name == "super" {
            return self.descend(self.modules[module].parent?, rest, seen);
        }
        let found = self.find(module, name, seen);
        match (found.item, found.module) {
            (Some(item), None) => Some(Target::Item(item, rest.to_vec())),
            (Some(item), Some(_)) if rest.is_empty() => Some(Target::Item(item, vec![])),
            (_, Some(inner)) => self.descend(inner, rest, seen),
            // An import from another crate is not ours; any other name has been made by a macro that is called there.
            (None, None) if self.imports_by_name(module, name) => None,
            (None, None) => Some(Target::Item(Definition { module, name: name.clone() }, rest.to_vec())),
        }
    }

    fn imports_by_name(&self, module: ModuleId, name: &str) -> bool {
        self.modules[module].imports.iter().any(|import| import.name.as_deref() == Some(name))
    }

    fn find(&self, id: ModuleId, name: &str, seen: &mut Seen) -> Found {
        // Two modules may import everything of each other.
        if !seen.insert((id, name.to_owned())) {
            return Found::default();
        }
        let module = &self.modules[id];
        let mut found = self.own(id, name);
        for import in module.imports.iter().filter(|import| import.name.as_deref() == Some(name)) {
            found = found.or(self.imported(id, &import.path, seen));
        }
        for glob in module.imports.iter().filter(|import| import.name.is_none()) {
            found = found.or(self.through_glob(id, &glob.path, name, seen));
        }
        seen.remove(&(id, name.to_owned()));
        found
    }

    /// An import may bring a module and an item of one name.
    fn imported(&self, module: ModuleId, path: &[String], seen: &mut Seen) -> Found {
        let Some((last, before)) = path.split_last() else { return Found::default() };
        // The same name is looked up in another module, or in this one by its own import: `use name::name`.
        let parent = match before {
            [] if ["crate", "self", "super"].contains(&last.as_str()) => self.follow(module, path, seen),
            // Besides a crate of that name.
            [] => return self.own(module, last),
            before => self.follow(module, before, seen),
        };
        match parent {
            Some(Target::Module(id)) if before.is_empty() => Found { module: Some(id), item: None },
            Some(Target::Module(id)) => {
                let found = self.find(id, last, seen);
                if found.item.is_none() && found.module.is_none() && !self.imports_by_name(id, last) {
                    return Found { module: None, item: Some(Definition { module: id, name: last.clone() }) };
                }
                found
            }
            // A variant or an associated item.
            Some(Target::Item(item, _)) => Found { module: None, item: Some(item) },
            None => Found::default(),
        }
    }

    fn own(&self, id: ModuleId, name: &str) -> Found {
        let module = &self.modules[id];
        Found {
            module: module.children.get(name).copied(),
            item: module.defined.contains(name).then(|| Definition { module: id, name: name.to_owned() }),
        }
    }

    fn through_glob(&self, id: ModuleId, path: &[String], name: &str, seen: &mut Seen) -> Found {
        match self.follow(id, path, seen) {
            Some(Target::Module(inner)) => self.find(inner, name, seen),
            // The variants of an enum are not listed; they count where they are used by their enum's name.
            Some(Target::Item(..)) | None => Found::default(),
        }
    }
}
