//! Whole calls against the real gateway: audio in, audio heard, and what is left behind. The sandbox stands in for the
//! vendors and for the line, over their real wire protocols.

#[path = "calls/afterwards.rs"]
mod afterwards;
#[path = "calls/agreeing.rs"]
mod agreeing;
#[path = "calls/announcing.rs"]
mod announcing;
#[path = "calls/archiving.rs"]
mod archiving;
#[path = "calls/booking.rs"]
mod booking;
#[path = "calls/businesses.rs"]
mod businesses;
#[path = "calls/caller.rs"]
mod caller;
#[path = "calls/details.rs"]
mod details;
#[path = "calls/doors.rs"]
mod doors;
#[path = "calls/fleet.rs"]
mod fleet;
#[path = "calls/gateway.rs"]
mod gateway;
#[path = "calls/keeping.rs"]
mod keeping;
#[path = "calls/peer.rs"]
mod peer;
#[path = "calls/postgres.rs"]
mod postgres;
#[path = "calls/presynthesize.rs"]
mod presynthesize;
#[path = "calls/process.rs"]
mod process;
#[path = "calls/realtime.rs"]
mod realtime;
#[path = "calls/redis.rs"]
mod redis;
#[path = "calls/s3.rs"]
mod s3;
#[path = "calls/sharing.rs"]
mod sharing;
#[path = "calls/spanish.rs"]
mod spanish;
#[path = "calls/speech.rs"]
mod speech;
#[path = "calls/speech_docs.rs"]
mod speech_docs;
#[path = "calls/standing.rs"]
mod standing;
#[path = "calls/streams.rs"]
mod streams;
#[path = "calls/tokens.rs"]
mod tokens;
#[path = "calls/vendors.rs"]
mod vendors;
