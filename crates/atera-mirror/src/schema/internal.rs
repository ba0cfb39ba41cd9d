//! The tables that the mirror keeps for itself. Their names begin with `_`.
//!
//! Keys of records are texts here, whatever they are in the table of the record, so that one table serves all lists.

use crate::engine::ColumnType;

/// A table that the mirror keeps for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InternalTable {
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) description: &'static str,
    pub(crate) columns: &'static [InternalColumn],
    /// The columns of its key. Empty if its first column is a number that the database counts up.
    pub(crate) key: &'static [&'static str],
}

/// A column of such a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InternalColumn {
    pub(crate) name: &'static str,
    pub(crate) column_type: ColumnType,
    /// What it means.
    pub(crate) description: &'static str,
}

const fn column(name: &'static str, column_type: ColumnType, description: &'static str) -> InternalColumn {
    InternalColumn {
        name,
        column_type,
        description,
    }
}

/// All of them.
pub(crate) const INTERNAL_TABLES: &[InternalTable] = &[
    MIRROR, SYNCS, CHANGES, CHILDREN, MISFITS, UNREADABLE, WALKS, STAGED,
];

const MIRROR: InternalTable = InternalTable {
    name: "_mirror",
    description: "What the mirror is of, and how it is written: a name and a value in each row.",
    key: &["name"],
    columns: &[
        column(
            "name",
            ColumnType::Text,
            "`version`, `program`, `base_url`, `account`, `redacted`.",
        ),
        column("value", ColumnType::Text, ""),
    ],
};

const SYNCS: InternalTable = InternalTable {
    name: "_syncs",
    description: "How old each list is, and how its last sync went.",
    key: &["list"],
    columns: &[
        column("list", ColumnType::Text, "The name of its table."),
        column(
            "state",
            ColumnType::Text,
            "How the last sync went; `complete` if nothing is missing.",
        ),
        column(
            "strategy",
            ColumnType::Text,
            "How it was read: `full`, `changes` or `children`.",
        ),
        column(
            "why",
            ColumnType::Text,
            "Why it was read in full although its changes could have been asked for, or why some records were read one by one.",
        ),
        column(
            "reason",
            ColumnType::Text,
            "Why the last sync failed, or is not complete.",
        ),
        column(
            "since",
            ColumnType::Timestamp,
            "Since when it has had this state.",
        ),
        column(
            "tried",
            ColumnType::Timestamp,
            "When the last sync ended, however it went.",
        ),
        column(
            "as_of",
            ColumnType::Timestamp,
            "What changed before is in the mirror.",
        ),
        column(
            "complete_as_of",
            ColumnType::Timestamp,
            "What was deleted before is marked in the mirror.",
        ),
        column(
            "walked_as_of",
            ColumnType::Timestamp,
            "When the list was last read in full.",
        ),
        column("records", ColumnType::Integer, "Records that exist."),
        column(
            "inserted",
            ColumnType::Integer,
            "Records that the last sync that wrote something found new.",
        ),
        column("updated", ColumnType::Integer, "Records that it found changed."),
        column("deleted", ColumnType::Integer, "Records that it found gone."),
        column(
            "undeleted",
            ColumnType::Integer,
            "Records that were gone and came back.",
        ),
        column(
            "misfits",
            ColumnType::Integer,
            "Records with a value that does not fit its column.",
        ),
        column(
            "unreadable",
            ColumnType::Integer,
            "Records that could not be stored.",
        ),
    ],
};

const CHANGES: InternalTable = InternalTable {
    name: "_changes",
    description: "What the syncs found to have changed, in order.",
    key: &[],
    columns: &[
        column("seq", ColumnType::Integer, "Counts up."),
        column("at", ColumnType::Timestamp, "When the sync found it."),
        column("table_name", ColumnType::Text, "The table of the record."),
        column("id", ColumnType::Text, "The key of the record."),
        column(
            "kind",
            ColumnType::Text,
            "`insert`, `update`, `delete` or `undelete`.",
        ),
        column(
            "before",
            ColumnType::Record,
            "The record as it was before; null for an insert.",
        ),
    ],
};

const CHILDREN: InternalTable = InternalTable {
    name: "_children",
    description: "For which records the lists that belong to them were read.",
    key: &["list", "id"],
    columns: &[
        column(
            "list",
            ColumnType::Text,
            "The name of the table of what belongs to the records.",
        ),
        column("id", ColumnType::Text, "The key of the record."),
        column("hash", ColumnType::Text, "The hash of the record at that time."),
    ],
};

const MISFITS: InternalTable = InternalTable {
    name: "_misfits",
    description: "Records with values that do not fit their columns. The columns are null, and `record` has the values.",
    key: &["table_name", "id"],
    columns: &[
        column("table_name", ColumnType::Text, "The table of the record."),
        column("id", ColumnType::Text, "The key of the record."),
        column(
            "columns",
            ColumnType::Text,
            "The names of the columns, separated by commas.",
        ),
    ],
};

const UNREADABLE: InternalTable = InternalTable {
    name: "_unreadable",
    description: "Records that could not be stored in their table.",
    key: &["table_name", "hash"],
    columns: &[
        column("table_name", ColumnType::Text, "The table where they belong."),
        column("hash", ColumnType::Text, "The hash of the JSON."),
        column("reason", ColumnType::Text, "Why they could not be stored."),
        column("record", ColumnType::Record, "The JSON as it came."),
        column("seen", ColumnType::Timestamp, "When they came last."),
    ],
};

const WALKS: InternalTable = InternalTable {
    name: "_walks",
    description: "The journals of walks that have not ended.",
    key: &["list", "number"],
    columns: &[
        column("list", ColumnType::Text, "The name of its table."),
        column("number", ColumnType::Integer, "The place of the entry, from 0."),
        column(
            "entry",
            ColumnType::Text,
            "The entry. The first is the time when the walk began.",
        ),
    ],
};

const STAGED: InternalTable = InternalTable {
    name: "_staged",
    description: "What walks that have not ended have read.",
    key: &["list", "id"],
    columns: &[
        column("list", ColumnType::Text, "The name of its table."),
        column("id", ColumnType::Text, "The key of the record."),
        column("kind", ColumnType::Text, "`record`, `gone` or `unreadable`."),
        column("hash", ColumnType::Text, "The hash of the record."),
        column(
            "reason",
            ColumnType::Text,
            "Why it cannot be stored, if it cannot.",
        ),
        column(
            "record",
            ColumnType::Record,
            "The record, unless the table has it as it is.",
        ),
    ],
};

impl InternalTable {
    /// Whether the database counts its first column up.
    pub(crate) fn counts_up(&self) -> bool {
        self.key.is_empty()
    }
}
