//! What the generated methods make requests with. progenitor's code asks a `client` for a request and adds to it in the way
//! that reqwest has; here it gets what the transport takes, without headers but for that of the body.

use std::error::Error as StdError;

use http::{HeaderValue, Method, header};
use serde::Serialize;
use url::Url;

use crate::{Error, Result, client::BaseUrl, transport::Request};

/// Makes requests below a base URL. A method per operation is generated for it.
#[derive(Debug)]
pub(crate) struct Requests {
    pub(crate) client: Begin,
    base: Url,
    /// Path of the base URL, without a slash at the end.
    base_path: String,
}

/// What progenitor's code takes for an HTTP client.
#[derive(Debug)]
pub(crate) struct Begin;

/// A request that is being made.
pub(crate) struct Making {
    request: Made,
    query: String,
    fault: Option<Unmade>,
}

/// A request that was made. In a box, for it is handed from one to the next.
pub(crate) type Made = Box<Request>;

/// Why a request cannot be made: a value of it cannot be written as it has to be.
pub(crate) type Unmade = Box<dyn StdError + Send + Sync>;

impl Requests {
    pub(crate) fn new(base: &BaseUrl) -> Result<Self> {
        Ok(Requests {
            client: Begin,
            base: Url::parse(base.as_str())
                .map_err(|error| Error::config("the base URL is not an address").with_source(error))?,
            base_path: base.path().to_string(),
        })
    }

    /// The address of a path below the base URL, which is not parsed again for each request.
    pub(crate) fn address(&self, path: &str) -> Url {
        let mut address = self.base.clone();
        address.set_path(&[&self.base_path, path].concat());
        address
    }
}

impl Begin {
    pub(crate) fn get(&self, address: Url) -> Making {
        Making::new(Method::GET, address)
    }

    pub(crate) fn post(&self, address: Url) -> Making {
        Making::new(Method::POST, address)
    }

    pub(crate) fn put(&self, address: Url) -> Making {
        Making::new(Method::PUT, address)
    }

    pub(crate) fn delete(&self, address: Url) -> Making {
        Making::new(Method::DELETE, address)
    }
}

impl Making {
    fn new(method: Method, address: Url) -> Self {
        Making {
            request: Box::new(Request::new(method, address)),
            query: String::new(),
            fault: None,
        }
    }

    /// Adds to the query; an argument that was not given adds nothing.
    pub(crate) fn query(mut self, pairs: &impl Serialize) -> Self {
        match serde_urlencoded::to_string(pairs) {
            Ok(pairs) if pairs.is_empty() => {}
            Ok(pairs) if self.query.is_empty() => self.query = pairs,
            Ok(pairs) => {
                self.query.push('&');
                self.query.push_str(&pairs);
            }
            Err(error) => self.fault = Some(error.into()),
        }
        self
    }

    /// Sets the body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(json) => self.request.body = Some(json.into()),
            Err(error) => self.fault = Some(error.into()),
        }
        let json = HeaderValue::from_static("application/json");
        self.request.headers.insert(header::CONTENT_TYPE, json);
        self
    }

    pub(crate) fn build(mut self) -> Result<Made, Unmade> {
        if !self.query.is_empty() {
            self.request.url.set_query(Some(&self.query));
        }
        match self.fault {
            None => Ok(self.request),
            Some(fault) => Err(fault),
        }
    }
}
