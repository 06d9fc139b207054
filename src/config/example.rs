//! The settings in writing: `.env.example`, and the table of `frontdesk check`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Described, describe};

/// The text of `.env.example`. A setting without a default is an empty line to fill in; one with a default is written
/// as a comment, so that a copy keeps to the defaults of later versions.
pub fn example() -> String {
    let mut text = String::from(
        "# Frontdesk's settings. Copy this file to .env and fill in what you need; what stands in the environment wins.\n\
         # Nothing is needed to try it: without any key the sandbox stands in for every vendor.\n\
         # With one of the three keys (DEEPGRAM_API_KEY, OPENAI_API_KEY, TWILIO_AUTH_TOKEN) set, the others are needed, too.\n",
    );
    let mut group = "";
    for setting in describe(&BTreeMap::new()) {
        if setting.group != group {
            group = setting.group;
            write!(text, "\n## {group}\n").expect("a string takes any text");
        }
        let Described { name, default, unit, meaning, .. } = setting;
        let comment = if default.is_empty() { "" } else { "# " };
        write!(text, "\n# {meaning} ({unit})\n{comment}{name}={default}\n").expect("a string takes any text");
    }
    text
}

/// The settings as people read them in a terminal: name, value, where it comes from, and what is wrong with it.
pub fn table(settings: &[Described]) -> String {
    let width = |of: fn(&Described) -> usize| settings.iter().map(of).max().unwrap_or(0);
    let names = width(|setting| setting.name.len());
    let values = width(|setting| value(setting).chars().count()).min(60);
    let mut text = String::new();
    for setting in settings {
        let origin = match (&setting.problem, &setting.given, setting.default) {
            (Some(problem), _, _) => format!("cannot be used: {problem}"),
            (None, Some(_), _) => "set".to_owned(),
            (None, None, "") => "not set".to_owned(),
            (None, None, _) => "default".to_owned(),
        };
        writeln!(text, "{:names$}  {:values$}  {origin}", setting.name, value(setting))
            .expect("a string takes any text");
    }
    text
}

fn value(setting: &Described) -> &str {
    setting.given.as_deref().unwrap_or(if setting.default.is_empty() { "-" } else { setting.default })
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    #[test]
    fn the_example_file_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example");
        if env::var_os("BLESS").is_some() {
            fs::write(&path, example()).expect("written");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == example(),
            ".env.example is stale; BLESS=1 cargo test -p frontdesk --lib config rewrites it"
        );
    }

    #[test]
    fn a_copy_of_the_example_sets_nothing() {
        let given: BTreeMap<String, String> =
            dotenvy::from_read_iter(example().as_bytes()).collect::<Result<_, _>>().expect("readable");
        assert!(given.contains_key("DEEPGRAM_API_KEY"), "keys are there to be filled in");
        assert!(describe(&given).iter().all(|setting| setting.given.is_none()));
    }

    #[test]
    fn the_table_shows_values_but_no_secrets() {
        let given = [("PORT", "http"), ("OPENAI_API_KEY", "sk-very-secret"), ("PUBLIC_URL", "https://u:pw@x.example")];
        let given: BTreeMap<String, String> = given.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let table = table(&describe(&given));
        assert!(table.contains("cannot be used: write a whole number from 0 to 65535"), "{table}");
        assert!(table.contains("(hidden)") && table.contains("https://…@x.example"), "{table}");
        assert!(!table.contains("secret") && !table.contains("pw"), "{table}");
        assert!(table.contains("sqlite://data/frontdesk.db"), "{table}");
    }
}
