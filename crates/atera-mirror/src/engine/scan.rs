//! What the words of a query for Postgres are, without understanding the query: which are parameters, which are names.
//!
//! Postgres has no named parameters, so `:name` becomes `$1`. And it says of a function whether it can do more than compute, but
//! lets a read-only transaction call it all the same: files are read with functions, settings changed, connections ended. So the
//! names in a query are looked up before it runs.

use super::query_error::{invalid, numbered_parameter, refused};
use crate::error::{Error, Result};

/// What a query consists of.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Scan {
    /// The query with numbered parameters.
    pub(super) sql: String,
    /// The names of its parameters, by their numbers.
    pub(super) parameters: Vec<String>,
    /// Every name in it, as the database folds them: unquoted ones in lower case.
    pub(super) words: Vec<String>,
    /// Whether something follows a semicolon.
    pub(super) is_several: bool,
}

impl Scan {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// `Query` if something in it does not end, or it has numbered parameters; `Refused` if it has names with escapes.
    pub(super) fn of(sql: &str) -> Result<Self> {
        let mut scanner = Scanner {
            rest: sql,
            scan: Scan::default(),
            has_ended: false,
        };
        while !scanner.rest.is_empty() {
            scanner.step()?;
        }
        Ok(scanner.scan)
    }
}

/// The words of a query that may be names of tables, in either SQL. Of one that is not valid, all words.
pub(crate) fn words(sql: &str) -> Vec<String> {
    match Scan::of(sql) {
        Ok(scan) => scan.words.iter().map(|word| word.to_lowercase()).collect(),
        Err(_) => sql
            .split(|it: char| !(it.is_alphanumeric() || it == '_'))
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect(),
    }
}

struct Scanner<'a> {
    rest: &'a str,
    scan: Scan,
    /// Whether a semicolon has come.
    has_ended: bool,
}

impl<'a> Scanner<'a> {
    /// Reads the next token, whichever it is.
    fn step(&mut self) -> Result<()> {
        let rest = self.rest;
        let length = match rest.as_bytes()[0] {
            b if b.is_ascii_whitespace() => return self.copy(1),
            b'-' if rest.starts_with("--") => return self.copy(rest.find('\n').unwrap_or(rest.len())),
            b'/' if rest.starts_with("/*") => return self.copy(comment(rest)?),
            b';' => {
                self.has_ended = true;
                return self.copy(1);
            }
            b'\'' => quoted(rest, '\'', false)?,
            b'"' => {
                let length = quoted(rest, '"', false)?;
                self.scan.words.push(rest[1..length - 1].replace("\"\"", "\""));
                length
            }
            b'$' => self.dollar()?,
            b':' => return self.colon(),
            _ if is_start(rest) => self.word()?,
            b'0'..=b'9' => {
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        self.scan.is_several |= self.has_ended;
        self.copy(length)
    }

    /// Takes so many bytes as they are.
    fn copy(&mut self, length: usize) -> Result<()> {
        let (taken, rest) = self.rest.split_at(length);
        self.scan.sql.push_str(taken);
        self.rest = rest;
        Ok(())
    }

    /// The length of a word, or of the text that begins with it.
    fn word(&mut self) -> Result<usize> {
        let rest = self.rest;
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        if word.eq_ignore_ascii_case("e") && after.starts_with('\'') {
            return Ok(length + quoted(after, '\'', true)?);
        }
        if word.eq_ignore_ascii_case("u") && (after.starts_with("&'") || after.starts_with("&\"")) {
            return Err(refused(
                "it writes names or texts with `U&` instead of the characters",
            ));
        }
        self.scan.words.push(word.to_lowercase());
        Ok(length)
    }

    /// The length of a text in dollars: `$$ … $$` or `$tag$ … $tag$`.
    fn dollar(&self) -> Result<usize> {
        let rest = self.rest;
        if rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let digits = rest[1..].find(|c: char| !c.is_ascii_digit());
            return Err(numbered_parameter(
                &rest[..digits.map_or(rest.len(), |it| it + 1)],
            ));
        }
        let Some(end) = rest[1..].find(|c| !is_part(c) || c == '$').map(|end| end + 1) else {
            return Ok(1);
        };
        if !rest[end..].starts_with('$') {
            return Ok(1);
        }
        let tag = &rest[..=end];
        match rest[tag.len()..].find(tag) {
            Some(length) => Ok(tag.len() * 2 + length),
            None => Err(unfinished(tag)),
        }
    }

    /// A parameter, or the colons of a cast.
    fn colon(&mut self) -> Result<()> {
        self.scan.is_several |= self.has_ended;
        if self.rest.starts_with("::") {
            return self.copy(2);
        }
        let after = &self.rest[1..];
        if !is_start(after) {
            return self.copy(1);
        }
        let length = after.find(|c| !is_part(c)).unwrap_or(after.len());
        let (name, rest) = after.split_at(length);
        let parameters = &mut self.scan.parameters;
        let known = parameters.iter().position(|it| it == name);
        let number = known.unwrap_or_else(|| {
            parameters.push(name.to_string());
            parameters.len() - 1
        });
        self.scan.sql.push_str(&format!("${}", number + 1));
        self.rest = rest;
        Ok(())
    }
}

/// Whether a name begins here.
fn is_start(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii())
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// The length of what is in quotes, with them. A doubled quote is part of it.
fn quoted(text: &str, quote: char, with_escapes: bool) -> Result<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' if with_escapes => {
                characters.next();
            }
            _ if character == quote => match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return Ok(index + 1),
            },
            _ => {}
        }
    }
    Err(unfinished(&quote.to_string()))
}

