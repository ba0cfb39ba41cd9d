//! The password file of Postgres: lines of `host:port:database:user:password`.

/// What a password is for.
pub(super) struct Login<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password for a login: that of the first line that fits.
pub(super) fn find(file: &str, login: &Login<'_>) -> Option<String> {
    let port = login.port.to_string();
    let wanted = [login.host, &port, login.database, login.user];
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let mut fields = fields(line);
            let password = (fields.len() == 5).then(|| fields.pop()).flatten()?;
            let fits = |(field, wanted): (&String, &&str)| field == "*" || field == wanted;
            fields.iter().zip(&wanted).all(fits).then_some(password)
        })
}

/// The fields of a line. A backslash before a colon or a backslash makes it part of the field.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            '\\' => fields[last].extend(characters.next()),
            // The last field may have colons.
            ':' if fields.len() < 5 => fields.push(String::new()),
            other => fields[last].push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let file = "# localhost:5432:mirror:me:comment\nother:5432:mirror:me:wrong\nshort:line\n\
                    localhost:*:mirror:me:a\\:b\\\\c:d\n*:*:*:*:last\n";
        let login = |host| Login {
            host,
            port: 5433,
            database: "mirror",
            user: "me",
        };
        assert_eq!(find(file, &login("localhost")).as_deref(), Some("a:b\\c:d"));
        assert_eq!(find(file, &login("other")).as_deref(), Some("last"));
        assert_eq!(find("a:1:b:c:d", &login("other")), None);
    }
}
