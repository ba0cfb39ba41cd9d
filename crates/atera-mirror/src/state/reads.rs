//! Which lists a query reads, so that the one who asks is told how old the answer is, and what it lacks.

use std::collections::BTreeSet;

use super::list::ListStatus;
use crate::{
    engine::words,
    schema::{Content, Table, searched_tables, tables},
};

/// The lists that a query reads, by the names of their tables in it.
///
/// A database does not say which tables a query has read, so the words of the query are what there is: a column that has the name of a
/// table counts as that. One list too many costs a remark.
///
/// ```
/// use atera_mirror::ListsRead;
///
/// let lists = ListsRead::of_sql("SELECT count(*) FROM tickets t JOIN customers c USING (customer_id)");
/// // What `Mirror::status` says of all lists; here, none was ever asked for.
/// let lists = lists.status(&[]);
/// assert_eq!(lists[0].list, "customers");
/// assert!(lists[0].is_unread());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListsRead {
    /// Those whose tables are named.
    named: BTreeSet<&'static str>,
    /// Whether the search is.
    searches: bool,
    /// Whether it may read what all lists have: a view over them is named, or nothing of a list.
    all: bool,
}

impl ListsRead {
    /// Those of a query. Texts, comments, parameters and the names that it gives to columns are no tables.
    pub fn of_sql(sql: &str) -> Self {
        let words = words(sql);
        let after_as = |place: usize| place > 0 && words[place - 1] == "as";
        let named = words.iter().enumerate().filter(|(place, _)| !after_as(*place));
        ListsRead::of_tables(named.map(|(_, word)| word))
    }

    /// Those of a query that reads these tables and views.
    pub fn of_tables<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut lists = ListsRead::default();
        for name in names {
            let name = name.as_ref().to_lowercase();
            match name.as_str() {
                "search" => lists.searches = true,
                "_history" | "_changes" => lists.all = true,
                name => lists.named.extend(Table::find(name).and_then(list_of)),
            }
        }
        lists.all |= lists.named.is_empty() && !lists.searches;
        lists
    }

    /// The lists whose tables are named.
    pub(crate) fn into_named(self) -> BTreeSet<&'static str> {
        self.named
    }

    /// Their names. What belongs to records counts for a search if it was ever asked for; `known` is what [`Mirror::status`]
    /// says.
    ///
    /// [`Mirror::status`]: crate::Mirror::status
    pub fn names(&self, known: &[ListStatus]) -> BTreeSet<&'static str> {
        let mut names = self.named.clone();
        if self.searches {
            let is_known = |name: &str| known.iter().any(|list| list.list == name);
            names.extend(searched_tables().filter(|name| is_list(name) || is_known(name)));
        }
        if self.all {
            names.extend(
                tables()
                    .iter()
                    .map(|table| table.name.as_str())
                    .filter(|name| is_list(name)),
            );
        }
        names
    }

    /// How they are, by name. A list that was never asked for is there too if it is named or searched.
    pub fn status(&self, known: &[ListStatus]) -> Vec<ListStatus> {
        let names = self.names(known).into_iter();
        let status = names.filter_map(|name| {
            let found = known.iter().find(|list| list.list == name).cloned();
            let is_meant =
                self.named.contains(name) || self.searches && searched_tables().any(|it| it == name);
            found.or_else(|| is_meant.then(|| ListStatus::never_asked_for(name)))
        });
        status.collect()
    }

    /// The lists that are named, and of which nothing was ever read to its end: what their tables answer says nothing of the account.
    pub fn unread(&self, known: &[ListStatus]) -> Vec<ListStatus> {
        let lists = self.status(known).into_iter();
        lists
            .filter(|list| list.is_unread() && self.named.contains(list.list.as_str()))
            .collect()
    }
}

/// The list that a table is read with.
fn list_of(table: &'static Table) -> Option<&'static str> {
    match &table.content {
        Content::Items { .. } => list_of(table.parent()?),
        _ => Some(&table.name),
    }
}

/// Whether a table is that of a list, and does not belong to the records of another.
fn is_list(name: &str) -> bool {
    Table::find(name).is_some_and(|table| matches!(table.content, Content::List { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{ListState, Strategy};

    fn names(sql: &str) -> Vec<&'static str> {
        Vec::from_iter(ListsRead::of_sql(sql).names(&[]))
    }

    #[test]
    fn a_query_reads_the_lists_that_it_names() {
        assert_eq!(
            names("SELECT * FROM Tickets t JOIN \"customers\" c USING (customer_id)"),
            ["customers", "tickets"]
        );
        assert_eq!(
            names("SELECT sum(quantity) FROM invoices_line_items"),
            ["invoices"]
        );
        assert_eq!(names("SELECT * FROM tickets_comments"), ["tickets_comments"]);
        assert_eq!(
            names("SELECT count(*) AS alerts, 'agents', :contacts /* expenses */ FROM tickets -- devices"),
            ["tickets"]
        );
        assert_eq!(
            names("SELECT * FROM [tickets], `agents` WHERE 'unfinished"),
            ["agents", "tickets"]
        );
        let all = names("SELECT 1");
        assert!(all.contains(&"agents") && !all.contains(&"tickets_comments"));
        assert_eq!(names("SELECT * FROM _history JOIN tickets ON true"), all);
        assert_eq!(
            Vec::from_iter(ListsRead::of_tables(["Tickets", "_syncs"]).names(&[])),
            ["tickets"]
        );
    }

    #[test]
    fn a_search_reads_what_is_searched_and_was_asked_for() {
        let search = ListsRead::of_sql("SELECT * FROM search WHERE words MATCH 'agents'");
        assert_eq!(
            Vec::from_iter(search.names(&[])),
            ["customers", "knowledge_bases", "tickets"]
        );
        let mut comments = ListStatus::new("tickets_comments");
        comments.strategy = Strategy::Children;
        assert!(search.names(&[comments]).contains("tickets_comments"));
    }

    #[test]
    fn what_was_never_read_is_told_of_the_lists_that_are_named() {
        let now = "2026-03-02T09:00:00Z".parse().unwrap();
        let mut customers = ListStatus::new("customers");
        customers.as_of = Some(now);
        customers.enter(ListState::Complete, now);
        let mut agents = ListStatus::new("agents");
        agents.enter(ListState::NoPermission, now);
        let mut contracts = ListStatus::new("contracts");
        contracts.enter(ListState::Unsettled, now);
        let known = [
            customers,
            agents,
            contracts,
            ListStatus::asked_for("alerts", Strategy::Full, now),
        ];
        let of = |sql: &str| {
            let lists = ListsRead::of_sql(sql);
            let names = |lists: Vec<ListStatus>| lists.into_iter().map(|it| it.list).collect::<Vec<_>>();
            (names(lists.status(&known)), names(lists.unread(&known)))
        };
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            of("SELECT 1 FROM customers, agents, alerts, contracts, tickets"),
            (
                texts(&["agents", "alerts", "contracts", "customers", "tickets"]),
                texts(&["alerts", "contracts", "tickets"])
            )
        );
        // A search names no list by itself, and the log of changes has those that were asked for.
        assert_eq!(
            of("SELECT 1 FROM search"),
            (texts(&["customers", "knowledge_bases", "tickets"]), Vec::new())
        );
        assert_eq!(
            of("SELECT 1 FROM _changes"),
            (texts(&["agents", "alerts", "contracts", "customers"]), Vec::new())
        );
    }
}
