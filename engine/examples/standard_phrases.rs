//! Prints every sentence that a business says in any call, one a line: what to synthesize ahead of time.
//!
//! `cargo run -p engine --example standard_phrases -- business.toml`

use std::process::ExitCode;

use engine::business::{Business, check};

fn main() -> ExitCode {
    match std::env::args().nth(1).ok_or_else(|| "name a business.toml".to_owned()).and_then(|path| phrases(&path)) {
        Ok(phrases) => {
            phrases.iter().for_each(|phrase| print_line(phrase));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("standard_phrases: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn phrases(path: &str) -> Result<Vec<String>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let business: Business = toml::from_str(&text).map_err(|error| format!("{path} is not a business: {error}"))?;
    let problems: Vec<String> = check(&business).into_iter().map(|problem| problem.why).collect();
    if problems.is_empty() {
        return Ok(engine::wording::standard_phrases(&business));
    }
    Err(format!("{path}:\n{}", problems.join("\n")))
}

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn print_line(phrase: &str) {
    println!("{phrase}");
}
