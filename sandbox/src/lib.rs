//! The world on loopback: a Twilio that dials, a Deepgram that hears and speaks, an OpenAI that thinks.
//!
//! Each speaks its vendor's real wire protocol, so that the gateway, its tests and whoever tries it without a key use
//! the very same code that talks to the real ones.

#[cfg(feature = "sockets")]
pub mod twilio;
