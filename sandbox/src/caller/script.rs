//! What a caller is going to say, as a text file that can be read aloud.
//!
//! ```text
//! # Ada books a haircut in one breath.
//! from  +14155550123
//! say   "Hi, I'd like a haircut on Tuesday at ten."
//! when hears "which suits|does that suit"   say "The first one, please."
//! when hears "your name"                    say "Ada Lovelace."
//! when hears "shall i book|should i book"   say "Yes, please."    at most 2 times
//! when hears "anything else"                say "No, that's all, thank you."
//! expect booked
//! ```
//!
//! | line | what the caller does |
//! |---|---|
//! | `say "…"` | says it when the assistant has finished, whatever that said |
//! | `say one of "…" "…"` | the same, each caller of a crowd another one; more may follow in the lines below |
//! | `press 1` | presses a key then, or several: `press 5551234` |
//! | `wait 2s` | does the next line so long after the line before, whether the assistant has finished or not |
//! | `silence 10s` | says nothing for so long after the line before, whatever is asked, and then goes on |
//! | `cut in after 1.2s say "…"` | speaks while the assistant does, so long after it began |
//! | `hang up` | hangs up then |
//! | `when hears "a\|b" …` | any of these, as soon as the assistant's last words had `a` or `b` in them; goes before the lines above. At most three times, or what is said at the end |
//! | `expect …` | `booked`, `not booked`, `hears "…"`, `ends by itself`: what must be true in the end |
//! | `from`, `to`, `deadline 60s` | who calls, what number, and how long the call may take |
//! | `echo 200ms 20dB` | the line returns what it plays, so much later and fainter |

use std::fmt;
use std::time::Duration;

use super::grammar::{self, Tokens};
use crate::clips::spoken;
use crate::twilio::Echo;

/// How long a call may take unless the script says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// How often one reaction is used unless the script says otherwise.
pub const REACTION_USES: u32 = 3;

/// One caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The file's first comment.
    pub title: String,
    /// Who calls.
    pub from: String,
    /// The number that is dialled, if the script names one.
    pub to: Option<String>,
    /// What the caller's line returns of what it plays.
    pub echo: Option<Echo>,
    /// After this the caller hangs up, whatever the state of things.
    pub deadline: Duration,
    /// What the caller does of their own accord, in order.
    pub steps: Vec<Step>,
    /// What the caller does because of what the assistant said.
    pub reactions: Vec<Reaction>,
    /// What must be true in the end.
    pub expectations: Vec<Expectation>,
}

/// One thing that a caller does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Says one of these, which all are texts of recorded utterances.
    Say(Vec<String>),
    /// Presses keys, one after the other.
    Press(String),
    /// Lets time go by after the step before, then takes the next one.
    Wait(Duration),
    /// Lets time go by after the step before without reacting to anything, then listens again.
    Silence(Duration),
    /// Speaks while the assistant does.
    CutIn {
        /// So long after the assistant began.
        after: Duration,
        /// One of these.
        texts: Vec<String>,
    },
    /// Hangs up.
    HangUp,
}

/// What a caller does on hearing something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// What must be heard.
    pub hears: Pattern,
    /// What is done then.
    pub step: Step,
    /// How often at most.
    pub uses: u32,
}

/// Phrases of which one must be heard, as they sound: capitals and punctuation do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<String>);

/// What must be true in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// The assistant said that an appointment was made.
    Booked,
    /// It did not.
    NotBooked,
    /// The assistant said something.
    Hears(Pattern),
    /// The call ended before the caller hung up or ran out of time.
    EndsByItself,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadScript {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, BadScript> {
        let mut script = Self {
            title: String::new(),
            from: "+14155550123".to_owned(),
            to: None,
            echo: None,
            deadline: DEADLINE,
            steps: Vec::new(),
            reactions: Vec::new(),
            expectations: Vec::new(),
        };
        for (line, text) in grammar::lines(text) {
            let bad = |reason| BadScript { line, reason };
            if let Some(comment) = text.trim().strip_prefix('#') {
                if script.title.is_empty() {
                    script.title = comment.trim().to_owned();
                }
                continue;
            }
            let mut tokens = Tokens::read(&text).map_err(bad)?;
            script.take_line(&mut tokens).and_then(|()| tokens.end()).map_err(bad)?;
        }
        if script.steps.is_empty() && script.reactions.is_empty() {
            let reason = "the caller does nothing; add a line like: say \"Hello.\"".to_owned();
            return Err(BadScript { line: text.lines().count().max(1), reason });
        }
        Ok(script)
    }

    /// Every text the caller may say.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let reactions = self.reactions.iter().map(|reaction| &reaction.step);
        self.steps.iter().chain(reactions).flat_map(Step::texts).map(String::as_str)
    }

    fn take_line(&mut self, tokens: &mut Tokens) -> Result<(), String> {
        match tokens.peek() {
            Some("from") => self.from = tokens.skip(1).word("a number, like +14155550123")?,
            Some("to") => self.to = Some(tokens.skip(1).word("a number, like +14155550123")?),
            Some("echo") => self.echo = Some(echo(tokens.skip(1))?),
            Some("deadline") => self.deadline = tokens.skip(1).duration()?,
            Some("expect") => self.expectations.push(expectation(tokens.skip(1))?),
            Some("when") => self.reactions.push(reaction(tokens.skip(1))?),
            _ => self.steps.push(step(tokens)?),
        }
        Ok(())
    }
}

