//! The charts, in scenes that read like notes of a call, in tables, in drawings, and under random events.
//!
//! The scenes are `tests/tables/*.txt`; the drawings are `diagrams/*.mmd`. Both, and the tables, are rewritten by
//! `BLESS=1 cargo test -p statecharts`.

mod booking;
mod call;
mod dialogue;
mod drawing;
mod floor;
mod script;
