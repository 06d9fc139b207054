//! Serves the sandbox's vendors on a port of the loopback interface, for any client to be tried against them:
//!
//! ```text
//! cargo run -p sandbox --features sockets --example serve -- --port 4010
//! ```
#![allow(clippy::print_stdout, reason = "a command says where it listens")]

use std::error::Error;
use std::path::Path;

use sandbox::world::{World, WorldSettings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = port_of(std::env::args().skip(1))?;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let world = World::start(WorldSettings { port, ..WorldSettings::new(fixtures) })?;
    // Whoever tries Twilio's REST API needs an account; one number there wants no messages.
    world.twilio().is_account(&format!("AC{:032}", 1), "12345");
    world.twilio().opts_out("+15550009999");
    println!("listening on {}", world.deepgram_url());
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn port_of(mut arguments: impl Iterator<Item = String>) -> Result<u16, String> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(0),
        (Some("--port"), Some(port)) => port.parse().map_err(|_| format!("{port:?} is not a port")),
        _ => Err("usage: serve [--port N]".into()),
    }
}
