//! progenitor's methods, reduced to the making of requests. To send them and to read what is answered is the business of the
//! pipeline in `src/`, and progenitor's own code would be in its way: it copies the answer, loses its headers and its body
//! where it cannot be decoded, and takes a quarter of the time to build.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Expr, ExprMethodCall, File, ImplItem, ImplItemFn, Item, LitStr, Macro, Member, Pat, Stmt, Token,
    parse_quote, punctuated::Punctuated,
};

use super::spec::Fault;

/// The methods of progenitor's client, each of which returns the request that it would have sent, without headers but for
/// that of its body.
pub fn generate(client: &File) -> Result<TokenStream, Fault> {
    let blocks = client.items.iter().filter_map(|item| match item {
        Item::Impl(block) => Some(&block.items),
        _ => None,
    });
    let mut methods = Vec::new();
    for item in blocks.flatten() {
        if let ImplItem::Fn(method) = item
            && method.sig.asyncness.is_some()
        {
            methods.push(make(method).ok_or_else(|| {
                let name = &method.sig.ident;
                Fault::whole(format!(
                    "how progenitor's `{name}` makes its request is not understood"
                ))
            })?);
        }
    }
    Ok(quote! {
        impl crate::requests::Requests {
            #(#methods)*
        }
    })
}

/// A method that ends where it has the request.
fn make(method: &ImplItemFn) -> Option<ImplItemFn> {
    let Expr::Macro(format) = bound(method, "url")? else {
        return None;
    };
    let path = path(&format.mac)?;
    let Expr::Try(built) = bound(method, "request")? else {
        return None;
    };
    let built = without_headers(&built.expr);
    let mut made = method.clone();
    made.attrs.clear();
    made.sig.asyncness = None;
    made.sig.output = parse_quote!(-> Result<crate::requests::Made, crate::requests::Unmade>);
    made.vis = parse_quote!(pub(crate));
    made.block = parse_quote!({
        let url = self.address(&#path);
        #built
    });
    Some(made)
}

/// What a method binds to the name.
fn bound<'m>(method: &'m ImplItemFn, name: &str) -> Option<&'m Expr> {
    method.block.stmts.iter().find_map(|statement| match statement {
        Stmt::Local(local) if matches!(&local.pat, Pat::Ident(pattern) if pattern.ident == name) => {
            Some(&*local.init.as_ref()?.expr)
        }
        _ => None,
    })
}

/// The path in the `format!` of an address, which begins with the base URL.
fn path(format: &Macro) -> Option<TokenStream> {
    let arguments = format
        .parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
        .ok()?;
    let mut arguments = arguments.into_iter();
    let template: LitStr = match arguments.next()? {
        Expr::Lit(literal) => parse_quote!(#literal),
        _ => return None,
    };
    match arguments.next()? {
        Expr::Field(field) if matches!(&field.member, Member::Named(name) if name == "baseurl") => {}
        _ => return None,
    }
    let path = LitStr::new(template.value().strip_prefix("{}")?, template.span());
    Some(quote!(format!(#path, #(#arguments),*)))
}

/// The chain of calls without those that set headers. Every request has the same, which the pipeline sets; the description
/// knows no parameter that is a header.
fn without_headers(chain: &Expr) -> Expr {
    let Expr::MethodCall(call) = chain else {
        return chain.clone();
    };
    let receiver = without_headers(&call.receiver);
    if call.method == "header" || call.method == "headers" {
        return receiver;
    }
    Expr::MethodCall(ExprMethodCall {
        receiver: Box::new(receiver),
        ..call.clone()
    })
}
