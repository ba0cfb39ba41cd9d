//! Resolves paths to the modules that define what they name, through imports and re-exports.
//!
//! This is a small part of the name resolution of the compiler: modules, imports, globs and re-exports,
//! exported macros, but no types and methods. A name may have several meanings, for example a module and a
//! function, and all of them are followed, because it is better to report a use twice than to miss one.

use std::collections::HashMap;

use syn::Item;

use super::{
    paths,
    references::{Kind, Reference},
    tree::{ModuleId, ROOT, Tree},
};

/// What a path refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A module.
    Module(ModuleId),
    /// An item that this module defines.
    Item(ModuleId),
    /// An item of another crate, or a local name such as a variable.
    External,
    /// A name that should be in this module, but is not in its sources.
    Unknown(ModuleId),
}

/// What a name in a module is bound to.
///
/// A name may have several, since types, values and macros have separate namespaces.
enum Binding {
    /// By an item or a child module.
    Defined(Target),
    /// The index of the reference that imports it.
    Import(usize),
}

/// The names in a module.
#[derive(Default)]
struct Scope {
    names: HashMap<String, Vec<Binding>>,
    /// The indices of the imports that end in `*`.
    globs: Vec<usize>,
    /// Whether a macro may define more names, such as `include!`.
    has_hidden_names: bool,
}

/// The names of all modules of a crate.
pub(super) struct Names<'t> {
    tree: &'t Tree,
    references: &'t [Vec<Reference>],
    /// By module.
    scopes: Vec<Scope>,
}

/// The imports that are being followed. None is followed twice, so that the search ends.
///
/// An import is identified by its module and its index there.
type Trail = Vec<(ModuleId, usize)>;

impl<'t> Names<'t> {
    /// Collects the names of a crate. `references` has a list for each of its modules.
    pub(super) fn new(tree: &'t Tree, references: &'t [Vec<Reference>]) -> Self {
        let mut scopes: Vec<_> = references.iter().map(|references| imports(references)).collect();
        for (id, module) in tree.modules.iter().enumerate() {
            if let (Some(parent), Some(name)) = (module.parent, module.path.last()) {
                scopes[parent].add(name.clone(), Target::Module(id));
            }
            for item in &module.items {
                match declared(item) {
                    Some(name) => scopes[id].add(name, Target::Item(id)),
                    None => scopes[id].has_hidden_names |= matches!(item, Item::Macro(_)),
                }
                if let Some(name) = exported_macro(item) {
                    scopes[ROOT].add(name, Target::Item(id));
                }
            }
        }
        Names {
            tree,
            references,
            scopes,
        }
    }

    /// Everything a path refers to in a module. A module and a function may have the same name.
    pub(super) fn resolve(&self, from: ModuleId, path: &[String]) -> Vec<Target> {
        self.follow(from, path, &mut Trail::new())
    }

    /// Whether the module imports the name privately, so that the import already counts as the use. An imported ancestor
    /// does not count: it only shortens other paths.
    pub(super) fn is_imported(&self, module: ModuleId, name: &str) -> bool {
        let bindings = self.scopes[module].names.get(name).into_iter().flatten();
        let mut imports = bindings.filter_map(|binding| match binding {
            Binding::Import(number) => Some(&self.references[module][*number]),
            Binding::Defined(_) => None,
        });
        imports.any(|import| {
            let is_ancestor =
                |target: &Target| matches!(target, Target::Module(id) if self.tree.encloses(*id, module));
            matches!(import.kind, Kind::Import { private: true, .. })
                && !self.resolve(module, &import.path).iter().any(is_ancestor)
        })
    }

    /// Resolves a path from its first name on.
    ///
    /// A path begins at `crate`, `self`, `super`, or at a name that is looked up in the module. An
    /// unknown first name is another crate.
    fn follow(&self, from: ModuleId, path: &[String], trail: &mut Trail) -> Vec<Target> {
        let Some((first, mut rest)) = path.split_first() else {
            return vec![Target::External];
        };
        let parent = |id: ModuleId| self.tree.modules[id].parent;
        let mut start = match first.as_str() {
            "crate" => Some(ROOT),
            "self" => Some(from),
            "super" => parent(from),
            _ => {
                let found = self.look_up(from, first, trail);
                return match found.is_empty() {
                    true => vec![Target::External],
                    false => self.below(found, rest, trail),
                };
            }
        };
        while let Some((next, after)) = rest.split_first()
            && next == "super"
        {
            start = start.and_then(parent);
            rest = after;
        }
        match start {
            Some(start) => self.below(vec![Target::Module(start)], rest, trail),
            None => vec![Target::External],
        }
    }

