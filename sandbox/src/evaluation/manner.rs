//! How callers of a language know what they are asked, and what they say when nobody wrote down what they say.

use engine::languages::Language;

/// What a caller is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Cancel,
    Agree,
    Change,
    Which,
    BookedPhone,
    Message,
    Name,
    Phone,
    Pick,
    /// When they would like to come in, who may not want to.
    ComeIn,
    Time,
    Half,
    Service,
    Open,
    StillThere,
    AnythingElse,
    Again,
}

/// The words and ways of a language.
pub(super) struct Manner {
    /// What is asked by which words, most telling first.
    asked: [(Asked, &'static [&'static str]); 17],
    /// What anybody says, by the same.
    usual: [(Asked, &'static str); 12],
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) yes_please: &'static str,
    pub(super) not_that: &'static str,
    pub(super) keep: &'static str,
    pub(super) wants_nothing: &'static str,
    pub(super) my_name_is: &'static str,
    pub(super) thats_all: &'static str,
    /// A yes or no is asked for, and what it is about is told again, or not.
    pub(super) yes_or_no: [&'static str; 2],
    /// What begins the time in what is read back.
    pub(super) times: [&'static str; 3],
    /// What a number is read back with.
    pub(super) your_number_is: &'static str,
    /// What stands between the new time and the old one.
    pub(super) instead_of: &'static str,
}

impl Manner {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
        }
    }

    /// What the words ask; nothing where they are an answer, or a goodbye.
    pub(super) fn asked(&self, heard: &str) -> Option<Asked> {
        let told = |words: &[&str]| words.iter().any(|word| heard.contains(word));
        self.asked.iter().find(|(_, words)| told(words)).map(|(asked, _)| *asked)
    }

    /// What anybody would say to it.
    pub(super) fn usual(&self, asked: Asked) -> &'static str {
        self.usual.iter().find(|(known, _)| *known == asked).map_or("", |(_, words)| words)
    }

    /// Whether a question is the one that ends every call.
    pub(super) fn is_anything_else(&self, text: &str) -> bool {
        self.asked(&text.to_lowercase()) == Some(Asked::AnythingElse)
    }
}

const ENGLISH: Manner = Manner {
    asked: [
        (Asked::Cancel, &["shall i cancel"]),
        (Asked::Agree, &["shall i book", "should i book", "shall i move", "should i move"]),
        (Asked::Change, &["like to change"]),
        (Asked::Which, &["do you mean"]),
        (Asked::BookedPhone, &["booked under"]),
        (Asked::Message, &["would you like me to pass on"]),
        (Asked::Name, &["your name", "what name"]),
        (Asked::Phone, &["what number"]),
        (Asked::Pick, &["which suits you", "does that suit you"]),
        (Asked::ComeIn, &["like to come in?"]),
        (Asked::Time, &["when would you like", "come instead", "which day and time", "which other day"]),
        (Asked::Half, &["in the morning or"]),
        (Asked::Service, &["what can we do", "which one would you like", "would you like to book"]),
        (Asked::Open, &["how can i help"]),
        (Asked::StillThere, &["still there"]),
        (Asked::AnythingElse, &["anything else"]),
        (Asked::Again, &["didn't catch"]),
    ],
    usual: [
        (Asked::Change, "Nothing."),
        (Asked::Which, "The first one."),
        (Asked::BookedPhone, "I don't have another number."),
        (Asked::Message, "Never mind."),
        (Asked::Name, "Ada Lovelace."),
        (Asked::Phone, "Two one two, five five five, oh one four two."),
        (Asked::Pick, "The first one, please."),
        (Asked::Time, "Tomorrow at three."),
        (Asked::Half, "In the afternoon."),
        (Asked::Service, "A haircut, please."),
        (Asked::Open, "Hello."),
        (Asked::Again, "Sorry?"),
    ],
    yes: "Yes.",
    no: "No",
    yes_please: "Yes, please.",
    not_that: "No, I don't want that.",
    keep: "No, keep it.",
    wants_nothing: "I don't want to book anything.",
    my_name_is: "my name is",
    thats_all: "No, that's all, thank you.",
    yes_or_no: ["say yes or no", "that's"],
    times: [" on ", " tomorrow", " today"],
    your_number_is: "your number is ",
    instead_of: " instead of ",
};

const SPANISH: Manner = Manner {
    asked: [
        (Asked::Cancel, &["la cancelo"]),
        (Asked::Agree, &["lo reservo", "hago la reserva", "lo cambio", "hago el cambio"]),
        (Asked::Change, &["gustaría cambiar"]),
        (Asked::Which, &["cuál de ellas"]),
        (Asked::BookedPhone, &["se hizo la reserva"]),
        (Asked::Message, &["mensaje quiere dejar"]),
        (Asked::Name, &["su nombre", "a qué nombre"]),
        (Asked::Phone, &["a qué número"]),
        (Asked::Pick, &["le viene mejor", "le viene bien"]),
        (Asked::ComeIn, &["gustaría venir?"]),
        (Asked::Time, &["venir entonces", "qué día y a qué hora", "qué otro día"]),
        (Asked::Half, &["¿sería"]),
        (Asked::Service, &["qué podemos hacer", "qué prefiere", "quiere reservar"]),
        (Asked::Open, &["how can i help", "en qué puedo"]),
        (Asked::StillThere, &["still there", "sigue ahí"]),
        (Asked::AnythingElse, &["anything else", "en algo más"]),
        (Asked::Again, &["didn't catch", "no le he entendido"]),
    ],
    usual: [
        (Asked::Change, "Nada."),
        (Asked::Which, "La primera."),
        (Asked::BookedPhone, "No tengo otro número."),
        (Asked::Message, "Olvídelo."),
        (Asked::Name, "Ana García."),
        (Asked::Phone, "Dos uno dos, cinco cinco cinco, cero uno cuatro dos."),
        (Asked::Pick, "La primera, por favor."),
        (Asked::Time, "Mañana a las tres."),
        (Asked::Half, "Por la tarde."),
        (Asked::Service, "Un corte de pelo, por favor."),
        (Asked::Open, "Hola, buenos días."),
        (Asked::Again, "¿Perdón?"),
    ],
    yes: "Sí.",
    no: "No",
    yes_please: "Sí, por favor.",
    not_that: "No, no quiero eso.",
    keep: "No, déjela.",
    wants_nothing: "No quiero reservar nada.",
    my_name_is: "me llamo",
    thats_all: "No, eso es todo, gracias.",
    yes_or_no: ["diga sí o no", "sería"],
    times: [" el ", " mañana", " hoy"],
    your_number_is: "su número es ",
    instead_of: " en lugar de ",
};
