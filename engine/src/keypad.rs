//! The keypad: what keys mean depends on what was asked.
//!
//! | asked | keys |
//! |---|---|
//! | yes or no, or "Anything else?" | `1` yes, `2` no |
//! | which of the offered times | `1`, `2`, `3` |
//! | a phone number | its digits, ended by `#` or by the tenth; `*` begins again |
//! | anything | `0` a person |

use statecharts::proposal::{Expect, Intent, Proposal, When};

use crate::understanding;

/// Digits of a number that is complete without `#`, where callers leave the country out.
const NATIONAL_DIGITS: usize = 10;

/// The longest number there is (ITU-T E.164).
const DIGITS_MAX: usize = 15;

/// Keys pressed so far of something that takes several.
#[derive(Debug, Default)]
pub struct Keypad {
    digits: String,
}

impl Keypad {
    /// What a key makes of what was pressed before it; `None` while more is to come or it means nothing here.
    pub fn press(&mut self, key: char, expects: Expect, offered: usize, country: &str) -> Option<Proposal> {
        match (expects, key) {
            (Expect::Phone, _) => self.number(key, country),
            (Expect::YesNo | Expect::Anything, '1') => Some(Proposal::of(Intent::Confirm)),
            (Expect::YesNo | Expect::Anything, '2') => Some(Proposal::of(Intent::Deny)),
            (_, '0') => Some(Proposal::of(Intent::Person)),
            (Expect::Time, '1'..='9') => {
                let choice = key.to_digit(10)? as usize - 1;
                (choice < offered)
                    .then(|| Proposal { when: Some(When::Offered(choice)), ..Proposal::of(Intent::Provide) })
            }
            _ => None,
        }
    }

    fn number(&mut self, key: char, country: &str) -> Option<Proposal> {
        match key {
            '*' => self.digits.clear(),
            '#' => return self.complete(country),
            digit if self.digits.len() < DIGITS_MAX => self.digits.push(digit),
            _ => {}
        }
        if self.digits.len() == NATIONAL_DIGITS && !self.digits.starts_with(['0', '1']) {
            return self.complete(country);
        }
        None
    }

    fn complete(&mut self, country: &str) -> Option<Proposal> {
        let digits = std::mem::take(&mut self.digits);
        let phone = understanding::phone(&digits, country)?;
        Some(Proposal { phone: Some(phone), ..Proposal::of(Intent::Provide) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keys: &str, expects: Expect) -> Option<Proposal> {
        let mut keypad = Keypad::default();
        keys.chars().filter_map(|key| keypad.press(key, expects, 2, "US")).last()
    }

    #[test]
    fn a_number_ends_with_its_tenth_digit_or_with_the_hash() {
        for keys in ["2125550123", "99*2125550123", "12125550123#"] {
            assert_eq!(
                pressed(keys, Expect::Phone).and_then(|proposal| proposal.phone).as_deref(),
                Some("+12125550123")
            );
        }
        assert_eq!(pressed("212", Expect::Phone), None);
    }

    #[test]
    fn keys_answer_what_was_asked() {
        assert_eq!(pressed("1", Expect::YesNo).map(|proposal| proposal.intent), Some(Intent::Confirm));
        assert_eq!(pressed("2", Expect::YesNo).map(|proposal| proposal.intent), Some(Intent::Deny));
        assert_eq!(pressed("2", Expect::Anything).map(|proposal| proposal.intent), Some(Intent::Deny));
        assert_eq!(pressed("2", Expect::Time).and_then(|proposal| proposal.when), Some(When::Offered(1)));
        assert_eq!(pressed("3", Expect::Time), None);
        assert_eq!(pressed("0", Expect::Service).map(|proposal| proposal.intent), Some(Intent::Person));
    }
}
