//! Reports: questions about an account, as files of SQL.
//!
//! ```no_run
//! use atera::Timestamp;
//! use atera_mirror::{Limits, Mirror, report::Reports};
//!
//! # async fn example() -> atera_mirror::Result<()> {
//! let mirror = Mirror::file("mirror.db".as_ref()).await?;
//! let reports = Reports::built_in();
//! let given = [("days".to_string(), "60".to_string())];
//! let report = reports.find("stale-agents")?;
//! let mut answer = report.run(&mirror, &given, Timestamp::now(), &Limits::default()).await?;
//! println!("{} {:?}", report.title(), answer.all().await?);
//! # Ok(())
//! # }
//! ```
//!
//! | module | is |
//! |---|---|
//! | `parameter` | the values that a report is asked with |
//! | `header` | what a report says of itself, in the comments at the top of its file |
//! | `data` | tables that do not come from the service, such as the ends of support of operating systems |
//! | `file` | a report, and how it is asked |
//! | `folder` | all reports: those that are built in, and those of a folder |

mod data;
mod file;
mod folder;
mod header;
mod parameter;

pub use file::Report;
pub use folder::Reports;
pub use header::{Chart, ChartKind};
pub use parameter::{Parameter, ParameterKind};
