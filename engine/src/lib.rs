//! One call as a pure state machine.
//!
//! A call is one value. Facts about the world go in as [`io::Input`], orders come out as [`io::Output`]; the next moment
//! at which the call wants to be woken is `Call::deadline`. Nothing in here waits, spawns, locks, reads a clock
//! or touches a file: same inputs, same outputs, to the byte. A tape of a call therefore replays in a test.
//!
//! ```text
//!  Input ──► Call ──► listening ──► turn ──► thinking ──► proposal ──► booking chart ──► speaking ──► Output
//!              │          words           model or rules              statecharts        phrases
//!              └── floor chart: who may speak now; call chart: whether there is a call
//! ```
//!
//! The media plane's arithmetic is in [`audio`]; it never meets `Call`, only the driver does.

pub mod audio;
pub mod budget;
pub mod business;
pub mod calendar;
pub mod call;
pub mod figures;
pub mod ids;
pub mod io;
pub mod keypad;
pub mod languages;
mod letters;
pub mod listening;
pub mod numbering;
mod numbers;
pub mod patience;
pub mod record;
pub mod redaction;
pub mod speaking;
pub mod tape;
pub mod thinking;
pub mod time;
pub mod understanding;
pub mod wording;
