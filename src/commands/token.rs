//! `frontdesk token`: a token for a client that asks for speech, or for somebody who looks at calls.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;

use crate::clock::Clock;
use crate::commands;
use crate::commands::show::say;
use crate::config::Settings;
use crate::store::query::Scope;
use crate::web::access::{Role, Visitor};
use crate::web::tokens::{self, Grant};

/// Issue a token with which a client may ask for speech, or somebody look at calls
#[derive(Args)]
#[command(after_help = HELP)]
pub struct Token {
    /// Who it is for: letters, digits, - _ and . The name stands in logs, and has a rate of its own
    #[arg(long, value_name = "NAME")]
    client: String,
    /// How long it is good: a number with s, m, h or d
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time)]
    good_for: Duration,
    /// Let the client send SSML, too
    #[arg(long, conflicts_with = "role")]
    ssml: bool,
    /// Let them look at calls by /api and in the browser, and not ask for speech: analyst, manager or admin
    #[arg(long, value_name = "ROLE", value_parser = role, requires = "business")]
    role: Option<Role>,
    /// Of this business only; * for all
    #[arg(long, value_name = "NAME", requires = "role")]
    business: Option<String>,
}

const HELP: &str = "\
The token is signed with JWT_SECRET, printed, and kept nowhere. The client sends it to POST /call as
`Authorization: Bearer …`. It cannot be taken back before it expires, other than by another JWT_SECRET,
which takes all of them back.

Example: frontdesk token --client ivr --good-for 30d
         frontdesk token --client ada --role analyst --business 'Main Street Barbers'";

impl Token {
    /// Prints a token.
    ///
    /// # Errors
    /// When there is no secret to sign it with, or the client's name is none.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = Settings::read(&commands::environment()?, true)?;
        let secret = settings.speech.jwt_secret.context(
            "JWT_SECRET is not set; set it here as on the servers: at least 32 random characters, \
             like those of `openssl rand -hex 32`",
        )?;
        ensure!(tokens::is_client(&self.client), "a client is a word of letters, digits, - _ and .");
        let now_s = u64::try_from(Clock.wall_ms() / 1_000)?;
        let secret = secret.expose().as_bytes();
        say(&match self.role {
            None => tokens::issue(secret, &Grant { client: self.client, ssml: self.ssml }, now_s, self.good_for),
            Some(role) => {
                let scope = self.business.filter(|name| name != "*").map_or(Scope::All, Scope::Business);
                let visitor = Visitor { name: self.client, role, scope };
                tokens::issue_visitor(secret, &visitor, now_s, self.good_for)
            }
        });
        Ok(ExitCode::SUCCESS)
    }
}

fn role(name: &str) -> Result<Role, String> {
    Role::of_name(name).ok_or_else(|| "write analyst, manager or admin".to_owned())
}

/// `90s`, `15m`, `12h`, `30d`; ten years at most.
fn time(text: &str) -> Result<Duration, String> {
    let ought = || "write a number with s, m, h or d, like 12h or 30d; at most 3650d".to_owned();
    let unit = text.chars().next_back().ok_or_else(ought)?;
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(ought()),
    };
    let number: u64 = text.trim_end_matches(unit).parse().map_err(|_| ought())?;
    let seconds = number.checked_mul(unit_s).filter(|seconds| (1..=315_360_000).contains(seconds)).ok_or_else(ought)?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_do() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("30d"), Ok(Duration::from_secs(30 * 86_400)));
        for text in ["", "30", "d", "1w", "0h", "-1h", "5000d", "1.5h"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
