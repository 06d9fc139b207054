#![no_main]

#[path = "../entries/engine.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::slots(bytes));
