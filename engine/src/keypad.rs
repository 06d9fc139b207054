//! The keypad: what keys mean depends on what was asked.
//!
//! | asked | keys |
//! |---|---|
//! | yes or no, or "Anything else?" | `1` yes, `2` no |
//! | which of the offered times, or of their appointments | `1`, `2`, `3` |
//! | a question of the business's own | its number, or the number of a choice, ended by `#` or by a pause; `1` yes, `2` no |
//! | a phone number | its digits, ended by `#`, by the tenth or by a pause; `*` begins again |
//! | anything | `0` a person; not within a number |
//!
//! A key that means nothing stops nothing. Any other takes the floor; those of a number gather, and what was being said
//! does not come back between them.

use statecharts::proposal::{Expect, Intent, Proposal, When};

use crate::languages::Language;
use crate::understanding;

/// Digits of a number that is complete without `#`, where callers leave the country out.
const NATIONAL_DIGITS: usize = 10;

/// Where no number begins with a zero (North American Numbering Plan), one that comes first asks for a person.
const NO_LEADING_ZERO: [&str; 2] = ["US", "CA"];

/// The longest number there is (ITU-T E.164).
const DIGITS_MAX: usize = 15;

/// What a key came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Pressed {
    /// It means nothing here.
    Nothing,
    /// More is to come of what it belongs to.
    Digit,
    /// The caller said this with it.
    Meant(Proposal),
    /// These digits answer a question of the business's own.
    Typed(String),
}

/// Keys pressed so far of something that takes several.
#[derive(Debug, Default)]
pub struct Keypad {
    digits: String,
}

impl Keypad {
    /// What a key makes of what was pressed before it.
    pub fn press(&mut self, key: char, expects: Expect, offered: usize, country: &str) -> Pressed {
        let meant = |intent| Pressed::Meant(Proposal::of(intent));
        match (expects, key) {
            (Expect::Phone, '0') if self.digits.is_empty() && NO_LEADING_ZERO.contains(&country) => {
                meant(Intent::Person)
            }
            (Expect::Phone | Expect::Detail, _) => self.gather(key, expects, country),
            (Expect::YesNo | Expect::Cancelling | Expect::Anything, '1') => meant(Intent::Confirm),
            (Expect::YesNo | Expect::Cancelling | Expect::Anything, '2') => meant(Intent::Deny),
            (_, '0') => meant(Intent::Person),
            (Expect::Time | Expect::Appointment, '1'..='9') => match key as usize - '1' as usize {
                choice if choice < offered => {
                    Pressed::Meant(Proposal { when: Some(When::Offered(choice)), ..Proposal::of(Intent::Provide) })
                }
                _ => Pressed::Nothing,
            },
            _ => Pressed::Nothing,
        }
    }

    /// What was pressed when no more keys follow; none when nothing was pending.
    pub fn pause(&mut self, expects: Expect, country: &str) -> Option<Pressed> {
        (!self.digits.is_empty()).then(|| self.complete(expects, country))
    }

    fn gather(&mut self, key: char, expects: Expect, country: &str) -> Pressed {
        match key {
            '*' => self.digits.clear(),
            '#' => return self.complete(expects, country),
            digit if self.digits.len() < DIGITS_MAX => self.digits.push(digit),
            _ => {}
        }
        let is_national = self.digits.len() == NATIONAL_DIGITS && !self.digits.starts_with(['0', '1']);
        if expects == Expect::Phone && is_national {
            return self.complete(expects, country);
        }
        Pressed::Digit
    }

    /// A `0` alone asks for a person, wherever what is asked for may begin with it.
    fn complete(&mut self, expects: Expect, country: &str) -> Pressed {
        let digits = std::mem::take(&mut self.digits);
        if digits == "0" {
            return Pressed::Meant(Proposal::of(Intent::Person));
        }
        if expects == Expect::Detail {
            return if digits.is_empty() { Pressed::Nothing } else { Pressed::Typed(digits) };
        }
        // Keys have no language.
        match understanding::phone(&digits, country, Language::default()) {
            Some(phone) => Pressed::Meant(Proposal { phone: Some(phone), ..Proposal::of(Intent::Provide) }),
            None => Pressed::Digit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(keys: &str, expects: Expect) -> Option<Proposal> {
        let mut keypad = Keypad::default();
        let meant = |key| match keypad.press(key, expects, 2, "US") {
            Pressed::Meant(proposal) => Some(proposal),
            Pressed::Nothing | Pressed::Digit | Pressed::Typed(_) => None,
        };
        keys.chars().filter_map(meant).last()
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
    fn a_number_ends_with_a_pause_too() {
        let mut keypad = Keypad::default();
        assert_eq!(keypad.pause(Expect::Phone, "US"), None);
        "12125550123".chars().for_each(|key| assert_eq!(keypad.press(key, Expect::Phone, 0, "US"), Pressed::Digit));
        let Some(Pressed::Meant(proposal)) = keypad.pause(Expect::Phone, "US") else { panic!("it is a number") };
        assert_eq!(proposal.phone.as_deref(), Some("+12125550123"));
        keypad.press('2', Expect::Phone, 0, "US");
        assert_eq!(keypad.pause(Expect::Phone, "US"), Some(Pressed::Digit));
        assert_eq!(keypad.pause(Expect::Phone, "US"), None);
    }

    #[test]
    fn a_question_of_the_businesss_own_takes_digits_until_the_hash_or_a_pause() {
        let mut keypad = Keypad::default();
        let mut typed = |keys: &str| keys.chars().map(|key| keypad.press(key, Expect::Detail, 0, "US")).last();
        assert_eq!(typed("9*12345678901#"), Some(Pressed::Typed("12345678901".to_owned())));
        assert_eq!(typed("0#"), Some(Pressed::Meant(Proposal::of(Intent::Person))));
        assert_eq!(typed("2"), Some(Pressed::Digit));
        assert_eq!(keypad.pause(Expect::Detail, "US"), Some(Pressed::Typed("2".to_owned())));
        assert_eq!(keypad.pause(Expect::Detail, "US"), None);
        assert_eq!(keypad.press('#', Expect::Detail, 0, "US"), Pressed::Nothing);
    }

    #[test]
    fn keys_answer_what_was_asked() {
        assert_eq!(pressed("1", Expect::YesNo).map(|proposal| proposal.intent), Some(Intent::Confirm));
        assert_eq!(pressed("2", Expect::YesNo).map(|proposal| proposal.intent), Some(Intent::Deny));
        assert_eq!(pressed("2", Expect::Anything).map(|proposal| proposal.intent), Some(Intent::Deny));
        assert_eq!(pressed("2", Expect::Time).and_then(|proposal| proposal.when), Some(When::Offered(1)));
        assert_eq!(pressed("3", Expect::Time), None);
        for expects in [Expect::Service, Expect::Time, Expect::Phone, Expect::YesNo] {
            assert_eq!(pressed("0", expects).map(|proposal| proposal.intent), Some(Intent::Person), "{expects:?}");
        }
        assert_eq!(Keypad::default().press('0', Expect::Phone, 0, "GB"), Pressed::Digit);
        assert_eq!(Keypad::default().press('7', Expect::YesNo, 0, "US"), Pressed::Nothing);
    }
}
