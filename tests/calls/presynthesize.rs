//! `frontdesk presynthesize`, as somebody at a terminal uses it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sandbox::world::World;

use crate::gateway::{settings, world};

fn presynthesize(folder: &Path, world: &World, arguments: &[&str]) -> Output {
    presynthesize_with(folder, world, arguments, "a-key")
}

/// Runs it in a folder with two phrases and one further voice.
fn presynthesize_with(folder: &Path, world: &World, arguments: &[&str], key: &str) -> Output {
    fs::write(folder.join("phrases.json"), r#"{"en": ["Thank you for waiting."], "es": ["Un momento."]}"#)
        .expect("written");
    let voices = r#"[{"id":"arcas","name":"Arcas","role":"bot","language":"en-US","provider":"deepgram",
        "providerVoiceId":"aura-2-arcas-en"}]"#;
    fs::write(folder.join("voices.json"), voices).expect("written");
    Command::new(env!("CARGO_BIN_EXE_frontdesk"))
        .arg("presynthesize")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(settings(folder, world))
        .envs([("PHRASES_FILE", "phrases.json"), ("VOICES_FILE", "voices.json"), ("DEEPGRAM_API_KEY", key)])
        .output()
        .expect("it starts")
}

fn told(output: &Output) -> String {
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{error}")
}

#[tokio::test(flavor = "multi_thread")]
async fn phrases_are_spoken_once_and_a_second_run_finds_them() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    let forecast = presynthesize(folder.path(), &world, &["--dry-run"]);
    assert!(forecast.status.success(), "{}", told(&forecast));
    assert!(told(&forecast).contains("Nothing was spoken."), "{}", told(&forecast));

    let first = presynthesize(folder.path(), &world, &["--voice", "arcas"]);
    assert!(first.status.success(), "{}", told(&first));
    let made: usize = told(&first).split(' ').next().and_then(|number| number.parse().ok()).expect("a number");
    // The phrase of the file in its language, and the business's own words; nobody speaks Spanish.
    assert!(made > 20, "{}", told(&first));
    assert!(told(&first).contains(", 0 already there, 0 failed"), "{}", told(&first));

    let again = presynthesize(folder.path(), &world, &["--voice", "arcas"]);
    assert_eq!(told(&again).trim(), format!("0 made (0 characters, about $0.0000), {made} already there, 0 failed"));
    let forecast = presynthesize(folder.path(), &world, &["--voice", "arcas", "--dry-run"]);
    let row = told(&forecast).lines().find(|line| line.starts_with("arcas")).map(str::to_owned).expect("a row");
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["arcas", &made.to_string(), "0", "0", "$0.0000"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_spoken_is_told_with_its_reason() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    let unknown = presynthesize(folder.path(), &world, &["--voice", "nobody"]);
    assert!(!unknown.status.success());
    assert!(
        told(&unknown).contains("there is no voice nobody; the voices are aura-2-thalia-en, arcas"),
        "{}",
        told(&unknown)
    );

    let no_file = presynthesize(folder.path(), &world, &["--phrases", "gone.json"]);
    assert!(told(&no_file).contains("there is no file gone.json"), "{}", told(&no_file));

    let refused = presynthesize_with(folder.path(), &world, &["--voice", "arcas"], "bad-key");
    assert!(!refused.status.success());
    assert!(told(&refused).starts_with("0 made"), "{}", told(&refused));
    assert!(told(&refused).contains("arcas: Thank you for waiting.\n"), "{}", told(&refused));
    assert!(!told(&refused).contains("bad-key"), "{}", told(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_spoken_that_could_not_be_kept() {
    let (world, folder) = (world(), tempfile::tempdir().expect("a folder"));
    fs::create_dir_all(folder.path().join("speech")).expect("made");
    let lock = fs::File::create(folder.path().join("speech/lock")).expect("made");
    lock.lock().expect("nobody else has it");
    let refused = presynthesize(folder.path(), &world, &[]);
    assert!(!refused.status.success());
    assert!(told(&refused).contains("is in use by another process"), "{}", told(&refused));
}
