//! What people say on the phone, by what it is for. Lists are written with commas between phrases, in the words that
//! `words` makes of speech: "don't" is "do not", "okay" is "ok".

/// Words that open a turn and say nothing.
pub(super) const OPENERS: &str = "um, uh, uhm, er, erm, hm, hmm, mm, oh, well, so, ah, hi, hello, hey, and, like, wait, \
    actually, sorry, listen, look, you know, let me see, let us see";

/// Ways to say yes.
pub(super) const YES: &str = "yes, yeah, yep, yup, ya, yah, yeh, yea, sure, sure thing, ok, alright, all right, fine, \
    fine by me, fine with me, correct, right, exactly, absolutely, definitely, certainly, perfect, great, awesome, excellent, \
    wonderful, lovely, good, cool, indeed, affirmative, please, please do, of course, go ahead, go for it, book it, book that, \
    book it please, please book, please book it, please book that, please go ahead, yes book it, do it, do that, let us do it, \
    let us do that, why not, uh huh, mm hmm, mhm, mmhm, mm hm, aha, sounds good, sounds great, sounds perfect, sounds fine, \
    sounds right, that sounds good, that sounds great, that sounds fine, that sounds right, that sounds perfect, that works, \
    that will work, that would work, that will do, that would do, works for me, that is fine, that is good, that is great, \
    that is right, that is correct, that is perfect, that is ok, that is me, that is the one, that would be great, \
    that would be good, that would be perfect, that would be fine, that would be lovely, it is, it does, i do, i would, \
    i will take it, i will take that, i guess so, i think so, i suppose so, i guess, i suppose, i believe so, you got it, \
    you bet, no problem, by all means, it is fine, it is good, it is correct, it is right, it is perfect, suits me, \
    that suits me, all good, looks good, confirmed, confirm, i confirm, totally, for sure, if you could, if you would, \
    very good, very well, happy with that, i am happy with that, i like that, keep it, leave it";

/// The part of them that means yes to an open question, where "great" or "OK" only takes note.
pub(super) const PLAIN_YES: &str = "yes, yeah, yep, yup, ya, yah, yeh, yea, sure, please, of course, certainly, definitely, i do, i would, uh huh, mm hmm";

/// Words of [`YES`] that say something else when the sentence goes on: "right now", "good morning", "I do have one".
pub(super) const YES_AT_THE_END: &str = "it is, it does, i do, i would, please, right, good, if you could, if you would, i guess, i suppose, leave it, keep it";

/// Words that may follow a yes in one breath.
pub(super) const AFTER_AN_ANSWER: &str = "please, thanks, thank, yes, yeah, and, but, so, then, actually";

/// Ways to say no.
pub(super) const NO: &str = "no, nope, nah, naw, no thanks, no thank you, not really, not quite, not yet, not at all, \
    not right, not correct, not exactly, negative, wrong, incorrect, that is wrong, that is not right, that is not correct, \
    that is not it, that is incorrect, it is not, it is wrong, do not, do not book it, do not book that, i do not, \
    i would rather not, rather not, please do not, none, none of those, none of them, none of these, neither, not today, \
    not that one, not now, i do not think so, that does not work, does not work, that will not work, those do not work, \
    those will not work, they do not work, can not do any of those, i can not do any of those, can not make any of those, \
    i can not make any of those, i can not make that, i can not do that, i am good, i am fine, i am ok, we are good, uh uh, \
    nuh uh, never, no way, stop, i do not have one, i do not have a number, i do not have a phone, i do not have another number, \
    i do not have another one, definitely not, \
    absolutely not, certainly not, of course not, probably not, cancel, cancel that, cancel it, what else do you have, \
    what else have you got, something else, do you have anything else, any other times, any other options, other options, \
    do not want to change anything, i do not want to change anything, do not change anything";

/// Beginnings like those of [`NO`] that say something else.
pub(super) const NO_OTHERWISE: &str = "no problem, no worries, no later than, no earlier than, no preference, no rush, \
    no doubt, do not know, do not care, do not mind, do not you, i do not know, i do not care, i do not mind, i do not want, i do not have, \
    stop by, no matter, never mind, not before, not after, not until";

/// Ways to say that there is nothing more to do.
pub(super) const NOTHING_MORE: &str = "that is all, that is it, that will be all, that would be all, nothing else, nothing, \
    nothing more, i am all set, all set, we are all set, i am good, i am done, we are done, that is everything, that will be it, \
    that is all i needed, not today, no more questions, you have been very helpful, you have been helpful";

