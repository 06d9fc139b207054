//! The world on loopback: a Twilio that dials, a Deepgram that hears and speaks, an OpenAI that thinks, and others that speak.
//!
//! Each vendor is modelled once, after its published wire protocol, and served over real sockets (feature `sockets`) to
//! the gateway's own adapters, so that nothing in the gateway knows whether it talks to the sandbox. Latencies and faults
//! of each can be set while it runs.

#[cfg(feature = "sockets")]
pub mod azure;
#[cfg(feature = "sockets")]
pub mod caller;
pub mod clips;
#[cfg(feature = "sockets")]
pub mod deepgram;
#[cfg(feature = "sockets")]
pub mod elevenlabs;
pub mod evaluation;
#[cfg(feature = "sockets")]
pub mod google;
#[cfg(feature = "sockets")]
pub mod heard;
mod mind;
#[cfg(feature = "sockets")]
pub mod openai;
#[cfg(feature = "sockets")]
pub mod polly;
#[cfg(feature = "sockets")]
pub mod providers;
#[cfg(feature = "sockets")]
pub mod realtime;
pub mod recognizer;
#[cfg(feature = "sockets")]
pub mod speech;
pub mod stepped;
#[cfg(feature = "sockets")]
pub mod twilio;
#[cfg(feature = "sockets")]
pub mod voice;
#[cfg(feature = "sockets")]
pub mod world;
