//! What has to be said about the comparisons of a condition, which cannot be known before the records come.

use std::cell::{Cell, RefCell};

use atera::text::plain_line;

use crate::{
    columns::Column, operand::Operand, option_names::OptionNames, record::Written, syntax::Comparison,
};

/// What was noticed while records were compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noticed {
    /// How many values were compared as text with one of another kind.
    mixed: Cell<u64>,
    /// How many values of closed lists the description lacks, so that they have no place in the order, and the first of them.
    without_place: Cell<u64>,
    first_without_place: RefCell<Option<String>>,
}

impl Noticed {
    /// Takes note of a value that is about to be compared.
    pub(crate) fn take(
        &self,
        column: &Column,
        value: &Written<'_>,
        comparison: Comparison,
        operand: &Operand,
    ) {
        if operand.differs_in_kind(value, comparison) {
            self.mixed.set(self.mixed.get() + 1);
        }
        if operand.has_no_place(value, comparison, column.kind)
            && let Written::Text(text, _) | Written::Json(text) = value
        {
            self.without_place.set(self.without_place.get() + 1);
            self.first_without_place
                .borrow_mut()
                .get_or_insert_with(|| format!("`{}` in `{}`", plain_line(text), column.heading));
        }
    }

    /// In words, what was noticed.
    pub(crate) fn told(&self, names: &OptionNames) -> Option<String> {
        let condition = names.condition;
        let values = |count: u64| match count {
            1 => "a value".to_string(),
            count => format!("{count} values"),
        };
        let mixed = (self.mixed.get() > 0).then(|| {
            format!(
                "{condition} compared {} as text, being of another kind than what it names (a number, a time or a text); quotes around \
                 that compare all as text",
                values(self.mixed.get())
            )
        });
        let first = self.first_without_place.borrow();
        let without_place = first.as_ref().map(|first| {
            format!(
                "{condition} has no order for {} that the description lacks, such as {first}: no < or > is true of them, and = compares \
                 them",
                values(self.without_place.get())
            )
        });
        let told: Vec<_> = mixed.into_iter().chain(without_place).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}
