//! What the booking chart wants done: prompts become phrases, look-ups become questions to the calendar.

use statecharts::booking::{Effect, Event, Interruptible, State};
use statecharts::floor::{Event as FloorEvent, State as FloorState};
use statecharts::prompt::{Prompt, Refusal};
use statecharts::proposal::{Intent, Proposal, Slot, When};

use crate::call::{Call, Saying};
use crate::io::{Appointment, Ending, Fault, Message, Output, PhraseId, QueryId, Reservation, Role, Wanted};
use crate::keypad::Pressed;
use crate::patience;
use crate::record::Stage;
use crate::time::{CallTime, Timer};
use crate::understanding;
use crate::wording;

/// Messages kept for the model.
const HISTORY_MAX: usize = 60;

impl Call {
    pub(super) fn tell_booking(&mut self, at: CallTime, event: Event, out: &mut Vec<Output>) {
        let before = self.booking.state();
        let effects = self.booking.handle(&event);
        let after = self.booking.state();
        if before != after {
            self.journal.event(at, "booking_state", self.booking_state(), out);
            self.pause_recording(at, before, after, out);
        }
        for effect in effects {
            self.carry_on(at, effect, out);
        }
        self.write_message(at, out);
    }

    /// Lets the recording rest where the business wants it to.
    fn pause_recording(&mut self, at: CallTime, before: State, after: State, out: &mut Vec<Output>) {
        let rests_in = &self.answered().business.recording.pause_in;
        let (rested, rests) = (rests_in.contains(&before), rests_in.contains(&after));
        if rested == rests {
            return;
        }
        out.push(if rests { Output::PauseRecording } else { Output::ResumeRecording });
        self.journal.event(at, "recording", if rests { "paused" } else { "resumed" }, out);
    }

    /// Says a prompt in the business's words.
    pub(super) fn say(&mut self, at: CallTime, prompt: &Prompt, out: &mut Vec<Output>) {
        let phrases = self.phrases(prompt);
        if prompt.is_read_back() {
            self.unheard_plan = telling(&phrases, &wording::standard_phrases(self.business()));
        }
        for text in phrases {
            self.say_or_keep(at, Saying { text, interruptible: prompt.interruptible() }, out);
        }
    }

    /// Something was heard to its end. Once all that is read back was, a yes agrees to it.
    pub(super) fn heard_whole(&mut self, text: &str, out: &mut Vec<Output>) {
        let before = self.unheard_plan.len();
        self.unheard_plan.retain(|phrase| phrase != text);
        if before > 0 && self.unheard_plan.is_empty() {
            self.tell_booking(self.now, Event::PlanHeard, out);
        }
    }

    /// Says a phrase that is no prompt.
    pub(super) fn say_text(&mut self, at: CallTime, text: String, out: &mut Vec<Output>) {
        self.say_or_keep(at, Saying { text, interruptible: Interruptible::ByAnything }, out);
    }

    /// Says one phrase, or keeps it while the caller has the floor, or is cut off.
    fn say_or_keep(&mut self, at: CallTime, saying: Saying, out: &mut Vec<Output>) {
        let waits = match self.floor.state() {
            FloorState::CallerSpeaking | FloorState::Held => true,
            // It follows what is being said already.
            FloorState::AssistantSpeaking => false,
            FloorState::Open | FloorState::Thinking => self.somebody_speaks(),
        };
        if (waits || self.is_cut_off()) && !self.is_closing() {
            self.kept.push(saying);
            return;
        }
        self.start_saying(at, saying, out);
    }

    pub(super) fn start_saying(&mut self, at: CallTime, saying: Saying, out: &mut Vec<Output>) {
        self.journal.reached(Stage::FirstPhrase, at);
        self.speaking.say(saying.text, saying.interruptible, out);
        self.floor_event(at, FloorEvent::AnswerStarted, out);
    }

