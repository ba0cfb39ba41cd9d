//! Reads the modules of a crate, without those that are built only for tests.
//!
//! Files are found as the compiler finds them: `name.rs` or `name/mod.rs` beside the parent, or the
//! file of `#[path]`. Every file is parsed by syn, so it has to be valid Rust even if a feature removes
//! it from the build.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use syn::{Item, ItemMod, ext::IdentExt as _};

use super::attributes;

/// The index of a module in its crate.
pub(super) type ModuleId = usize;

/// The module in the root file of a crate.
pub(super) const ROOT: ModuleId = 0;

/// A module.
pub(super) struct Module {
    /// The names of the modules around it, outermost first, and its own. Empty for the root.
    pub(super) path: Vec<String>,
    /// Relative to the workspace.
    pub(super) file: String,
    pub(super) parent: Option<ModuleId>,
    /// Where its parent declares it; 0 for the root.
    pub(super) line: usize,
    /// The module that the whole file belongs to: itself, or an ancestor for `mod name { .. }`.
    pub(super) home: ModuleId,
    /// Its items other than modules.
    pub(super) items: Vec<Item>,
}

/// The modules of a crate.
pub(super) struct Tree {
    pub(super) modules: Vec<Module>,
}

impl Tree {
    /// The module with this path.
    pub(super) fn find(&self, path: &[String]) -> Option<&Module> {
        self.modules.iter().find(|module| module.path == path)
    }

    /// Whether `outer` is `inner` or one of its ancestors.
    pub(super) fn encloses(&self, outer: ModuleId, inner: ModuleId) -> bool {
        self.modules[inner].path.starts_with(&self.modules[outer].path)
    }
}

/// Reads the crate with this root file, relative to the workspace.
///
/// # Errors
///
/// A file is missing, cannot be read, or is not Rust.
pub(super) fn read(workspace: &Path, root: &Path) -> Result<Tree, String> {
    let mut reader = Reader {
        workspace,
        modules: Vec::new(),
    };
    reader.file(None, Place::of_folder(root.into()))?;
    Ok(Tree {
        modules: reader.modules,
    })
}

/// Where a module is written.
struct Place {
    file: PathBuf,
    /// Where the files of its child modules are.
    folder: PathBuf,
    /// Whether it is a `mod name { .. }` in that file.
    inline: bool,
}

impl Place {
    /// A file whose child modules are beside it: `mod.rs`, the root of a crate, or a file named by `#[path]`.
    fn of_folder(file: PathBuf) -> Self {
        Place {
            folder: file.parent().map_or_else(PathBuf::new, Path::to_path_buf),
            file,
            inline: false,
        }
    }
}

/// The parent of a module, and the declaration in it.
type Declared<'d> = Option<(ModuleId, &'d ItemMod)>;

/// Reads the modules one after another. The index of a module is its id.
struct Reader<'w> {
    workspace: &'w Path,
    modules: Vec<Module>,
}

impl Reader<'_> {
    /// Reads a file, unless it begins with a `#![cfg(test)]`.
    fn file(&mut self, declared: Declared<'_>, place: Place) -> Result<(), String> {
        let shown = shown(&place.file);
        let text = fs::read_to_string(self.workspace.join(&place.file))
            .map_err(|error| format!("{shown}: cannot read the file: {error}"))?;
        let file = syn::parse_file(&text).map_err(|error| {
            let line = error.span().start().line;
            format!("{shown}:{line}: cannot parse the file: {error}")
        })?;
        match attributes::only_in_tests(&file.attrs) {
            true => Ok(()),
            false => self.module(declared, file.items, &place),
        }
    }

    /// Adds a module, and then its child modules. A parent always comes before its children.
    fn module(&mut self, declared: Declared<'_>, items: Vec<Item>, place: &Place) -> Result<(), String> {
        let id = self.modules.len();
        let mut inner = Vec::new();
        let mut others = Vec::new();
        for item in items {
            match item {
                item if attributes::only_in_tests(attributes::of_item(&item)) => {}
                Item::Mod(module) => inner.push(module),
                item => others.push(item),
            }
        }
        let parent = declared.map(|(parent, _)| parent);
        let mut path = parent.map_or_else(Vec::new, |parent| self.modules[parent].path.clone());
        path.extend(declared.map(|(_, module)| name(module)));
        self.modules.push(Module {
            path,
            file: shown(&place.file),
            parent,
            line: declared.map_or(0, |(_, module)| line(module)),
            home: match parent {
                Some(parent) if place.inline => self.modules[parent].home,
                _ => id,
            },
            items: others,
        });
        for module in &inner {
            self.inner(id, module, place)?;
        }
        Ok(())
    }

    /// Reads a child module.
    fn inner(&mut self, parent: ModuleId, module: &ItemMod, around: &Place) -> Result<(), String> {
        let declared = Some((parent, module));
        match &module.content {
            None => self.file(declared, self.locate(module, around)?),
            Some((_, items)) => {
                let place = Place {
                    file: around.file.clone(),
                    folder: around.folder.join(name(module)),
                    inline: true,
                };
                self.module(declared, items.clone(), &place)
            }
        }
    }

    /// The file of a module that is declared as `mod name;`.
    ///
    /// # Errors
    ///
    /// There is no file at either place. The message names both.
    fn locate(&self, module: &ItemMod, around: &Place) -> Result<Place, String> {
        if let Some(path) = attributes::path(&module.attrs) {
            let base = match around.file.parent() {
                Some(parent) if !around.inline => parent,
                _ => &around.folder,
            };
            return Ok(Place::of_folder(straightened(&base.join(path))));
        }
        let name = name(module);
        let folder = around.folder.join(&name);
        let beside = around.folder.join(format!("{name}.rs"));
        let within = folder.join("mod.rs");
        let file = [&beside, &within]
            .into_iter()
            .find(|file| self.workspace.join(file).is_file())
            .ok_or_else(|| {
                format!(
                    "{}:{}: `mod {name}` has no file: {} and {} are missing; write one of them",
                    shown(&around.file),
                    line(module),
                    shown(&beside),
                    shown(&within)
                )
            })?;
        Ok(Place {
            file: file.clone(),
            folder,
            inline: false,
        })
    }
}

/// The name without `r#`.
fn name(module: &ItemMod) -> String {
    module.ident.unraw().to_string()
}

/// The line of the declaration.
fn line(module: &ItemMod) -> usize {
    module.ident.span().start().line
}

/// The path with `.` and `..` resolved, without looking at the file system.
fn straightened(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                straight.pop();
            }
            Component::CurDir => {}
            part => straight.push(part),
        }
    }
    straight
}

/// The path with `/` on every system, so that messages and the table are the same everywhere.
fn shown(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}
