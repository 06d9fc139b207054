//! What is left of numbers and names for whoever may not see them whole.

/// The last two characters of a number, and how many there were before.
pub fn number(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(2);
    number.chars().enumerate().map(|(at, letter)| if at < hidden { '•' } else { letter }).collect()
}

/// The first letter of a name.
pub fn name(name: &str) -> String {
    name.chars().next().map(|first| format!("{first}.")).unwrap_or_default()
}

/// Nothing of what was answered to a business's own questions: a JSON object without members.
pub fn answers() -> String {
    "{}".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_number_and_the_beginning_of_a_name_are_left() {
        assert_eq!(number("+15550001234"), "••••••••••34");
        assert_eq!((name("Émile Zola"), name("")), ("É.".to_owned(), String::new()));
    }
}
