//! progenitor's client, reduced to the making of requests. Sending them, and reading what is answered, is the pipeline's in
//! `src/`, which progenitor's own code would only be in the way of: it awaits where nothing is to be waited for, copies
//! the answer, and takes half of the time to build.

use syn::{Expr, ExprMethodCall, File, ImplItem, ImplItemFn, Item, Local, Pat, Stmt, parse_quote};

use super::spec::Fault;

/// Takes everything but the making of requests out of the client: each method returns the request that it would have
/// sent, without headers but for that of its body.
pub fn reduce(client: &mut File) -> Result<(), Fault> {
    client
        .items
        .retain(|item| matches!(item, Item::Struct(_)) || matches!(item, Item::Impl(block) if block.trait_.is_none()));
    for item in &mut client.items {
        let Item::Impl(block) = item else { continue };
        // It makes an HTTP client of its own.
        block
            .items
            .retain(|item| !matches!(item, ImplItem::Fn(method) if method.sig.ident == "new"));
        for item in &mut block.items {
            if let ImplItem::Fn(method) = item
                && method.sig.asyncness.is_some()
            {
                let name = method.sig.ident.to_string();
                make(method).ok_or_else(|| {
                    Fault::whole(format!("how `{name}` makes its request is not understood"))
                })?;
            }
        }
    }
    Ok(())
}

/// Ends a method where it has the request.
fn make(method: &mut ImplItemFn) -> Option<()> {
    let address = method.block.stmts.iter().find(|stmt| binds(stmt, "url").is_some())?;
    let request = method.block.stmts.iter().find_map(|stmt| binds(stmt, "request"))?;
    let Expr::Try(built) = &*request.init.as_ref()?.expr else {
        return None;
    };
    let built = without_headers(&built.expr);
    method.block = parse_quote!({
        #address
        #built
    });
    method.attrs.clear();
    method.sig.asyncness = None;
    method.sig.output = parse_quote!(-> ::reqwest::Result<::reqwest::Request>);
    Some(())
}

/// The statement, if it binds the name.
fn binds<'s>(stmt: &'s Stmt, name: &str) -> Option<&'s Local> {
    let Stmt::Local(local) = stmt else { return None };
    match &local.pat {
        Pat::Ident(pattern) if pattern.ident == name => Some(local),
        _ => None,
    }
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
