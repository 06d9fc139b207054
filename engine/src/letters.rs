//! Texts by their letters: how far two words are apart that were heard or typed almost right, and what a text sounds like.

use crate::numbers;

/// Letters to add, drop or replace to make one word of another (Levenshtein).
pub(crate) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, wanted) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// A text as it sounds: small letters and digits without anything between, numbers in digits however they are written.
/// Two texts of the same sound say the same.
pub(crate) fn sound(text: &str) -> String {
    let mut letters = String::new();
    let mut tens: Option<u32> = None;
    for word in text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'') {
        let word: String =
            word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if word.is_empty() {
            continue;
        }
        match (tens.take(), numbers::small(&word)) {
            (Some(tens), Some(ones @ 1..=9)) => letters.push_str(&(tens + ones).to_string()),
            (before, value) => {
                push_number(&mut letters, before);
                tens = numbers::tens(&word);
                push_number(&mut letters, value);
                if value.is_none() && tens.is_none() {
                    letters.push_str(if word == "oh" { "0" } else { &word });
                }
            }
        }
    }
    push_number(&mut letters, tens);
    letters
}

fn push_number(letters: &mut String, value: Option<u32>) {
    if let Some(value) = value {
        letters.push_str(&value.to_string());
    }
}
