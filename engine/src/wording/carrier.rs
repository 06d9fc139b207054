//! What the carrier says with a voice of its own, where no call of ours can.

use crate::languages::Language;

/// Something that the carrier says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// The call broke on our side.
    Apology,
    /// Nobody else takes it either.
    CallLater,
    /// Whom the caller was put through to does not answer.
    NobodyThere,
    /// No call is taken now.
    TryLater,
}

/// Its words.
pub fn aside(aside: Aside, language: Language) -> &'static str {
    language.text(match aside {
        Aside::Apology => "carrier_apology",
        Aside::CallLater => "carrier_call_later",
        Aside::NobodyThere => "carrier_nobody_there",
        Aside::TryLater => "carrier_try_later",
    })
}
