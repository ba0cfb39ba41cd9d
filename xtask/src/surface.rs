//! Lists the public surface of the bindings, with a line for each operation and for each field of a type. So a change of the
//! description can be reviewed as a change for users of the client.
//!
//! The surface is read from the generated code and not from the description, so it also shows a change of the code generator.
//! Paths are shortened, and everything that is the same for all operations is left out.

use std::{collections::BTreeMap, fmt::Write as _};

use quote::ToTokens;
use syn::{FnArg, ImplItem, Item, ItemImpl, Pat, ReturnType, Type, Visibility};

use crate::build::{Bindings, fields, spec::Spec};

/// The surface of the bindings of a description: operations, types and closed lists.
///
/// # Errors
///
/// The generated code is not Rust, or has no call for an operation.
pub(crate) fn written(spec: &Spec, bindings: &Bindings) -> Result<String, String> {
    let items = |code: &str| {
        let file = syn::parse_file(code)
            .map_err(|error| format!("cannot read the bindings: they are not Rust: {error}"))?;
        Ok::<_, String>(file.items)
    };
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "# {} operations", spec.operations.len());
    let mut groups = BTreeMap::new();
    for (name, code) in &bindings.groups {
        groups.insert(name.clone(), Group::read(&items(code)?));
    }
    for operation in &spec.operations {
        let call = groups
            .get(&operation.group)
            .and_then(|group| group.call(&operation.verb))
            .ok_or_else(|| {
                format!(
                    "cannot list the public surface: the bindings have no call for `{}`",
                    operation.id()
                )
            })?;
        let method = operation.method.key().to_uppercase();
        let _ = writeln!(out, "{}().{call} {method} {}", operation.group, operation.path);
    }
    records(&mut out, &items(&bindings.types)?);
    let mut lists: Vec<_> = spec.open_enums().collect();
    lists.sort_unstable();
    let _ = writeln!(out, "\n# {} closed lists", lists.len());
    for name in lists {
        let values = spec.schema(name).map(|schema| schema.values.join(", "));
        let _ = writeln!(out, "{name}: {}", values.unwrap_or_default());
    }
    Ok(out)
}

/// The module of a group, as it was read back.
#[derive(Default)]
struct Group {
    /// For each method of the group its arguments, and the call that it returns.
    call_methods: BTreeMap<String, (String, String)>,
    /// The setters of each call.
    setters: BTreeMap<String, Vec<String>>,
    /// The type of the answer of each call.
    answers: BTreeMap<String, String>,
}

impl Group {
    /// Reads the items of a module.
    fn read(items: &[Item]) -> Self {
        let mut group = Group::default();
        for item in items {
            let Item::Impl(block) = item else { continue };
            let name = shown(&block.self_ty);
            match &block.trait_ {
                None => group.methods(&name, block),
                Some((path, _)) if path.is_ident("IntoFuture") => {
                    let answer = block.items.iter().find_map(|item| match item {
                        ImplItem::Type(output) if output.ident == "Output" => Some(shown(&output.ty)),
                        _ => None,
                    });
                    group.answers.insert(name, answer.unwrap_or_default());
                }
                Some(_) => {}
            }
        }
        group
    }

    /// Reads an `impl` block. A public method that returns `Self` is a setter of a call, and any other
    /// one begins a call. `send` and the like are async and the same for all calls, so they are left
    /// out.
    fn methods(&mut self, name: &str, block: &ItemImpl) {
        for item in &block.items {
            let ImplItem::Fn(function) = item else { continue };
            if !matches!(function.vis, Visibility::Public(_)) || function.sig.asyncness.is_some() {
                continue;
            }
            let arguments: Vec<_> = function
                .sig
                .inputs
                .iter()
                .filter_map(|argument| match argument {
                    FnArg::Typed(argument) => match &*argument.pat {
                        Pat::Ident(name) => Some(format!("{}: {}", name.ident, shown(&argument.ty))),
                        _ => None,
                    },
                    FnArg::Receiver(_) => None,
                })
                .collect();
            let method = function.sig.ident.to_string();
            let answer = match &function.sig.output {
                ReturnType::Type(_, ty) => shown(ty),
                ReturnType::Default => String::new(),
            };
            if answer == "Self" {
                self.setters
                    .entry(name.to_string())
                    .or_default()
                    .extend(arguments);
            } else {
                self.call_methods.insert(method, (arguments.join(", "), answer));
            }
        }
    }