/// Ways to end a call.
pub(super) const GOODBYE: &str = "bye, bye bye, goodbye, good bye, good night, see you, see ya, have a good day, \
    have a good one, have a great day, have a nice day, have a good evening, have a good afternoon, talk to you later, talk later, \
    hang up, take care, farewell, so long, i have to go, i will call back, i will call you back, call you back, call back later, \
    call again later, never mind, nevermind, forget it, forget about it";

/// The part of them that takes back what was just asked, where something was.
pub(super) const NEVER_MIND: &str = "never mind, nevermind, forget it, forget about it";

/// Ways to say that there is no answer to give.
pub(super) const NO_IDEA: &str =
    "do not know, no idea, not sure, rather not, do not want to say, prefer not, do not remember, none, skip";

/// Ways to ask for a person.
pub(super) const PERSON: &str = "operator, representative, a representative, agent, an agent, real person, a person, \
    a human, human being, actual person, live person, actual human, real human, customer service, receptionist, the manager, \
    a manager, someone real, somebody real, speak to, speak with, talk to, talk with, transfer me, put me through, \
    connect me, the owner, a staff member, human, the front desk, your manager, your boss";

/// Questions about who is on the line; no wish for somebody else.
pub(super) const WHO_IS_THERE: &str = "who am i, am i talking, am i speaking, is this, are you, who is this, is that";

/// Words that change something, whatever else is said.
pub(super) const CHANGE: &str = "instead, make that, make it, change, changed my mind, change my mind, different, i meant, \
    on second thought, reschedule, switch, move it, correction, scratch that, another day, another time, other day, \
    wrong day, wrong time, wrong name, wrong number, update, but can, but could, i said";

/// Words that change something where a fact follows them.
pub(super) const CHANGE_WITH_FACT: &str = "actually, rather, i mean, sorry no, no sorry, no wait, but";

/// Words that look like [`CHANGE`] and are none.
pub(super) const NO_CHANGE: &str = "can not make it, rather not, do not want to change, do not change, oil change";

/// Ways to say that something was heard wrong, or does not suit.
pub(super) const FAULT: &str = "wrong, incorrect, not right, not correct, misspelled, spelled, is not my, too early, too late, \
    too soon";

/// Ways to ask for an appointment.
pub(super) const BOOK: &str = "book, appointment, appointments, schedule, reserve, reservation, booking, come in, get in, \
    squeeze me in, fit me in, availability, available, any openings, opening, openings, a slot, any slots";

/// Ways to wish for something in the form of a question.
pub(super) const WISH: &str = "can i get, could i get, can i have, could i have, can i come, could i come, can i do, could i do, \
    can we do, could we do, do you have, have you got, may i have, can you do, could you do";

/// How a question begins.
pub(super) const ASKS: &str = "what, where, how, who, which, why, when, do you, does it, does the, does a, does that, does your, does my, are you, are there, is there, is it, \
    can i, can you, could you, could i, can we, could we, may i, do i, is the, are your, will you, would you, will there, should i, \
    i was wondering, i wonder, tell me, i have a question, quick question, one more question, have you, is parking, is my, did, \
    am i, is this, is that";

/// How a question about the business begins.
pub(super) const ASKS_ABOUT_US: &str = "how long, how much, how many, how do, how does, how late, how early, how far, what time do you open, what time do you close, when do you open, when do you close, \
    how old, what does, what do you charge, what do you do, what do you offer, what do you recommend, what is the difference, \
    what kind, what are, what services, where, who, why, is there, are there, are you, do you take, do you accept, does it, does the, does a, does your, which, \
    am i, is this";

/// Words that make it a question about a free time after all.
pub(super) const ASKS_FOR_TIME: &str = "how about, how soon, anything, any time, any times, any openings, opening, openings, \
    available, availability, free, earliest, soonest, slot, spot, a time, appointment, fit me, squeeze, which times, room, sound, work for you";

/// Ways to say that something was not heard.
pub(super) const REPEAT: &str = "pardon, pardon me, excuse me, what was that, what did you say, say again, say that again, \
    come again, repeat that, repeat, can you repeat, could you repeat, did not hear, did not catch, did not get that, \
    one more time, huh, what do you mean";

