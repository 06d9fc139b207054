//! An S3 of a test's own, in its process: real signatures, real files. The test may have it refuse everything, or say nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt;

/// The id of the only key that is let in.
pub(crate) const KEY_ID: &str = "tests";

/// Its secret.
pub(crate) const KEY_SECRET: &str = "a-secret-for-the-tests";

/// Gone with its files when dropped.
pub(crate) struct S3 {
    pub(crate) endpoint: String,
    /// What is asked of it is answered with 503.
    pub(crate) refuses: Arc<AtomicBool>,
    /// What is asked of it is never answered.
    pub(crate) stalls: Arc<AtomicBool>,
    /// Requests that were refused.
    refused: Arc<AtomicUsize>,
    folder: TempDir,
}

impl S3 {
    /// One that answers, with one bucket.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join(Self::BUCKET)).expect("a bucket");
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("it is there"));
        service.set_auth(SimpleAuth::from_single(KEY_ID, KEY_SECRET));
        let (service, refuses, refused) =
            (service.build(), Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (refusing, count) = (Arc::clone(&refuses), Arc::clone(&refused));
        let stalls = Arc::<AtomicBool>::default();
        let stalling = Arc::clone(&stalls);
        let router = Router::new().fallback(async move |request: Request| {
            if refusing.load(Ordering::Relaxed) {
                count.fetch_add(1, Ordering::Relaxed);
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            if stalling.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            answered(service, request).await
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        // Without it an answer waits for the acknowledgement of its beginning.
        let listener = listener.tap_io(|socket| socket.set_nodelay(true).expect("a socket"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, refuses, stalls, refused, folder }
    }

    pub(crate) const BUCKET: &str = "speech";

    /// How many requests were refused.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::Relaxed)
    }

    /// The files of all objects below a path.
    pub(crate) fn files(&self, below: &str) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join(Self::BUCKET).join(below)];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

async fn answered(service: S3Service, request: Request) -> Response {
    match service.oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => panic!("S3 broke down: {error:?}"),
    }
}
