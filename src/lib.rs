//! The thin asynchronous half of Frontdesk: everything that touches the world. What a call is and does stands in
//! [`engine`]; here are the sockets, the files and the clock around it.

pub mod analytics;
pub mod app;
pub mod cache;
pub mod calendars;
pub mod clock;
pub mod commands;
pub mod config;
pub mod driver;
pub mod fleet;
pub mod legs;
pub mod objects;
pub mod recordings;
pub mod store;
pub mod telemetry;
pub mod vendors;
pub mod web;
