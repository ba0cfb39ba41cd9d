//! Which JSON a serializer that goes through doubles writes without changing a number.

/// Whether a double, or an integer of 64 bits, holds every number in the JSON exactly. Serializers that go through such a
/// number, as that of YAML does, would print another number otherwise.
pub(crate) fn has_exact_numbers(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find(|it: char| it == '"' || it == '-' || it.is_ascii_digit()) {
        rest = &rest[at..];
        let length = match rest.strip_prefix('"') {
            Some(text) => end_of_string(text) + 2,
            None => {
                let end = rest.find(|it: char| !it.is_ascii_digit() && !"+-.eE".contains(it));
                let end = end.unwrap_or(rest.len());
                if !is_exact(&rest[..end]) {
                    return false;
                }
                end
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

/// The position of the quote that ends a string. `text` begins behind the first quote.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// Whether a number prints as the same number after it went through an integer or a double. The same value with other zeros,
/// `1.10` and `1.1`, is the same number.
fn is_exact(number: &str) -> bool {
    let is_integer = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    let is_same = |double: f64| double.is_finite() && decimal(number) == decimal(&format!("{double:e}"));
    is_integer || number.parse().is_ok_and(is_same)
}

/// A number as digits without zeros at either end, and a power of ten. Two numbers are equal if these are.
fn decimal(number: &str) -> (String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let digits = all.trim_end_matches('0');
    let moved = (all.len() - digits.len()) as i64 - fraction.len() as i64;
    match digits.trim_start_matches('0') {
        "" => (String::new(), 0),
        digits => (
            digits.to_string(),
            exponent.parse().unwrap_or(i64::MAX).saturating_add(moved),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_would_come_out_another_is_known() {
        for exact in [
            "0",
            "-0",
            "0.00",
            "1.10",
            "-9223372036854775808",
            "18446744073709551615",
            "0.30000000000000004",
            "1e22",
            "12E-3",
            r#"{"1e400": "1e400\"1e400", "a": [1, {"b": 2.5}]}"#,
        ] {
            assert!(has_exact_numbers(exact), "{exact}");
        }
        for inexact in [
            "1e400",
            "-1e400",
            "1e-400",
            "18446744073709551617",
            "0.12345678901234567891",
            "1e99999999999999999999",
            r#"{"a": "\\", "b": [1, {"c": 1e400}]}"#,
        ] {
            assert!(!has_exact_numbers(inexact), "{inexact}");
        }
    }
}
