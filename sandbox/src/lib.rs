//! The world on loopback: a Twilio that dials, a Deepgram that hears and speaks, an OpenAI that thinks.
//!
//! Each speaks its vendor's real wire protocol, so that the gateway, its tests and whoever tries it without a key use
//! the very same code that talks to the real ones. Latencies and faults of each can be set while it runs.

pub mod clips;
#[cfg(feature = "sockets")]
pub mod deepgram;
pub mod recognizer;
#[cfg(feature = "sockets")]
pub mod twilio;
#[cfg(feature = "sockets")]
pub mod voice;