    /// A call as one line: its arguments, its setters in brackets, and the type of its answer.
    fn call(&self, verb: &str) -> Option<String> {
        let (arguments, call) = self.call_methods.get(verb)?;
        let answer = self.answers.get(call)?;
        let setters = match self.setters.get(call) {
            Some(setters) => format!(" [{}]", setters.join(", ")),
            None => String::new(),
        };
        Some(format!("{verb}({arguments}){setters} -> {answer}"))
    }
}

/// Adds the types, each with its fields, their names on the wire, and `new` if there is one.
fn records(out: &mut String, items: &[Item]) {
    let structs: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some(item),
            _ => None,
        })
        .collect();
    let _ = writeln!(out, "\n# {} types", structs.len());
    for item in structs {
        for field in &item.fields {
            let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            let wire = fields::wire_name(field);
            let _ = writeln!(out, "{}.{name}: {} ({wire})", item.ident, shown(&field.ty));
        }
        let own = items.iter().filter_map(|other| match other {
            Item::Impl(block) if block.trait_.is_none() => Some(block),
            _ => None,
        });
        for block in own.filter(|block| item.ident == shown(&block.self_ty)) {
            for part in &block.items {
                if let ImplItem::Fn(function) = part
                    && function.sig.ident == "new"
                {
                    let inputs = function.sig.inputs.iter().map(tidy);
                    let _ = writeln!(
                        out,
                        "{}::new({})",
                        item.ident,
                        inputs.collect::<Vec<_>>().join(", ")
                    );
                }
            }
        }
    }
}

/// A type without `Result`, because every call returns one.
fn shown(ty: &Type) -> String {
    let text = tidy(ty);
    match text
        .strip_prefix("Result<")
        .and_then(|rest| rest.strip_suffix('>'))
    {
        Some(inner) => inner.to_string(),
        None => text,
    }
}

/// Code without the spaces that `quote` adds, and without the paths of well-known types.
fn tidy(code: impl ToTokens) -> String {
    let mut text = code.to_token_stream().to_string();
    for (from, to) in [
        (" ::", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :", ":"),
        ("crate::types::", ""),
        ("crate::", ""),
        ("::std::option::", ""),
        ("::std::string::", ""),
        ("::std::vec::", ""),
        ("::std::collections::", ""),
        ("::serde_json::", "serde_json::"),
        ("::uuid::", ""),
        ("::chrono::naive::", ""),
    ] {
        text = text.replace(from, to);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        build,
        files::{SPEC, read},
    };

    fn surface(source: &str) -> String {
        let bindings = build::generate(source).unwrap();
        written(&Spec::parse(source).unwrap(), &bindings).unwrap()
    }

    /// A new property and a renamed operation: each is one line, and nothing else changes.
    #[test]
    fn a_change_of_the_description_is_a_line_of_the_surface() {
        let source = read(SPEC).unwrap();
        let before = surface(&source);
        let described = source
            .replacen(
                "      x-atera-key: TicketID\n      properties:\n",
                "      x-atera-key: TicketID\n      properties:\n        Mood: {type: string, nullable: true}\n",
                1,
            )
            .replacen("operationId: tickets_get\n", "operationId: tickets_get_one\n", 1);
        let after = surface(&described);
        let diff = similar::TextDiff::from_lines(&before, &after);
        let changed: Vec<_> = diff
            .iter_all_changes()
            .filter(|change| change.tag() != similar::ChangeTag::Equal)
            .map(|change| format!("{}{}", change.tag(), change.value().trim_end()))
            .collect();
        assert_eq!(
            changed,
            [
                "-tickets().get(ticket_id: i64) [include_relations: bool] -> Ticket GET /tickets/{ticketId}",
                "+tickets().get_one(ticket_id: i64) [include_relations: bool] -> Ticket GET /tickets/{ticketId}",
                "+Ticket.mood: Option<String> (Mood)",
            ]
        );
    }
}