/// The length of a comment. Comments in it are part of it.
fn comment(text: &str) -> Result<usize> {
    let mut depth = 0;
    let mut index = 0;
    while index < text.len() {
        match &text.as_bytes()[index..] {
            [b'/', b'*', ..] => {
                depth += 1;
                index += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    return Ok(index);
                }
            }
            _ => index += 1,
        }
    }
    Err(unfinished("/*"))
}

fn unfinished(begin: &str) -> Error {
    invalid(&format!("what begins with {begin} does not end"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn parameters_are_numbered_by_their_names() {
        let sql = "SELECT ':no', x::text, a[1:2] FROM \"t:x\" WHERE a = :days -- :no\n AND b < :b OR c = :days /* :no /* */ */";
        let scan = Scan::of(sql).unwrap();
        assert_eq!(scan.parameters, ["days", "b"]);
        assert_eq!(
            scan.sql,
            "SELECT ':no', x::text, a[1:2] FROM \"t:x\" WHERE a = $1 -- :no\n AND b < $2 OR c = $1 /* :no /* */ */"
        );
    }

    #[test]
    fn names_are_found_wherever_they_stand_outside_of_texts() {
        let sql = "select Pg_Read_File/* */('pg_sleep'), \"Pg_Ls_Dir\"($$ lo_import $$), E'\\' x' , $a$ $b$ y $a$ || z";
        let scan = Scan::of(sql).unwrap();
        assert_eq!(scan.words, ["select", "pg_read_file", "Pg_Ls_Dir", "z"]);
    }

    #[test]
    fn a_semicolon_ends_the_query_and_only_comments_may_follow() {
        assert!(!Scan::of("SELECT 1; -- done\n").unwrap().is_several);
        assert!(!Scan::of("SELECT ';'").unwrap().is_several);
        for several in [
            "SELECT 1; SELECT 2",
            "SELECT 1;;(TABLE x)",
            "SELECT 1; 'x'",
            "SELECT 1; :a",
        ] {
            assert!(Scan::of(several).unwrap().is_several, "{several}");
        }
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        for sql in [
            "SELECT 'a",
            "SELECT \"a",
            "/* /* */",
            "SELECT $a$ $b$",
            "SELECT E'\\'",
        ] {
            assert_eq!(Scan::of(sql).unwrap_err().kind(), ErrorKind::Query, "{sql}");
        }
        assert_eq!(Scan::of("SELECT $1").unwrap_err().kind(), ErrorKind::Query);
        assert_eq!(
            Scan::of("SELECT U&\"\\0070g\"()").unwrap_err().kind(),
            ErrorKind::Refused
        );
    }
}
