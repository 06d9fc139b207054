//! Ways audio reaches us. A leg turns one transport's messages into
//! [`LegEvent`](engine::audio::frame::LegEvent)s and [`LegOrder`](engine::audio::frame::LegOrder)s into its messages;
//! what they mean for the call is decided elsewhere.

pub mod twilio;
