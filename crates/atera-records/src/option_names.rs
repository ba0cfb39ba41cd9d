//! What messages call the options, so that they name what someone can change.

/// What messages call the options of a [`Selection`](crate::Selection).
///
/// A program that offers them under names of its own says so with [`Fields::option_names`](crate::Fields::option_names).
#[derive(Clone, Copy, Debug)]
pub struct OptionNames {
    /// The conditions.
    pub condition: &'static str,
    /// The fields to group by.
    pub group_by: &'static str,
    /// The fields to sum.
    pub sum: &'static str,
    /// The list whose entries are taken apart. `None` if it is not offered.
    pub expand: Option<&'static str>,
    /// What lets fields and values through that the description lacks. `None` if it is not offered.
    pub allow_unknown: Option<&'static str>,
}

impl OptionNames {
    /// The flags of the command `atera`: `--group-by`.
    pub const FLAGS: OptionNames = OptionNames {
        condition: "--where",
        group_by: "--group-by",
        sum: "--sum",
        expand: Some("--expand"),
        allow_unknown: Some("--allow-unknown"),
    };

    /// Arguments of a function or a tool: `group_by`. Nothing lets unknown fields through.
    pub const ARGUMENTS: OptionNames = OptionNames {
        condition: "`where`",
        group_by: "`group_by`",
        sum: "`sum`",
        expand: Some("`expand`"),
        allow_unknown: None,
    };

    /// The end of a sentence that refuses something unknown: what lets it through.
    pub(crate) fn how_to_allow(&self) -> String {
        match self.allow_unknown {
            Some(name) => format!("; {name} lets it through anyway"),
            None => String::new(),
        }
    }
}
