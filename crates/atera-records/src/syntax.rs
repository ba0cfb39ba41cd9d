//! The syntax of a condition: `Severity=Critical, Created<-3d`.
//!
//! ```text
//! condition   any { "," any }                          a comma is an "and"; next to an "or" it needs parentheses
//! any         all { "or" all }
//! all         one { "and" one }
//! one         "not" one | "(" condition ")" | test
//! test        FIELD ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) VALUE
//!           | FIELD [ "not" ] "in" "(" VALUE { "," VALUE } ")"
//!           | FIELD "is" [ "not" ] ( "null" | "empty" )
//!           | FIELD                                    a field that is true or false
//! ```
//!
//! A value may have spaces, and ends at a comma, a parenthesis, or the word `and` or `or`: `CustomerName=Harbor Dental and
//! Online`. Between quotes, single or double, it may have anything; a quote in it is doubled.
//!
//! This is read by hand: what a value is depends on what comes behind it, and every mistake has its own sentence. With a parser
//! crate it would be as long, and the sentences harder to come by.

/// A part of the text, and where it begins, counted in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) at: usize,
    /// Whether it stood between quotes.
    pub(crate) quoted: bool,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    ContainsNot,
}

impl Comparison {
    /// Whether it is about which of two values comes first.
    pub(crate) fn orders(self) -> bool {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
        matches!(self, Less | LessOrEqual | Greater | GreaterOrEqual)
    }
}

/// The signs of the comparisons, longest first.
const SIGNS: [(&str, Comparison); 10] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<>", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("!~", Comparison::ContainsNot),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("~", Comparison::Contains),
];

/// A condition as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// All of them hold.
    All(Vec<Expression>),
    /// One of them holds.
    Any(Vec<Expression>),
    /// It does not hold.
    Not(Box<Expression>),
    /// A field is compared with a value.
    Compare(Word, Comparison, Word),
    /// A field has no value.
    Null(Word),
    /// A field has no value, an empty text or an empty list.
    Empty(Word),
    /// A field is true.
    Holds(Word),
}

/// A mistake, and where it is, counted in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) at: usize,
    pub(crate) what: String,
}

/// Reads a condition.
///
/// # Errors
///
/// The first mistake.
pub(crate) fn parse(text: &str) -> Result<Expression, Mistake> {
    let mut reader = Reader { text, at: 0 };
    let expression = reader.condition()?;
    match reader.rest() {
        "" => Ok(expression),
        rest if rest.starts_with(')') => reader.wrong("there is no parenthesis that this one closes"),
        _ => reader.wrong("put `and`, `or` or a comma before this"),
    }
}

