//! What is said in Spanish, in the words that the rules read.

use super::list::Piece;
use super::*;
use crate::understanding::words::read;

fn spanish(text: &str) -> String {
    let words = read(text, Language::Spanish);
    words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_longest_pattern_is_what_is_meant() {
    for (said, wanted) in [
        ("mañana", "tomorrow"),
        ("mañana por la mañana", "tomorrow in the morning"),
        ("pasado mañana", "the day after tomorrow"),
        ("a las tres y media de la tarde", "at 3:30 pm"),
        ("a las cuatro menos cuarto", "at quarter to 4"),
        ("el viernes que viene a las diez", "friday at 10 oclock"),
        ("el 24 de noviembre", "the 24th of november"),
        ("¿Cuánto cuesta?", "how much is"),
    ] {
        assert_eq!(spanish(said), wanted, "{said:?}");
    }
}

#[test]
fn numbers_are_put_together() {
    for (said, wanted) in [
        ("treinta y cuatro", "34"),
        ("seiscientos doce treinta y cuatro", "612 34"),
        ("dos mil veintiséis", "2026"),
        ("mil novecientos noventa y nueve", "1999"),
        ("cinco cinco cinco", "5 5 5"),
        ("ciento veinte", "120"),
        ("cuarenta, cinco", "40 5"),
        ("a las diez y cinco", "at 10:05"),
    ] {
        assert_eq!(spanish(said), wanted, "{said:?}");
    }
}

#[test]
fn names_stay_and_letters_are_letters() {
    for (said, wanted) in [
        ("Me llamo Ana de la Cruz.", "my name is ana de la cruz"),
        ("Soy Julio Mañana", "i am july manana"),
        ("ele o pe e zeta", "l o p e z"),
        ("jota, uve doble, i griega", "j w y"),
        ("eme de mamá, a de árbol, erre de rosa", "m a r"),
    ] {
        assert_eq!(spanish(said), wanted, "{said:?}");
    }
}

#[test]
fn no_pattern_means_two_things() {
    let mut twice = String::new();
    for language in Language::ALL {
        let Some(lexicon) = of(language) else { continue };
        let mut seen: BTreeMap<String, &[String]> = BTreeMap::new();
        for pattern in lexicon.by_word.values().flatten().chain(&lexicon.others) {
            let words = pattern.pieces.iter().map(|piece| match piece {
                Piece::Word { text, .. } => text.as_str(),
                Piece::Kind(kind) => kind.name(),
            });
            let said = words.collect::<Vec<_>>().join(" ") + if pattern.whole { "." } else { "" };
            if let Some(other) = seen.insert(said.clone(), &pattern.means).filter(|other| *other != pattern.means) {
                twice.push_str(&format!("\n{language}: {said:?} means {other:?} and {:?}", pattern.means));
            }
        }
    }
    assert!(twice.is_empty(), "{twice}");
}
