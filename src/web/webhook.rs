//! A request of Twilio's, believed and read. Whoever takes one as an argument gets it only with a valid signature.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::Front;
use super::signature::{self, NotSigned, Signed};

/// The longest value that is taken as an id or a number. Twilio's ids have 34 characters; a SIP address may have more.
const VALUE_LEN_MAX: usize = 256;

/// Why a request gets no answer. The text is the response's body.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// 403.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// 400: without `PUBLIC_URL` the address is unknown.
    #[error("the Host header is missing or no host; send one, or set PUBLIC_URL")]
    NoHost,
    /// 400.
    #[error("the field {0} is missing; Twilio sends it with every voice webhook")]
    Missing(&'static str),
    /// 400.
    #[error("the field {0} is longer than {VALUE_LEN_MAX} bytes")]
    TooLong(&'static str),
    /// 413 or 400: what axum says about a body that cannot be read.
    #[error("{1}")]
    Body(StatusCode, String),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotSigned(_) => StatusCode::FORBIDDEN,
            Self::NoHost | Self::Missing(_) | Self::TooLong(_) => StatusCode::BAD_REQUEST,
            Self::Body(status, _) => *status,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        tracing::info!(status = status.as_u16(), "request refused: {self}");
        (status, format!("{self}\n")).into_response()
    }
}

/// A request that may be believed.
pub(super) struct Webhook {
    pub(super) front: Arc<Front>,
    base: String,
    query: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
}

impl Webhook {
    /// A field that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<String, Refusal> {
        self.optional(name)?.ok_or(Refusal::Missing(name))
    }

    /// A field, `None` when it is missing or empty.
    pub(super) fn optional(&self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.fields.get(name).filter(|value| !value.is_empty()) {
            Some(value) if value.len() > VALUE_LEN_MAX => Err(Refusal::TooLong(name)),
            value => Ok(value.cloned()),
        }
    }

    /// A part of the query, which Twilio sends back as we wrote it.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// One of our addresses, as Twilio is to call it.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The media socket's address.
    pub(super) fn socket_address(&self) -> String {
        // http becomes ws, and https becomes wss.
        self.address("/media").replacen("http", "ws", 1)
    }
}

impl FromRequest<Arc<Front>> for Webhook {
    type Rejection = Refusal;

    async fn from_request(request: Request, front: &Arc<Front>) -> Result<Self, Refusal> {
        let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
        let body = Bytes::from_request(request, front)
            .await
            .map_err(|rejection| Refusal::Body(rejection.status(), rejection.body_text()))?;
        believe(front, &method, &uri, &headers, &body, false)?;
        let query = fields(uri.query().unwrap_or_default().as_bytes());
        // A number may be set to call us by GET, with the same fields in the query.
        let fields = if method == Method::POST { fields(&body) } else { query.clone() };
        let base = base(front, &headers)?;
        Ok(Self { front: Arc::clone(front), base, query, fields })
    }
}

/// Checks the signature of any request, if there is a token to check it with.
pub(super) fn believe(
    front: &Front,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
    upgrade: bool,
) -> Result<(), Refusal> {
    let Some(token) = &front.auth_token else { return Ok(()) };
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let request = Signed {
        method,
        path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()),
        content_type: text(CONTENT_TYPE.as_str()).unwrap_or_default(),
        body,
        upgrade,
        signature: text(signature::HEADER),
    };
    Ok(token.check(&bases(front, headers)?, request)?)
}

/// Our own address, as whoever asks will know it.
pub(super) fn base(front: &Front, headers: &HeaderMap) -> Result<String, Refusal> {
    Ok(bases(front, headers)?.swap_remove(0))
}

/// The addresses under which Twilio may know us, the likeliest first.
///
/// A `Host` can be made up, but not signed without the token. Whether a tunnel speaks TLS in front of us cannot be seen,
/// so both schemes are tried.
fn bases(front: &Front, headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
    if let Some(url) = &front.public_url {
        return Ok(vec![url.trim_end_matches('/').to_owned()]);
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let authority: Authority = host.parse().map_err(|_| Refusal::NoHost)?;
    let (http, https) = (format!("http://{authority}"), format!("https://{authority}"));
    Ok(if is_loopback(authority.host()) { vec![http, https] } else { vec![https, http] })
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Names and values. Of a name that comes twice the first value is taken.
fn fields(encoded: &[u8]) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(encoded) {
        fields.entry(name.into_owned()).or_insert_with(|| value.into_owned());
    }
    fields
}