/// The text, and how far it is read. White space is skipped before each word.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// What is left, without white space at its beginning.
    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn wrong<T>(&self, what: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake {
            at: self.at,
            what: what.into(),
        })
    }

    /// Takes a sign, if it comes next.
    fn sign(&mut self, sign: &str) -> bool {
        let is_next = self.rest().starts_with(sign);
        if is_next {
            self.at += sign.len();
        }
        is_next
    }

    /// Takes a word of the syntax, in any case, if it comes next.
    fn keyword(&mut self, word: &str) -> bool {
        let is_next = begins_with(self.rest(), word);
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    fn condition(&mut self) -> Result<Expression, Mistake> {
        let (mut all, mut has_or, mut comma) = (Vec::new(), false, None);
        loop {
            let (any, is_or) = self.any()?;
            has_or |= is_or;
            all.push(any);
            let at = self.at;
            if !self.sign(",") {
                break;
            }
            comma.get_or_insert(at);
        }
        match comma {
            Some(at) if has_or => Err(Mistake {
                at,
                what: "a comma is an `and`, and next to an `or` it can be read in two ways; put parentheses around one \
                       of them"
                    .to_string(),
            }),
            _ => Ok(one_or(all, Expression::All)),
        }
    }

    /// Also returns whether there was an `or`.
    fn any(&mut self) -> Result<(Expression, bool), Mistake> {
        let mut any = vec![self.all()?];
        while self.keyword("or") || self.sign("||") {
            any.push(self.all()?);
        }
        let is_or = any.len() > 1;
        Ok((one_or(any, Expression::Any), is_or))
    }

    fn all(&mut self) -> Result<Expression, Mistake> {
        let mut all = vec![self.one()?];
        while self.keyword("and") || self.sign("&&") {
            all.push(self.one()?);
        }
        Ok(one_or(all, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, Mistake> {
        if self.keyword("not") {
            return Ok(Expression::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let inner = self.condition()?;
            return match self.sign(")") {
                true => Ok(inner),
                false if self.rest().is_empty() => self.wrong("a `)` is missing"),
                false => self.wrong("put `and`, `or`, a comma or `)` before this"),
            };
        }
        self.test()
    }

    fn test(&mut self) -> Result<Expression, Mistake> {
        let field = self.field()?;
        if self.keyword("is") {
            let negated = self.keyword("not");
            let test = match () {
                () if self.keyword("null") => Expression::Null(field),
                () if self.keyword("empty") => Expression::Empty(field),
                () => return self.wrong("`is` is followed by null, not null, empty or not empty"),
            };
            return Ok(if negated {
                Expression::Not(Box::new(test))
            } else {
                test
            });
        }
        let begin = self.at;
        let negated = self.keyword("not");
        if self.keyword("in") {
            return self.list(&field, negated);
        }
        self.at = begin;
        let rest = self.rest();
        let Some((sign, comparison)) = SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign)) else {
            return Ok(Expression::Holds(field));
        };
        self.at += sign.len();
        let value = self.value()?;
        compared(field, comparison, value)
    }

    /// The values behind `in`.
    fn list(&mut self, field: &Word, negated: bool) -> Result<Expression, Mistake> {
        if !self.sign("(") {
            return self
                .wrong("`in` is followed by values in parentheses, as in `Severity in (Warning, Critical)`");
        }
        let comparison = if negated {
            Comparison::NotEqual
        } else {
            Comparison::Equal
        };
        let mut tests = Vec::new();
        loop {
            let value = self.value()?;
            tests.push(compared(field.clone(), comparison, value)?);
            if self.sign(")") {
                break;
            }
            if !self.sign(",") {
                return self.wrong("a `)` is missing");
            }
        }
        Ok(one_or(
            tests,
            if negated { Expression::All } else { Expression::Any },
        ))
    }

    /// The name of a field: letters, digits, `_`, `-` and dots, or anything between quotes.
    fn field(&mut self) -> Result<Word, Mistake> {
        let rest = self.rest();
        if let Some(word) = self.quoted()? {
            return Ok(word);
        }
        let is_part = |it: char| it.is_alphanumeric() || "_-.".contains(it);
        let end = rest.find(|it: char| !is_part(it)).unwrap_or(rest.len());
        if end == 0 {
            return self.wrong("the name of a field is missing");
        }
        let at = self.at;
        self.at += end;
        Ok(Word {
            text: rest[..end].to_string(),
            at,
            quoted: false,
        })
    }

    fn value(&mut self) -> Result<Word, Mistake> {
        let rest = self.rest();
        if let Some(word) = self.quoted()? {
            return Ok(word);
        }
        let at = self.at;
        let mut end = rest.find([',', '(', ')']).unwrap_or(rest.len());
        for (place, _) in rest[..end].match_indices(char::is_whitespace) {
            let behind = rest[place..].trim_start();
            if ["and", "or", "&&", "||"]
                .iter()
                .any(|word| begins_with(behind, word))
            {
                end = place;
                break;
            }
        }
        let value = rest[..end].trim_end();
        if value.is_empty() {
            return self.wrong("a value is missing; write '' for an empty text, or null for none");
        }
        if let Some(sign) = value.find(['=', '<', '>', '~']) {
            let word = value[..sign]
                .rfind(char::is_whitespace)
                .map_or(0, |space| space + 1);
            return Err(Mistake {
                at: at + word,
                what: "put `and`, `or` or a comma before this, or quotes around the value".to_string(),
            });
        }
        self.at += end;
        Ok(Word {
            text: value.to_string(),
            at,
            quoted: false,
        })
    }

    /// A text between quotes, if a quote comes next.
    fn quoted(&mut self) -> Result<Option<Word>, Mistake> {
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|first| matches!(first, '\'' | '"')) else {
            return Ok(None);
        };
        let (at, mut text, mut end) = (self.at, String::new(), 1);
        loop {
            let Some(length) = rest[end..].find(quote) else {
                return self.wrong(format!("the {quote} that ends this is missing"));
            };
            text.push_str(&rest[end..end + length]);
            end += length + 1;
            if !rest[end..].starts_with(quote) {
                break;
            }
            text.push(quote);
            end += 1;
        }
        self.at += end;
        Ok(Some(Word {
            text,
            at,
            quoted: true,
        }))
    }
}

/// The comparison of a field with a value. Null is no value: a field has one, or has none.
fn compared(field: Word, comparison: Comparison, value: Word) -> Result<Expression, Mistake> {
    let is_null = !value.quoted && value.text.eq_ignore_ascii_case("null");
    Ok(match comparison {
        comparison if !is_null => Expression::Compare(field, comparison, value),
        Comparison::Equal => Expression::Null(field),
        Comparison::NotEqual => Expression::Not(Box::new(Expression::Null(field))),
        _ => {
            return Err(Mistake {
                at: value.at,
                what: "null is no value, so compare with it by = or !=; put quotes around it if the text is meant"
                    .to_string(),
            });
        }
    })
}

/// Whether a text begins with this word of the syntax, in any case, and the word ends there.
fn begins_with(text: &str, word: &str) -> bool {
    let is_word = text
        .get(..word.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let next = text.get(word.len()..).and_then(|rest| rest.chars().next());
    let goes_on = next.is_some_and(|next| next.is_alphanumeric() || "_-.=<>!~".contains(next));
    is_word && (!goes_on || !word.starts_with(char::is_alphabetic))
}

/// The only one of them, or all of them together.
fn one_or(mut parts: Vec<Expression>, together: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => together(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The condition with parentheses around everything.
    fn shown(expression: &Expression) -> String {
        let joined = |parts: &[Expression], word: &str| {
            let parts: Vec<_> = parts.iter().map(shown).collect();
            format!("({})", parts.join(word))
        };
        match expression {
            Expression::All(parts) => joined(parts, " & "),
            Expression::Any(parts) => joined(parts, " | "),
            Expression::Not(inner) => format!("!{}", shown(inner)),
            Expression::Compare(field, comparison, value) => {
                format!("{} {comparison:?} [{}]", field.text, value.text)
            }
            Expression::Null(field) => format!("{} null", field.text),
            Expression::Empty(field) => format!("{} empty", field.text),
            Expression::Holds(field) => field.text.clone(),
        }
    }

    #[test]
    fn conditions_are_read_as_they_are_meant() {
        for (text, meaning) in [
            (
                "Severity=Critical,Created<-3d",
                "(Severity Equal [Critical] & Created Less [-3d])",
            ),
            (
                "a = 1 and b != 2 or not c ~ x",
                "((a Equal [1] & b NotEqual [2]) | !c Contains [x])",
            ),
            (
                "(a=1 or a=2), b>=3",
                "((a Equal [1] | a Equal [2]) & b GreaterOrEqual [3])",
            ),
            (
                "CustomerName = Harbor Dental AND Online",
                "(CustomerName Equal [Harbor Dental] & Online)",
            ),
            (
                "a='x, ''y'' or z' and \"New field\"==\"\"",
                "(a Equal [x, 'y' or z] & New field Equal [])",
            ),
            (
                "a=null, b!=NULL, c = 'null'",
                "(a null & !b null & c Equal [null])",
            ),
            ("a is null and b is not empty", "(a null & !b empty)"),
            (
                "a in (1, x y) or b not in (2,3)",
                "((a Equal [1] | a Equal [x y]) | (b NotEqual [2] & b NotEqual [3]))",
            ),
            (
                "a in (null, x) or b not in (NULL,'null')",
                "((a null | a Equal [x]) | (!b null & b NotEqual [null]))",
            ),
            (
                "Created>=2026-03-01 08:00 and not (a!~b)",
                "(Created GreaterOrEqual [2026-03-01 08:00] & !a ContainsNot [b])",
            ),
            (
                "ticket-title~order and To.Name<>oregon",
                "(ticket-title Contains [order] & To.Name NotEqual [oregon])",
            ),
            (
                "not=1, or=2, index=3",
                "(not Equal [1] & or Equal [2] & index Equal [3])",
            ),
            ("a=1, (b=2 or c=3)", "(a Equal [1] & (b Equal [2] | c Equal [3]))"),
        ] {
            let read = parse(text).map(|read| shown(&read));
            assert_eq!(read.as_deref(), Ok(meaning), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (text, at, what) in [
            ("", 0, "name of a field is missing"),
            ("a=1 and", 7, "name of a field is missing"),
            ("a=", 2, "a value is missing"),
            ("a= , b=1", 3, "a value is missing"),
            ("a=1 b=2", 4, "put `and`"),
            ("a 'b'", 2, "put `and`"),
            ("(a=1", 4, "`)` is missing"),
            ("a=1)", 3, "no parenthesis"),
            ("a='x", 2, "that ends this is missing"),
            ("a=1, b=2 or c=3", 3, "in two ways"),
            ("a=1, b=2 or (c=3)", 3, "in two ways"),
            ("a is 7", 5, "`is` is followed by"),
            ("a>=null", 3, "null is no value"),
            ("a ~ Null", 4, "null is no value"),
            ("a in 7", 5, "`in` is followed by"),
            ("a in (7", 7, "`)` is missing"),
        ] {
            let mistake = parse(text).expect_err(text);
            assert!(mistake.what.contains(what), "{text}: {}", mistake.what);
            assert_eq!(mistake.at, at, "{text}");
        }
    }
}
