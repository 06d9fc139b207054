//! Deepgram: speech to text over a WebSocket ([`listen`]), text to speech over HTTP ([`speak`]).
//!
//! The vendor's crate writes the query strings. Its transport is not used: it leaves Nagle's algorithm on, has no
//! deadlines and no reconnect, hides why a stream closed, and a speech body cut in the middle looks whole through it.

pub mod listen;
mod refusal;
pub mod speak;
