//! What is beside a call: its figures, its cost, its appointment, files, and everything that happened.

use chrono_tz::Tz;
use maud::{Markup, html};

use super::player::Sound;
use super::words;
use crate::store::EventRecord;
use crate::store::query::{AnalyticsRecord, CostRecord, WholeCall};

pub(super) fn facts(whole: &WholeCall, zone: Tz) -> Markup {
    let call = &whole.call;
    html! {
        section.card {
            h2 { "About the call" }
            dl.facts {
                @for appointment in &call.appointments {
                    dt { "Appointment" } dd { (words::plain(&appointment.service)) ", " (appointment.start_at.replace('T', " ")) " with " (appointment.staff) " for " (appointment.name) @if !appointment.details.0.is_empty() { br; (appointment.details.in_words()) } }
                }
                @if let Some(message) = &call.message {
                    dt { @if message.text.is_empty() { "To be called back" } @else { "Message" } } dd { (message.text) " " (message.name) " " (message.phone) }
                }
                @if let Some(transfer) = &call.transfer {
                    dt { "Put through" } dd { (words::plain(&transfer.status)) @if let Some(seconds) = transfer.duration_s { ", " (words::clock(seconds * 1_000)) } }
                }
                @if let Some(figures) = &whole.analytics {
                    dt { "Felt" } dd {
                        @if let Some(felt) = &figures.sentiment { span class={ "tag " (felt) } { (felt) } }
                        @if let Some(by) = &figures.sentiment_by { " by the " (by) }
                    }
                    dt { "Answer, average" } dd { (words::latency(figures.average_latency_ms)) ", p95 " (words::latency(figures.p95_latency_ms)) }
                    dt { "Caller, assistant spoke" } dd { (words::clock(figures.caller_talk_ms)) ", " (words::clock(figures.assistant_talk_ms)) }
                    dt { "Nobody spoke" } dd { (words::clock(figures.silence_time_ms)) }
                    dt { "Both spoke" } dd { (words::clock(number(figures, "overtalk_ms"))) }
                    dt { "Cut in" } dd { (figures.interruptions) " times" }
                    dt { "Words a minute" } dd { (number(figures, "caller_words_per_minute")) ", " (number(figures, "assistant_words_per_minute")) }
                    dt { "Pauses" } dd { (number(figures, "pauses")) ", the longest " (words::clock(number(figures, "longest_pause_ms"))) }
                }
                @if let Some(side) = &whole.metadata {
                    @let facts = [("Language", &side.language), ("Region", &side.region), ("Device", &side.device_type), ("Line", &side.network_quality)];
                    @for (name, fact) in facts { @if let Some(fact) = fact { dt { (name) } dd { (fact) } } }
                }
                @if let Some(agent) = &call.agent { dt { "Voice" } dd { (agent) } }
                @if let Some(ending) = &call.ending { dt { "Ended by" } dd { (words::plain(ending)) } }
                @if let Some(end) = call.end_time { dt { "Ended" } dd { (words::moment(end, zone)) } }
                dt { @if call.direction == "outbound" { "We called, from" } @else { "Dialled" } } dd { (call.called) }
                dt { "Carrier’s id" } dd { code { (call.call_sid) } }
            }
        }
    }
}

/// One of the figures that are kept as JSON; zero where there was nothing to count.
fn number(figures: &AnalyticsRecord, name: &str) -> i64 {
    figures.metrics.0.get(name).and_then(serde_json::Value::as_i64).unwrap_or(0)
}

/// How the call stood while it went on, minute by minute.
pub(super) fn snapshots(snapshots: &[AnalyticsRecord]) -> Markup {
    html! {
        @if !snapshots.is_empty() {
            section.card {
                details {
                    summary { "Minute by minute" }
                    table.rows {
                        thead { tr { th scope="col" { "After" } th.n scope="col" { "Spoken" } th.n scope="col" { "Silent" } th.n scope="col" { "Answer" } th scope="col" { "Felt" } } }
                        tbody { @for taken in snapshots { tr {
                            td { (taken.snapshot) " min" }
                            td.n { (words::clock(taken.talk_time_ms)) }
                            td.n { (words::clock(taken.silence_time_ms)) }
                            td.n { (words::latency(taken.average_latency_ms)) }
                            td { @if let Some(felt) = &taken.sentiment { span class={ "tag " (felt) } { (felt) } } }
                        } } }
                    }
                }
            }
        }
    }
}

pub(super) fn costs(costs: &[CostRecord]) -> Markup {
    let sum = |of: fn(&CostRecord) -> i64| costs.iter().map(of).sum::<i64>();
    html! {
        @if !costs.is_empty() {
            section.card {
                h2 { "Cost" }
                dl.facts {
                    @for cost in costs { dt { (words::plain(&cost.stage)) ", " (format!("{:.1}", cost.quantity)) " " (cost.unit) "s" } dd { (words::money(cost.micros)) } }
                    dt.sum { "Together" } dd.sum { (words::money(sum(|cost| cost.micros))) }
                    dt { "Saved by the cache" } dd { (words::money(sum(|cost| cost.saved_micros))) }
                    dt { "Spent on guesses in vain" } dd { (words::money(sum(|cost| cost.wasted_micros))) }
                }
            }
        }
    }
}

pub(super) fn downloads(id: &str, sound: Sound) -> Markup {
    html! {
        section.card {
            h2 { "Take it with you" }
            div.actions {
                @if sound == Sound::There { a.button href={ "/api/calls/" (id) "/audio" } download={ "call-" (id) ".wav" } { "Audio" } }
                @if sound == Sound::There { a.button href={ "/api/calls/" (id) "/tape" } download={ "tape-" (id) ".jsonl" } { "Tape, for replay" } }
                a.button href={ "/calls/" (id) "/transcript.csv" } { "Transcript, CSV" }
                a.button href={ "/api/calls/" (id) } { "Everything, JSON" }
            }
        }
    }
}

pub(super) fn removal(id: &str) -> Markup {
    html! {
        section.card {
            details {
                summary { "Remove this call" }
                p { "Its words, figures, recording and tape are removed for good. Appointments stay." }
                form action={ "/calls/" (id) "/remove" } method="post" { button { "Remove for good" } }
            }
        }
    }
}

pub(super) fn events(events: &[EventRecord]) -> Markup {
    html! {
        section.card {
            details {
                summary { (events.len()) " events" }
                div.events tabindex="0" role="group" aria-label="Events" {
                    dl.facts { @for event in events { dt { (words::clock(event.at_ms)) " " (words::plain(&event.name)) } dd { (event.detail) } } }
                }
            }
        }
    }
}