fn echo(tokens: &mut Tokens) -> Result<Echo, String> {
    let delay = tokens.duration()?;
    if !(Echo::DELAY_MIN..=Echo::DELAY_MAX).contains(&delay) {
        return Err(format!("an echo comes back after {:?} to {:?}", Echo::DELAY_MIN, Echo::DELAY_MAX));
    }
    let word = tokens.word("how much fainter, like 20dB")?;
    let loss_db = word.strip_suffix("dB").and_then(|number| number.parse().ok());
    let loss_db = loss_db.ok_or_else(|| format!("{word:?} is not how much fainter; write it like 20dB"))?;
    Ok(Echo::hybrid(delay, loss_db))
}

fn reaction(tokens: &mut Tokens) -> Result<Reaction, String> {
    tokens.expect("hears")?;
    let hears = Pattern::new(&tokens.quoted()?)?;
    let step = step(tokens)?;
    let mut uses = REACTION_USES;
    if tokens.take("at") {
        tokens.expect("most")?;
        uses = tokens.number()?;
        tokens.expect("times")?;
    }
    Ok(Reaction { hears, step, uses })
}

fn step(tokens: &mut Tokens) -> Result<Step, String> {
    let word = tokens.word("say, press, wait, silence, cut in, hang up, when, expect, from, to or deadline")?;
    match word.as_str() {
        "say" => Ok(Step::Say(texts(tokens)?)),
        "press" => Ok(Step::Press(tokens.keys()?)),
        "wait" => Ok(Step::Wait(tokens.duration()?)),
        "silence" => Ok(Step::Silence(tokens.duration()?)),
        "cut" => {
            tokens.expect("in")?;
            tokens.expect("after")?;
            let after = tokens.duration()?;
            tokens.expect("say")?;
            Ok(Step::CutIn { after, texts: texts(tokens)? })
        }
        "hang" => tokens.expect("up").map(|()| Step::HangUp),
        other => {
            Err(format!("{other:?} is nothing a caller can do; write say, press, wait, silence, cut in or hang up"))
        }
    }
}

fn texts(tokens: &mut Tokens) -> Result<Vec<String>, String> {
    if !tokens.take("one") {
        return Ok(vec![tokens.quoted()?]);
    }
    tokens.expect("of")?;
    let mut texts = vec![tokens.quoted()?];
    while tokens.at_quoted() {
        texts.push(tokens.quoted()?);
    }
    Ok(texts)
}

fn expectation(tokens: &mut Tokens) -> Result<Expectation, String> {
    let word = tokens.word("booked, not booked, hears \"…\" or ends by itself")?;
    match word.as_str() {
        "booked" => Ok(Expectation::Booked),
        "not" => tokens.expect("booked").map(|()| Expectation::NotBooked),
        "hears" => Pattern::new(&tokens.quoted()?).map(Expectation::Hears),
        "ends" => {
            tokens.expect("by")?;
            tokens.expect("itself").map(|()| Expectation::EndsByItself)
        }
        other => Err(format!("{other:?} cannot be expected; write booked, not booked, hears \"…\" or ends by itself")),
    }
}

impl Step {
    fn texts(&self) -> &[String] {
        match self {
            Self::Say(texts) | Self::CutIn { texts, .. } => texts,
            Self::Press(_) | Self::Wait(_) | Self::Silence(_) | Self::HangUp => &[],
        }
    }
}