/// Ways to keep something to oneself.
pub(super) const RELUCTANT: &str = "rather not, prefer not, do not want to, not going to, none of your business, no comment, \
    do not give, can not give";

/// Ways to point at the number one calls from.
pub(super) const THIS_NUMBER: &str = "this number, this one, same number, calling from, this phone, called from, you have it, have it already, my caller id";

/// Ways to turn down the number one calls from, where it is offered.
pub(super) const OTHER_NUMBER: &str = "not this number, not that number, not on this number, not on that number, \
    not on this phone, not from this phone, not my number, not with this number, other number, other phone, \
    another number, another phone, different phone";

/// Ways to tell the last digits of a number.
pub(super) const ENDS_IN: &str = "it ends in, it ends with, ends in, ends with, ending in, ending with, the last digits are, the last digit is, \
    the last two digits are, the last two are, the last three are, the last four are, the last four digits are, the last three digits are";

/// Ways to want one thing more.
pub(super) const ONE_MORE: &str = "add, also, too, as well, on top";

/// Ways to speak of an appointment that stands already.
pub(super) const OLD_APPOINTMENT: &str = "my appointment, my appointments, my booking, my reservation, an existing appointment, \
    my existing, the appointment, our appointment, our booking, my visit, the appointment i have, an appointment i have, \
    an appointment i made, the one i have, the one i booked, her appointment, his appointment, their appointment";

/// Ways to say that one has an appointment.
pub(super) const HAS_APPOINTMENT: &str = "i have an appointment, i have a booking, i have a reservation, i had an appointment, \
    i already have an appointment, i have got an appointment, i booked an appointment, i made an appointment, do i have an appointment, \
    i am booked, i have something booked, i have one booked";

/// To want an appointment no more.
pub(super) const CANCEL: &str = "cancel, cancelled, canceled, cancelling, canceling, call off, call it off";

/// The same, said so that it is one that stands.
pub(super) const CANCEL_ONE: &str = "like to cancel, need to cancel, want to cancel, have to cancel, got to cancel, going to cancel, \
    calling to cancel, call to cancel, cancel my, cancel an appointment, cancel the appointment, cancel our, \
    can not make it to my, can not make my, can not come to my, not going to make it to my, can not keep my";

/// To want it at another time.
pub(super) const MOVE: &str = "move, moved, moving, reschedule, rescheduled, rescheduling, change, changed, postpone, push, push back, \
    switch, swap, bring forward, put off, shift, rebook, make it earlier, make it later, come earlier, come later";

/// The same of one that was just spoken of.
pub(super) const MOVE_ONE: &str = "move it, move that, move my, reschedule, reschedule it, reschedule that, push it, postpone it, postpone, \
    change it, change that, change the time, change the day, change my, switch it, shift it, put it off, bring it forward";

/// Words that change the time of what stands, where nothing is being asked.
pub(super) const OF_WHAT_STANDS: &str =
    "instead, make that, make it, actually, rather, i meant, i mean, wrong time, wrong day";

/// To want to know of it.
pub(super) const FIND: &str = "when, what time, which day, what day, about, check, confirm, look up, find, remember, forgot, forgotten, \
    remind, details, see, still on";

/// Words that make an appointment, be it "my appointment".
pub(super) const MAKES_ONE: &str = "book, make, schedule, get, set up, need, want, like, have";

/// Ways to keep what was to be cancelled.
pub(super) const KEEP: &str =
    "no, nope, nah, not, keep, leave it, wait, hold on, never mind, nevermind, forget it, do not, stop, actually";

/// Ways to say that one is late.
pub(super) const LATE: &str = "running late, running a bit late, running a little late, i will be late, going to be late, i am late, \
    minutes late";

/// Ways to ask that somebody be told something, before whom.
pub(super) const TELL: &str = "can you tell, could you tell, please tell, would you tell, tell him, tell her, tell them, let him know, \
    let her know, let them know, could you let, can you let, please let";

/// Ways to leave a message.
pub(super) const PASS_ON: &str = "leave a message, take a message, leave him a message, leave her a message, leave them a message, \
    leave a note, pass on a message, pass a message, pass something on, give him a message, give her a message, have a message for";

/// Small talk that wants an answer.
pub(super) const SMALL_TALK: &str = "how are you, how are you doing, how is it going, how do you do, how have you been";
