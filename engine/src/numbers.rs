//! The words of numbers, shared by what is understood and what is said.

/// "zero" to "nineteen".
const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

/// "twenty" to "ninety".
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// "first" to "nineteenth".
const SMALL_ORDINALS: [&str; 19] = [
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// "twentieth" to "ninetieth".
const ORDINAL_TENS: [&str; 8] =
    ["twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"];

/// A number below a hundred in words; larger ones in digits.
pub(crate) fn cardinal(value: u32) -> String {
    match value {
        0..20 => SMALL[value as usize].to_owned(),
        20..100 if value.is_multiple_of(10) => TENS[value as usize / 10 - 2].to_owned(),
        20..100 => format!("{}-{}", TENS[value as usize / 10 - 2], SMALL[value as usize % 10]),
        _ => value.to_string(),
    }
}

/// A place from first to ninety-ninth in words; others in digits.
pub(crate) fn ordinal(value: u32) -> String {
    match value {
        1..20 => SMALL_ORDINALS[value as usize - 1].to_owned(),
        20..100 if value.is_multiple_of(10) => ORDINAL_TENS[value as usize / 10 - 2].to_owned(),
        20..100 => format!("{}-{}", TENS[value as usize / 10 - 2], SMALL_ORDINALS[value as usize % 10 - 1]),
        _ => format!("{value}th"),
    }
}

/// The value of one word below twenty.
pub(crate) fn small(word: &str) -> Option<u32> {
    place(&SMALL, word)
}

/// The value of "twenty" to "ninety".
pub(crate) fn tens(word: &str) -> Option<u32> {
    place(&TENS, word).map(|index| 20 + 10 * index)
}

/// The value of "first" to "nineteenth".
pub(crate) fn small_ordinal(word: &str) -> Option<u32> {
    place(&SMALL_ORDINALS, word).map(|index| index + 1)
}

/// The value of "twentieth" to "ninetieth".
pub(crate) fn ordinal_tens(word: &str) -> Option<u32> {
    place(&ORDINAL_TENS, word).map(|index| 20 + 10 * index)
}

fn place(words: &[&str], word: &str) -> Option<u32> {
    words.iter().position(|name| *name == word).map(|index| index as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_month_has_its_word() {
        let words: Vec<String> = (1..=31).map(ordinal).collect();
        assert_eq!(words[..5].join(" "), "first second third fourth fifth");
        assert_eq!([11, 12, 13, 20].map(ordinal).join(" "), "eleventh twelfth thirteenth twentieth");
        assert_eq!(
            [21, 22, 24, 28, 30, 31].map(ordinal).join(" "),
            "twenty-first twenty-second twenty-fourth twenty-eighth thirtieth thirty-first"
        );
    }

    #[test]
    fn a_number_below_a_hundred_is_said_in_words() {
        assert_eq!([0, 19, 20, 45, 99, 100].map(cardinal).join(" "), "zero nineteen twenty forty-five ninety-nine 100");
    }

    #[test]
    fn what_is_said_is_understood() {
        for value in 0..20 {
            assert_eq!(small(&cardinal(value)), Some(value));
        }
        for value in 1..20 {
            assert_eq!(small_ordinal(&ordinal(value)), Some(value));
        }
        for value in (20..100).step_by(10) {
            assert_eq!((tens(&cardinal(value)), ordinal_tens(&ordinal(value))), (Some(value), Some(value)));
        }
    }
}
