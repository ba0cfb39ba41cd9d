//! How much of a value is shown.
//!
//! Texts end after some characters, and lists where the answer is full. What was cut is told, with the size of the whole, so that
//! nobody takes a part for the whole; a [cursor](super::cursor) goes on from there.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{clean::clean, secret};

/// How many cuts are told.
const MOST_CUTS: usize = 10;

/// How much an answer has, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The whole answer, about.
    pub(crate) answer: usize,
    /// A text in a record.
    pub(crate) text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            answer: 24_000,
            text: 1_500,
        }
    }
}

/// A text or a list that is not shown to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cut {
    /// Where it is, as a JSON pointer into the record or the value.
    pub(crate) path: String,
    /// How much of it is shown: characters of a text, entries of a list.
    pub(crate) shown: usize,
    /// How much there is.
    pub(crate) of: usize,
}

/// A value as it is shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// The value.
    pub(crate) value: Value,
    /// About how many characters it has as JSON.
    pub(crate) size: usize,
    /// What was cut.
    pub(crate) cuts: Vec<Cut>,
    /// How many further cuts there are.
    pub(crate) more_cuts: usize,
    /// How many characters that are not seen were removed.
    pub(crate) removed: usize,
}

impl Shown {
    /// A value of the account: cleaned, without secrets, without fields that are null, and no longer than this.
    pub(crate) fn of(mut value: Value, text: usize, answer: usize) -> Self {
        secret::hide(&mut value);
        let mut shown = Shown::default();
        let mut bounds = Bounds {
            text,
            left: answer,
            path: String::new(),
        };
        shown.value = bounds.value(value, &mut shown);
        shown.size = answer - bounds.left;
        shown
    }

    fn cut(&mut self, path: &str, shown: usize, of: usize) {
        if self.cuts.len() == MOST_CUTS {
            self.more_cuts += 1;
            return;
        }
        self.cuts.push(Cut {
            path: path.to_string(),
            shown,
            of,
        });
    }
}

/// What may still be shown.
struct Bounds {
    text: usize,
    left: usize,
    path: String,
}

impl Bounds {
    fn spend(&mut self, characters: usize) {
        self.left = self.left.saturating_sub(characters);
    }

    fn value(&mut self, value: Value, shown: &mut Shown) -> Value {
        match value {
            Value::String(text) => self.string(&text, shown),
            Value::Array(values) => self.array(values, shown),
            Value::Object(object) => self.object(object, shown),
            value => {
                self.spend(value.to_string().len());
                value
            }
        }
    }

    fn string(&mut self, text: &str, shown: &mut Shown) -> Value {
        let (text, removed) = clean(text);
        shown.removed += removed;
        let most = self.text.min(self.left.max(SHORTEST));
        let Some((end, _)) = text.char_indices().nth(most) else {
            self.spend(text.chars().count() + 2);
            return Value::String(text);
        };
        let of = most + text[end..].chars().count();
        shown.cut(&self.path, most, of);
        self.spend(most + 2);
        Value::String(format!("{}…", &text[..end]))
    }

    fn array(&mut self, values: Vec<Value>, shown: &mut Shown) -> Value {
        let of = values.len();
        let mut kept = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            if self.left == 0 {
                shown.cut(&self.path, index, of);
                break;
            }
            let value = self.within(&index.to_string(), |bounds| bounds.value(value, shown));
            kept.push(value);
            self.spend(1);
        }
        Value::Array(kept)
    }

    fn object(&mut self, object: Map<String, Value>, shown: &mut Shown) -> Value {
        let mut kept = Map::new();
        for (name, value) in object {
            // Half of the fields of most records are null.
            if value.is_null() {
                continue;
            }
            // Names come from the service, but some objects are maps whose names people choose.
            let (name, removed) = clean(&name);
            shown.removed += removed;
            let name: String = name.chars().take(LONGEST_NAME).collect();
            self.spend(name.len() + 4);
            let value = self.within(&name, |bounds| bounds.value(value, shown));
            kept.insert(name, value);
        }
        Value::Object(kept)
    }

    fn within(&mut self, step: &str, show: impl FnOnce(&mut Self) -> Value) -> Value {
        let length = self.path.len();
        self.path.push('/');
        self.path.push_str(&step.replace('~', "~0").replace('/', "~1"));
        let value = show(self);
        self.path.truncate(length);
        value
    }
}

/// How much of a text is shown even where the answer is full: enough to tell which record it is.
const SHORTEST: usize = 60;

/// How long the name of a field may be.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_texts_are_cut_and_told() {
        let shown = Shown::of(
            json!({"a": "x".repeat(5_000_000), "b": null, "c": "y\u{200b}"}),
            100,
            1000,
        );
        assert_eq!(shown.value["a"].as_str().map(|it| it.chars().count()), Some(101));
        assert_eq!(shown.value.get("b"), None);
        assert_eq!(shown.value["c"], "y");
        assert_eq!(shown.removed, 1);
        let cut = Cut {
            path: "/a".to_string(),
            shown: 100,
            of: 5_000_000,
        };
        assert_eq!(shown.cuts, [cut]);
    }

    #[test]
    fn a_list_ends_where_the_answer_is_full() {
        let shown = Shown::of(json!({"l": vec!["abcdefgh"; 1000]}), 100, 500);
        let kept = shown.value["l"].as_array().expect("a list").len();
        assert!((20..60).contains(&kept), "{kept}");
        assert_eq!((shown.cuts[0].shown, shown.cuts[0].of), (kept, 1000));
    }

    #[test]
    fn many_fields_stay_within_a_small_multiple() {
        let object: Map<_, _> = (0..1000)
            .map(|it| (format!("f{it}"), json!("z".repeat(2000))))
            .collect();
        let shown = Shown::of(Value::Object(object), 1500, 24_000);
        assert!(shown.value.to_string().len() < 120_000);
        assert_eq!(shown.cuts.len(), MOST_CUTS);
        assert!(shown.more_cuts > 900);
    }
}
