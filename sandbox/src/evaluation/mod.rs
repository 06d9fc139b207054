//! How well conversations go: callers with a wish, played against the real engine in virtual time, and what came of it.
//!
//! A caller is written down by what they want and how they talk ([`Persona`]). They answer what they are asked, listen to
//! what is read back, and object when it is not what they want, as people do. Their words can be heard wrong
//! (`noise.rs`). What stands in the calendar afterwards is compared with what they wanted ([`Verdict`]).
//!
//! | file | holds |
//! |---|---|
//! | `persona` | a caller, and how one is written down |
//! | `playing` | a call with one |
//! | `manner` | what callers of a language understand and say |
//! | `noise` | words that are heard wrong |
//! | `minds` | who understands the caller: rules, a model, a model that obeys whoever talks to it |
//! | `report` | many calls as a page |

mod manner;
mod minds;
mod noise;
mod persona;
mod playing;
mod report;

pub use minds::Mind;
pub use persona::{NotAPersona, Persona, Wish, personas};
pub use playing::{Played, Verdict, play};
pub use report::report;