    /// Says what was kept while the caller had the floor.
    pub(super) fn say_kept(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if matches!(self.floor.state(), FloorState::CallerSpeaking | FloorState::Held) || self.is_cut_off() {
            return;
        }
        for saying in std::mem::take(&mut self.kept) {
            self.start_saying(at, saying, out);
        }
    }

    pub(super) fn phrases(&self, prompt: &Prompt) -> Vec<String> {
        wording::phrases(prompt, self.business(), self.local(self.now))
    }

    /// Answers a question without the model: from the business's answers and file, or by saying that we cannot.
    pub(super) fn answer_ourselves(&mut self, at: CallTime, words: &str, out: &mut Vec<Output>) {
        match wording::answer(words, self.business(), self.local(self.now)) {
            Some(answer) => answer.into_iter().for_each(|sentence| self.say_text(at, sentence, out)),
            None => self.say(at, &Prompt::NoAnswer, out),
        }
    }

    pub(super) fn key_pressed(&mut self, at: CallTime, key: char, out: &mut Vec<Output>) {
        if self.nothing_may_stop_us() {
            return self.keep_key(key);
        }
        let offered = self.booking.choices().len();
        let country = self.answered().business.country.clone();
        let proposal = match self.keypad.press(key, self.booking.expects(), offered, &country) {
            Pressed::Nothing => return self.journal.event(at, "key", "means nothing here", out),
            Pressed::Digit => None,
            Pressed::Meant(proposal) => Some(proposal),
            Pressed::Typed(digits) => Some(self.typed_detail(&digits)),
        };
        self.journal.event(at, "key", "", out);
        self.floor_event(at, FloorEvent::KeyPressed, out);
        self.stay(at, out);
        match proposal {
            Some(proposal) => self.keyed(at, proposal, out),
            None => self.timers.set(Timer::Keys, at + patience::KEYS),
        }
    }

    /// No more keys follow: what was pressed is taken as it is.
    pub(super) fn keys_paused(&mut self, at: CallTime, out: &mut Vec<Output>) {
        let country = self.answered().business.country.clone();
        match self.keypad.pause(self.booking.expects(), &country) {
            Some(Pressed::Meant(proposal)) => self.keyed(at, proposal, out),
            Some(Pressed::Typed(digits)) => {
                let proposal = self.typed_detail(&digits);
                self.keyed(at, proposal, out);
            }
            Some(Pressed::Digit | Pressed::Nothing) => {
                self.floor_event(at, FloorEvent::TurnEnded, out);
                self.tell_booking(at, Event::NotUnderstood, out);
            }
            None => {}
        }
    }

    /// What keys say to the question of the business's own that was asked. What answers nothing is asked back.
    fn typed_detail(&self, digits: &str) -> Proposal {
        let asked = self.booking.detail_asked().and_then(|id| self.business().detail(id));
        let answer = asked.and_then(|question| understanding::keyed(digits, question));
        answer.unwrap_or_else(|| Proposal::of(Intent::Other))
    }

    /// What was said with keys takes the place of whatever was being said in words.
    fn keyed(&mut self, at: CallTime, proposal: Proposal, out: &mut Vec<Output>) {
        self.timers.clear(Timer::Keys);
        self.thinking.cancel(out);
        self.turn = None;
        self.listening.forget(&mut self.timers);
        self.floor_event(at, FloorEvent::TurnEnded, out);
        self.understood(at, proposal, out);
    }

    pub(super) fn hearing_failed(&mut self, at: CallTime, fault: &Fault, out: &mut Vec<Output>) {
        self.journal.fault(at, "speech-to-text", fault, out);
        self.hearing_failures += 1;
        let hopeless = !matches!(fault, Fault::Retry(_)) || self.hearing_failures >= patience::HEARING_FAILURES_MAX;
        if hopeless && !self.is_closing() {
            self.say(at, &Prompt::TroubleHearing, out);
            if matches!(fault, Fault::Retry(_)) || self.person().is_some() {
                self.tell_booking(at, Event::Understood(Proposal::of(Intent::Person)), out);
            } else {
                self.part_unheard(at, out);
            }
        }
    }

