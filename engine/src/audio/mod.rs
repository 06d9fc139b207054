//! The media plane's arithmetic: frames, G.711, resampling, voice activity, playout. Pure, and free of allocation per
//! frame; who calls it and when is the driver's business.

pub mod ear;
pub mod echo;
pub mod format;
pub mod frame;
pub mod mark;
pub mod mulaw;
pub mod playout;
pub mod resample;
pub mod speech;
pub mod timeline;
pub mod vad;
pub mod words;
