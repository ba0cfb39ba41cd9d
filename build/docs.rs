//! Text of the description as rustdoc.

use proc_macro2::TokenStream;
use quote::quote;

/// A `#[doc]` attribute with text of the description, made safe for rustdoc.
pub fn attribute(text: &str) -> TokenStream {
    markup(&clean(text.trim()))
}

/// A `#[doc]` attribute with markup of our own.
pub fn markup(text: &str) -> TokenStream {
    let text = format!(" {}", text.replace('\n', "\n "));
    quote!(#[doc = #text])
}

/// Addresses become links, and brackets that are no markup are escaped; code in backticks stays as it is.
fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        if index % 2 == 1 {
            out.push_str(part);
            continue;
        }
        for (index, word) in part.split(' ').enumerate() {
            if index > 0 {
                out.push(' ');
            }
            let address = word.trim_end_matches(['.', ',', ';', ')']);
            if address.starts_with("https://") || address.starts_with("http://") {
                out.push_str(&format!("<{address}>{}", &word[address.len()..]));
            } else {
                for character in word.chars() {
                    if matches!(character, '[' | ']' | '<' | '>') {
                        out.push('\\');
                    }
                    out.push(character);
                }
            }
        }
    }
    out
}