    /// Nobody will hear the caller any more, and nobody else can take the call: a promise, and goodbye. A question would
    /// only be followed by silence.
    pub(super) fn part_unheard(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.call_back_promised = true;
        self.write_message(at, out);
        self.say(at, &Prompt::CallBack, out);
        self.say(at, &Prompt::Goodbye, out);
        self.farewell(at, Ending::Goodbye, out);
    }

    pub(super) fn synthesis_failed(&mut self, at: CallTime, phrase: PhraseId, fault: &Fault, out: &mut Vec<Output>) {
        self.journal.fault(at, "text-to-speech", fault, out);
        self.unspoken |= self.speaking.has(phrase);
    }

    pub(super) fn times_found(
        &mut self,
        at: CallTime,
        query: QueryId,
        wanted_is_free: bool,
        refusal: Option<Refusal>,
        nearest: Vec<Slot>,
        out: &mut Vec<Output>,
    ) {
        if self.calendar_answered(query) {
            self.tell_booking(at, Event::TimesFound { wanted_is_free, refusal, nearest }, out);
        }
    }

    pub(super) fn slot_reserved(&mut self, at: CallTime, query: QueryId, appointment: String, out: &mut Vec<Output>) {
        if self.calendar_answered(query) {
            let moves = self.booking.facts().replaces.is_some();
            *(if moves { &mut self.moved } else { &mut self.booked }) = true;
            self.tell_booking(at, Event::Reserved { appointment }, out);
        }
    }

    pub(super) fn slot_taken(&mut self, at: CallTime, query: QueryId, nearest: Vec<Slot>, out: &mut Vec<Output>) {
        if self.calendar_answered(query) {
            self.tell_booking(at, Event::SlotTaken { nearest }, out);
        }
    }

    pub(super) fn appointments_found(
        &mut self,
        at: CallTime,
        query: QueryId,
        appointments: Vec<Appointment>,
        out: &mut Vec<Output>,
    ) {
        if self.calendar_answered(query) {
            self.journal.event(at, "appointments_found", appointments.len().to_string(), out);
            self.tell_booking(at, Event::AppointmentsFound { appointments }, out);
        }
    }

    pub(super) fn appointment_cancelled(&mut self, at: CallTime, query: QueryId, out: &mut Vec<Output>) {
        if self.calendar_answered(query) {
            self.cancelled = true;
            self.tell_booking(at, Event::AppointmentCancelled, out);
        }
    }

    pub(super) fn calendar_failed(&mut self, at: CallTime, query: QueryId, fault: &Fault, out: &mut Vec<Output>) {
        if self.calendar_answered(query) {
            self.journal.fault(at, "calendar", fault, out);
            self.tell_booking(at, Event::CalendarFailed, out);
        }
    }

    pub(super) fn calendar_is_late(&mut self, at: CallTime, out: &mut Vec<Output>) {
        if let Some(query) = self.calendar.waiting {
            self.calendar_failed(at, query, &Fault::Retry("no answer in time".to_owned()), out);
        }
    }

    /// Adds to what the model is told of the conversation.
    pub(super) fn remember(&mut self, role: Role, words: &str) {
        if words.is_empty() {
            return;
        }
        match self.history.last_mut() {
            Some(last) if last.role == role => {
                last.content.push(' ');
                last.content.push_str(words);
            }
            _ => self.history.push(Message { role, content: words.to_owned() }),
        }
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
    }

