//! A client that opens a socket: it is admitted, its parameters are read, and only then is the request upgraded.

use std::future::Future;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::deepgram::parameters::Parameters;
use crate::deepgram::refusal::{REQUEST_ID, Refusal};
use crate::deepgram::{Deepgram, key};

/// Bytes read ahead on a socket; small, because there are many of them and messages are short.
const READ_BUFFER: usize = 4 * 1024;

/// A request for a socket.
pub(super) struct Opening {
    deepgram: Deepgram,
    headers: HeaderMap,
    parameters: Parameters,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
}

/// A socket that was opened, and what was asked of it.
pub(super) struct Opened<O> {
    pub(super) deepgram: Deepgram,
    pub(super) request_id: String,
    pub(super) options: O,
    pub(super) socket: WebSocket,
}

impl FromRequestParts<Deepgram> for Opening {
    type Rejection = QueryRejection;

    async fn from_request_parts(parts: &mut Parts, deepgram: &Deepgram) -> Result<Self, QueryRejection> {
        let Query(query) = Query::from_request_parts(parts, deepgram).await?;
        let upgrade = WebSocketUpgrade::from_request_parts(parts, deepgram).await;
        let (deepgram, headers) = (deepgram.clone(), parts.headers.clone());
        Ok(Self { deepgram, headers, parameters: Parameters(query), upgrade })
    }
}

impl Opening {
    /// Answers with a refusal, or with an upgrade that names the request, and the subprotocol when the client sent its
    /// key as one.
    pub(super) fn answer<O, S>(
        self,
        admit: fn(&Deepgram, &HeaderMap) -> Result<(), Refusal>,
        read: fn(&Parameters) -> Result<O, Refusal>,
        serve: impl FnOnce(Opened<O>) -> S + Send + 'static,
    ) -> Response
    where
        O: Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let Self { deepgram, headers, parameters, upgrade } = self;
        let request_id = deepgram.next_request_id();
        let options = match admit(&deepgram, &headers).and_then(|()| read(&parameters)) {
            Ok(options) => options,
            Err(refusal) => return refusal.answer(&request_id),
        };
        let upgrade = match upgrade {
            Ok(upgrade) => upgrade.read_buffer_size(READ_BUFFER).protocols(key::subprotocol(&headers)),
            Err(rejection) => return rejection.into_response(),
        };
        let named = HeaderValue::from_str(&request_id);
        let mut response = upgrade.on_upgrade(move |socket| serve(Opened { deepgram, request_id, options, socket }));
        if let Ok(id) = named {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}
