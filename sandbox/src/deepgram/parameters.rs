//! Query parameters as Deepgram reads them: all are strings, lists repeat the name, unknown ones are ignored.

use std::str::FromStr;

use crate::deepgram::refusal::Refusal;

/// The parameters of one request, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter; of a repeated one, the first.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a parameter.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let parse = |value: &str| value.parse().map_err(|_| Refusal::value(name, value));
        self.text(name).map(parse).transpose()
    }

    /// A parameter that is `true` or `false`; false when it is missing.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Refusal::value(name, other)),
        }
    }
}
