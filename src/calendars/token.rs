//! Who may read a calendar: whoever has its address, in which there is a token made of a secret of ours.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes of a token: more than anybody guesses.
const LENGTH: usize = 20;

/// The token of one calendar. It shows as hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token([u8; LENGTH]);

impl Token {
    /// The token of one of a business's staff. Another secret makes all of them anew.
    pub fn of(secret: &str, business: &str, staff: &str) -> Self {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length will do");
        // The lengths keep "ab" and "c" apart from "a" and "bc".
        mac.update(format!("calendar {} {business} {} {staff}", business.len(), staff.len()).as_bytes());
        let mut token = [0; LENGTH];
        token.copy_from_slice(&mac.finalize().into_bytes()[..LENGTH]);
        Self(token)
    }

    /// Whether what somebody gives is this token. Takes as long for a bad guess as for a good one.
    pub fn is(&self, given: &str) -> bool {
        self.to_string().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_calendar_has_its_own_token_and_takes_no_other() {
        let sam = Token::of("secret", "Barbers", "sam");
        assert!(sam.is(&sam.to_string()) && sam.to_string().len() == 40);
        for other in [
            Token::of("secret", "Barbers", "robin"),
            Token::of("other", "Barbers", "sam"),
            Token::of("secret", "Barber", "ssam"),
        ] {
            assert!(!sam.is(&other.to_string()), "{other}");
        }
        assert!(!sam.is("") && !sam.is("not hex"));
    }
}