    fn carry_on(&mut self, at: CallTime, effect: Effect, out: &mut Vec<Output>) {
        match effect {
            Effect::Say(prompt) => {
                self.confirmed |= prompt == Prompt::Confirmed;
                self.call_back_promised |= matches!(prompt, Prompt::CallBack | Prompt::CalendarDown);
                self.say(at, &prompt, out);
            }
            Effect::Answer => self.start_answering(at, out),
            Effect::FindTimes { service, when, instead_of } => self.find_times(at, service, &when, instead_of, out),
            Effect::Hold { service, slot } => out.push(Output::HoldSlot { service, slot }),
            Effect::Reserve { service, slot, name, phone, details, replaces } => {
                let language = self.business().language;
                self.reserve(at, Reservation { service, slot, name, phone, details, replaces, language }, out);
            }
            Effect::FindAppointments { phone, name } => {
                let query = self.next_query(at);
                out.push(Output::FindAppointments { query, phone, name });
            }
            Effect::CancelAppointment { appointment } => {
                let query = self.next_query(at);
                out.push(Output::CancelAppointment { query, appointment });
            }
            Effect::ConfirmAppointment { appointment } => out.push(Output::ConfirmAppointment { appointment }),
            Effect::KeepMessage => self.passed_on.keep(self.turn.as_ref().map_or("", |open| &open.turn.text)),
            Effect::Transfer => self.transfer(at, out),
            Effect::HangUp => self.farewell(at, Ending::Goodbye, out),
        }
    }

    /// The model's reply is to be spoken. When nobody is writing one, the answer is ours.
    fn start_answering(&mut self, at: CallTime, out: &mut Vec<Output>) {
        match &mut self.turn {
            Some(open) => open.answering = true,
            None => self.tell_booking(at, Event::Answered, out),
        }
    }

    fn find_times(
        &mut self,
        at: CallTime,
        service: String,
        when: &When,
        instead_of: Option<String>,
        out: &mut Vec<Output>,
    ) {
        let (from, to) = match when {
            When::At(slot) => (slot.clone(), slot.clone()),
            When::Within { from, to } => (from.clone(), to.clone()),
            When::EitherHalf { .. } | When::Offered(_) => {
                return self.tell_booking(at, Event::CalendarFailed, out);
            }
        };
        let query = self.next_query(at);
        out.push(Output::FindTimes { query, wanted: Wanted { service, from, to, instead_of } });
    }

    fn reserve(&mut self, at: CallTime, reservation: Reservation, out: &mut Vec<Output>) {
        let key = format!("{}:{}:{}", self.answered().call_sid, reservation.service, reservation.slot.0);
        let query = self.next_query(at);
        out.push(Output::ReserveSlot { query, key, reservation });
    }

    fn transfer(&mut self, at: CallTime, out: &mut Vec<Output>) {
        self.transfer_to = self.person();
        if self.transfer_to.is_some() {
            self.farewell(at, Ending::Transfer, out);
        }
    }

    fn next_query(&mut self, at: CallTime) -> QueryId {
        let query = QueryId(self.calendar.asked_before);
        self.calendar.asked_before += 1;
        self.calendar.waiting = Some(query);
        self.timers.set(Timer::Calendar, at + patience::CALENDAR);
        query
    }

    /// Whether an answer is the one that is being waited for.
    fn calendar_answered(&mut self, query: QueryId) -> bool {
        let expected = self.calendar.waiting == Some(query);
        if expected {
            self.calendar.waiting = None;
            self.timers.clear(Timer::Calendar);
        }
        expected
    }
}

/// The phrases of a reading back that tell something of this call: all but the question at its end, where that is a
/// phrase of its own, and but what is said in every call, as that the number which calls is used.
fn telling(phrases: &[String], always_said: &[String]) -> Vec<String> {
    let told = match phrases {
        [told @ .., question] if !told.is_empty() && question.ends_with('?') => told,
        _ => phrases,
    };
    let own: Vec<String> = told.iter().filter(|phrase| !always_said.contains(phrase)).cloned().collect();
    if own.is_empty() { told.to_vec() } else { own }
}