    /// Resolves the rest of a path, from what its beginning refers to.
    fn below(&self, targets: Vec<Target>, rest: &[String], trail: &mut Trail) -> Vec<Target> {
        let Some((name, rest)) = rest.split_first() else {
            return targets;
        };
        let modules: Vec<_> = targets
            .iter()
            .filter_map(|target| match target {
                Target::Module(id) => Some(*id),
                _ => None,
            })
            .collect();
        // The rest names a variant or an associated item, which belongs to the type.
        if modules.is_empty() {
            return targets;
        }
        let mut all = Vec::new();
        for module in modules {
            let mut found = self.look_up(module, name, trail);
            if found.is_empty() {
                found.push(self.guess(module, trail));
            }
            all.extend(self.below(found, rest, trail));
        }
        all
    }

    /// What a name refers to in a module. Definitions and named imports shadow those by `*`.
    fn look_up(&self, module: ModuleId, name: &str, trail: &mut Trail) -> Vec<Target> {
        let scope = &self.scopes[module];
        let mut all = Vec::new();
        for binding in scope.names.get(name).into_iter().flatten() {
            match binding {
                Binding::Defined(target) => all.push(*target),
                Binding::Import(number) => all.extend(self.import(module, *number, trail)),
            }
        }
        if !all.is_empty() {
            return all;
        }
        for number in &scope.globs {
            for target in self.import(module, *number, trail) {
                if let Target::Module(other) = target
                    && !trail.contains(&(module, *number))
                {
                    trail.push((module, *number));
                    all.extend(self.look_up(other, name, trail));
                    trail.pop();
                }
            }
        }
        all
    }

    /// What an import refers to.
    ///
    /// Empty if the import is already being followed, which happens if two modules import from each
    /// other by `*`.
    fn import(&self, module: ModuleId, number: usize, trail: &mut Trail) -> Vec<Target> {
        if trail.contains(&(module, number)) {
            return Vec::new();
        }
        trail.push((module, number));
        let found = self.follow(module, &self.references[module][number].path, trail);
        trail.pop();
        found
    }

    /// The most likely source of a name that is not in the sources of the module.
    ///
    /// Generated code is the usual reason: the module that includes it, or from which it is imported by
    /// `*`, counts as the one that defines the name.
    fn guess(&self, module: ModuleId, trail: &mut Trail) -> Target {
        let scope = &self.scopes[module];
        if scope.has_hidden_names {
            return Target::Item(module);
        }
        let mut globbed = scope
            .globs
            .iter()
            .flat_map(|number| self.import(module, *number, trail));
        let source = globbed.find(|target| match target {
            Target::Module(id) => self.scopes[*id].has_hidden_names,
            Target::Item(_) | Target::External => true,
            Target::Unknown(_) => false,
        });
        match source {
            // A variant of an enum, or a name from generated code.
            Some(Target::Item(id) | Target::Module(id)) => Target::Item(id),
            Some(other) => other,
            None => Target::Unknown(module),
        }
    }
}

impl Scope {
    fn add(&mut self, name: String, target: Target) {
        self.names.entry(name).or_default().push(Binding::Defined(target));
    }
}

/// The imports of a module, including those inside its functions.
///
/// An import inside a function counts for the whole module. That can only find too many uses.
fn imports(references: &[Reference]) -> Scope {
    let mut scope = Scope::default();
    for (number, reference) in references.iter().enumerate() {
        if let Kind::Import { name, .. } = &reference.kind {
            match name {
                Some(name) => {
                    let bindings = scope.names.entry(name.clone()).or_default();
                    bindings.push(Binding::Import(number));
                }
                None => scope.globs.push(number),
            }
        }
    }
    scope
}

/// The name that an item defines.
///
/// None for items without a name, such as `impl`, and for modules and imports, which are added
/// separately.
fn declared(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(paths::name(ident))
}

/// The name of a macro with `#[macro_export]`, which puts it at the root of the crate.
fn exported_macro(item: &Item) -> Option<String> {
    match item {
        Item::Macro(rules)
            if rules
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("macro_export")) =>
        {
            declared(item)
        }
        _ => None,
    }
}
