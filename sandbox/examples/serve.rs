//! Serves the sandbox's vendors on a port of the loopback interface, for any client to be tried against them:
//!
//! ```text
//! cargo run -p sandbox --features sockets --example serve -- --port 4010
//! ```
#![allow(clippy::print_stdout, reason = "a command says where it listens")]

use std::error::Error;
use std::path::Path;

use axum::Router;
use axum::serve::ListenerExt;
use sandbox::clips;
use sandbox::deepgram::{Deepgram, Settings};
use sandbox::recognizer::Lexicon;
use sandbox::voice::Voice;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = port_of(std::env::args().skip(1))?;
    let router = Router::new().merge(deepgram()?.router());
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|connection| {
        // Without it small messages wait for the acknowledgement of the one before.
        let _ = connection.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

fn port_of(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(0),
        (Some("--port"), Some(port)) => port.parse().map_err(|_| format!("{port:?} is not a port")),
        _ => Err("usage: serve [--port N]".into()),
    }
}

fn deepgram() -> Result<Deepgram, clips::ClipError> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let phrases = clips::load(&fixtures.join("phrases"))?;
    let lexicon = Lexicon::new(clips::load(&fixtures.join("utterances"))?.into_iter().chain(phrases.iter().cloned()));
    Ok(Deepgram::new(Voice::new(&phrases, lexicon), Settings::default()))
}