impl Pattern {
    /// Phrases with `|` between them.
    ///
    /// # Errors
    /// A phrase without a word in it.
    pub fn new(phrases: &str) -> Result<Self, String> {
        let phrases: Vec<String> = phrases.split('|').map(spoken).collect();
        match phrases.iter().any(String::is_empty) {
            true => Err("there is nothing to hear between the bars; write hears \"one thing|another\"".to_owned()),
            false => Ok(Self(phrases)),
        }
    }

    /// Where, in the text as it sounds, the last phrase that was heard ends; `None` when none was. Only whole words
    /// count.
    pub fn heard_in(&self, text: &str) -> Option<usize> {
        let text = format!(" {} ", spoken(text));
        let ends = |phrase: &String| text.rfind(&format!(" {phrase} ")).map(|at| at + phrase.len());
        self.0.iter().filter_map(ends).max()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.join("|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "# Ada books.\nfrom +1415\n\nsay \"Hi.\"   # at once\nwhen hears \"your name|who\" say \"Ada.\" at most 2 times\n\
        cut in after 1.2s say \"Wait.\"\nwait 500ms\nsilence 10s\npress #\nhang up\nexpect not booked\n\
        expect hears \"goodbye\"\nexpect ends by itself\ndeadline 60s\necho 200ms 20dB\n";

    #[test]
    fn a_script_is_read_line_by_line() {
        let script = Script::parse(ADA).expect("a good script");
        let say = |text: &str| Step::Say(vec![text.to_owned()]);
        assert_eq!((script.title.as_str(), script.from.as_str()), ("Ada books.", "+1415"));
        assert_eq!(script.deadline, Duration::from_secs(60));
        assert_eq!(
            script.steps,
            [
                say("Hi."),
                Step::CutIn { after: Duration::from_millis(1_200), texts: vec!["Wait.".into()] },
                Step::Wait(Duration::from_millis(500)),
                Step::Silence(Duration::from_secs(10)),
                Step::Press("#".into()),
                Step::HangUp,
            ]
        );
        let hears = Pattern::new("your name|who").expect("phrases");
        assert_eq!(script.reactions, [Reaction { hears, step: say("Ada."), uses: 2 }]);
        assert_eq!(script.expectations.len(), 3);
        assert_eq!(script.echo, Some(Echo::hybrid(Duration::from_millis(200), 20)));
        assert_eq!(script.texts().collect::<Vec<_>>(), ["Hi.", "Wait.", "Ada."]);
    }

    #[test]
    fn a_list_goes_on_in_the_lines_below() {
        let script = Script::parse("say one of\n  \"a\"\n  \"b\" \"c\"\nhang up").expect("a good script");
        assert_eq!(script.steps, [Step::Say(vec!["a".into(), "b".into(), "c".into()]), Step::HangUp]);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named_with_the_remedy() {
        for (text, line, reason) in [
            ("say \"a\"\nsing \"b\"", 2, "\"sing\" is nothing a caller can do"),
            ("say hello", 1, "in quotes"),
            ("say \"hello", 1, "no closing quote"),
            ("wait two", 1, "2s or 500ms"),
            ("press 1a", 1, "0 to 9, * and #"),
            ("when hear \"x\" say \"y\"", 1, "\"hears\" was expected"),
            ("when hears \"x|\" say \"y\"", 1, "nothing to hear"),
            ("say \"a\" loudly", 1, "\"loudly\" is too much"),
            ("expect rain", 1, "cannot be expected"),
            ("from", 1, "a number"),
            ("echo 2s 20dB", 1, "40ms to 600ms"),
            ("echo 200ms loud", 1, "like 20dB"),
            ("# nothing", 1, "does nothing"),
        ] {
            let error = Script::parse(text).expect_err(text);
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.reason.contains(reason), "{text:?}: {error}");
        }
    }

    #[test]
    fn phrases_are_heard_as_whole_words_and_the_last_one_counts() {
        let pattern = Pattern::new("Book it|anything else").expect("phrases");
        assert!(pattern.heard_in("Shall I book it?").is_some());
        assert!(pattern.heard_in("I booked it.").is_none());
        let later = Pattern::new("else").expect("a phrase").heard_in("Name, or else?");
        let sooner = Pattern::new("name").expect("a phrase").heard_in("Name, or else?");
        assert!(later > sooner);
    }
}
