#![no_main]

#[path = "../entries/gateway.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::twilio(bytes));
