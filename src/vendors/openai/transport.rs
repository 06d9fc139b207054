//! How requests go out: once. The client's own way would try a refused request three times more and wait as long as
//! the vendor asks, with a caller on the line.
//!
//! A refusal becomes an error here, where its status, headers and body are still together.

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use tower::Service;
use tower::service_fn;

/// An answer that is not a success.
#[derive(Debug, thiserror::Error)]
#[error("{status}")]
pub(super) struct Refused {
    pub(super) status: u16,
    /// The vendor's id of the request, for its support.
    pub(super) request_id: Option<String>,
    pub(super) body: Vec<u8>,
}

/// The transport of one pool of connections.
pub(super) fn service(
    http: reqwest::Client,
) -> impl Service<HttpRequestFactory, Response = reqwest::Response, Error = OpenAIError, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(move |request: HttpRequestFactory| {
        let http = http.clone();
        async move {
            let response = http.execute(request.build().await?).await?;
            if response.status().is_success() {
                return Ok(response);
            }
            Err(OpenAIError::Boxed(Box::new(refused(response).await)))
        }
    })
}

/// Reads all there is of a refusal.
pub(super) async fn refused(response: reqwest::Response) -> Refused {
    let status = response.status().as_u16();
    let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    Refused { status, request_id: id, body: response.bytes().await.map(Vec::from).unwrap_or_default() }
}
