//! What the command prints: records in their formats, messages, progress, failures.
//!
//! Nothing here knows of arguments or of the service. Records stay JSON text for as long as possible, so that they are printed
//! as they were sent; [`atera_records`] finds their fields. The modules, lowest first:
//!
//! | module | is |
//! |---|---|
//! | [`exit_code`] | the table of exit codes |
//! | [`terminal`] | messages on stderr, and text without control characters |
//! | [`plural`] | numbers of things, in words |
//! | [`failure`] | how the command fails: a sentence and a code |
//! | [`log`] | what happens behind the command: `--verbose`, `ATERA_LOG` |
//! | [`waits`] | what calls wait for |
//! | [`altered`] | how a printed record differs from the one that was sent |
//! | [`exact_numbers`] | which JSON goes through doubles unchanged |
//! | [`cells`] | values as cells of a table |
//! | [`sort`] | the order of records: `--sort` |
//! | [`states`] | the colours of states |
//! | [`look`] | what suits the terminal |
//! | [`destination`] | stdout, or a file that is replaced at the end |
//! | [`view`] | what is printed of each record, in any format |
//! | [`mod@format`] | what a format has to provide |
//! | [`json`], [`ndjson`], [`yaml`], [`csv_rows`], [`table`] | the formats |
//! | [`plain_values`] | what `--jq` prints without `--output` |
//! | [`formats`] | the list of formats: `--output` |
//! | [`options`] | what the flags say about output |
//! | [`records`] | printing records one after another |
//! | [`rows`] | printing rows that the command makes itself |
//! | [`progress`] | the bar |
//! | [`request_line`] | what a sandbox prints for a request |

pub(crate) mod altered;
pub(crate) mod cells;
pub(crate) mod csv_rows;
pub(crate) mod destination;
pub(crate) mod exact_numbers;
pub(crate) mod exit_code;
pub(crate) mod failure;
pub(crate) mod format;
pub(crate) mod formats;
pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod look;
pub(crate) mod ndjson;
pub(crate) mod options;
pub(crate) mod plain_values;
pub(crate) mod plural;
pub(crate) mod progress;
pub(crate) mod records;
pub(crate) mod request_line;
pub(crate) mod rows;
pub(crate) mod sort;
pub(crate) mod states;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod view;
pub(crate) mod waits;
pub(crate) mod yaml;
