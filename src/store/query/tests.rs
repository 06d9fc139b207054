//! Questions of analysts, asked of a real database.

use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::Tz;
use engine::io::Ending;
use engine::record::{Row, Speaker, Stage};
use engine::time::CallTime;
use uuid::Uuid;

use super::found::{Found, How};
use super::list::Way;
use super::*;
use crate::store::statement::Statement;
use crate::store::tests::place::{Place, on_both};
use crate::store::{CallStart, Store};

on_both! {
    "current_thread":
    pages_hold_every_call_once_in_order_and_lead_both_ways,
    an_item_says_what_a_list_shows,
    every_filter_leaves_the_calls_it_names,
    what_is_common_is_found_in_turn_as_what_is_rare_is_ahead,
    words_are_found_in_any_order_and_shown_where_they_stand,
    a_line_is_found_by_its_last_words_only_and_not_when_it_is_gone,
    a_call_is_shown_with_everything_to_whoever_may_see_it,
    figures_count_each_call_in_its_own_stretch_of_time,
    a_page_that_cannot_be_is_refused_by_the_name_of_what_is_wrong,
}

/// 2026-11-21 12:00 UTC.
const NOON_MS: i64 = 1_795_262_400_000;

/// Calls a minute apart. Every third is of another business, every second one books; the caller of call `n` says a word
/// that nobody else says, and one that everybody does.
pub(in crate::store) struct Desk {
    _place: Place,
    pub(in crate::store) store: Store,
}

pub(in crate::store) fn id(call: usize) -> String {
    Uuid::from_u128(call as u128 + 1).hyphenated().to_string()
}

fn business(call: usize) -> &'static str {
    if call % 3 == 2 { "Salon" } else { "Barbers" }
}

fn said(line: u32, speaker: Speaker, words: &str) -> Row {
    let (from, to) = (CallTime::from_ms(1_000), CallTime::from_ms(2_500));
    Row::Said {
        line,
        speaker,
        heard: words.into(),
        unheard: String::new(),
        confidence: 0.9,
        from,
        to,
        words: Vec::new(),
    }
}

impl Desk {
    pub(in crate::store) async fn with(place: Place, calls: usize) -> Self {
        let store = place.open().await;
        for call in 0..calls {
            leave(&store, call);
        }
        store.flush().await;
        for call in 0..calls {
            figure(&store, call).await;
        }
        Self { _place: place, store }
    }

    async fn list(&self, query: ListQuery) -> Page<CallItem> {
        self.store.records().list(&query).await.expect("a list")
    }

    async fn ids(&self, filter: Filter) -> Vec<String> {
        let page = self.list(ListQuery { filter, order: Order::Ascending, limit: 100, ..ListQuery::default() }).await;
        page.items.into_iter().map(|item| item.id).collect()
    }

    async fn found(&self, text: &str) -> Vec<String> {
        let query = SearchQuery { text: text.into(), limit: 100, ..SearchQuery::default() };
        let page = self.store.records().search(&query).await.expect("hits");
        page.items.into_iter().map(|hit| hit.call_id).collect()
    }
}

fn leave(store: &Store, call: usize) {
    let call_id = Uuid::from_u128(call as u128 + 1);
    store.begin(CallStart {
        call_id,
        call_sid: format!("CA{call:032x}"),
        stream_sid: format!("MZ{call:032x}"),
        from: format!("+1555000{call:04}"),
        to: "+15552223333".into(),
        business: business(call).into(),
        started_at_ms: NOON_MS + call as i64 * 60_000,
        sandbox: call == 0,
        outbound: false,
        agent: None,
    });
    store.record(call_id, said(0, Speaker::Assistant, "How can I help?"));
    store.record(call_id, said(1, Speaker::Caller, &format!("A haircut for Nr{call}, don't wash")));
    let stages = [
        (Stage::SpeechEnded, CallTime::from_ms(400)),
        (Stage::FirstFrame, CallTime::from_ms(1_000 + 100 * call as u64)),
    ];
    let (guesses, stages) = (engine::record::Guesses::default(), stages.into_iter().collect());
    store.record(call_id, Row::Turn { turn: 0, stages, by_rules: true, tokens: (1, 1), guesses, late: None });
    for (event, state) in (0..).zip(["greeting", "service", "service"]) {
        let name = "booking_state".to_owned();
        store.record(call_id, Row::Event { event, at: CallTime::from_ms(5), name, detail: state.into() });
    }
    let outcome = if call.is_multiple_of(2) { "booked" } else { "abandoned" };
    let at = CallTime::from_ms(60_000 - call as u64 * 1_000);
    store.record(call_id, Row::Ended { at, ending: Ending::HungUp, outcome: outcome.into() });
}

/// What the analysis of a call leaves.
async fn figure(store: &Store, call: usize) {
    let mut analytics = Statement::new("INSERT INTO analytics (call_id, snapshot, snapshot_time, sentiment,
        talk_time_ms, caller_talk_ms, assistant_talk_ms, silence_time_ms, interruptions, average_latency_ms, metrics) VALUES");
    let sentiment = ["positive", "negative"][call % 2];
    analytics.add(
        " (?, 0, ?, ?, 1000, 400, 600, 50, 0, ?, '{}')",
        [(&id(call)).into(), moment(0).into(), sentiment.into(), (500 + call as i64).into()],
    );
    analytics.run(&store.database.write()).await.expect("done");
    let mut costs = Statement::new("INSERT INTO costs (call_id, stage, quantity, unit, micros) VALUES");
    costs.add(
        " (?, 'model', 7.5, 'token', 30), (?, 'telephony', 1, 'minute', 70)",
        [(&id(call)).into(), (&id(call)).into()],
    );
    costs.run(&store.database.write()).await.expect("done");
}

pub(in crate::store) fn moment(minutes: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(NOON_MS + minutes * 60_000).single().expect("a moment")
}

async fn pages_hold_every_call_once_in_order_and_lead_both_ways(place: Place) {
    let desk = Desk::with(place, 7).await;
    for sort in [Sort::StartTime, Sort::Duration, Sort::Latency] {
        for order in [Order::Descending, Order::Ascending] {
            let query = |cursor| ListQuery { sort, order, cursor, limit: 3, ..ListQuery::default() };
            let first = desk.list(query(None)).await;
            let second = desk.list(query(first.next.clone())).await;
            let third = desk.list(query(second.next.clone())).await;
            assert_eq!((first.previous.as_ref(), third.next.as_ref()), (None, None));
            let all: Vec<_> = [&first, &second, &third].into_iter().flat_map(|page| page.items.clone()).collect();
            let mut ids: Vec<_> = (0..7).map(id).collect();
            // The later a call, the shorter it is and the slower.
            if (order == Order::Descending) != (sort == Sort::Duration) {
                ids.reverse();
            }
            assert_eq!(all.into_iter().map(|item| item.id).collect::<Vec<_>>(), ids, "{sort:?} {order:?}");
            let back = desk.list(query(third.previous)).await;
            assert_eq!(back.items, second.items);
            let front = desk.list(query(back.previous)).await;
            assert_eq!((front.items, front.previous), (first.items, None));
        }
    }
}

/// Words and numbers of few calls are looked up ahead; those of many are not, and must lead to the same calls.
async fn what_is_common_is_found_in_turn_as_what_is_rare_is_ahead(place: Place) {
    let desk = Desk::with(place, 9).await;
    let records = desk.store.records();
    let in_turn = Found { words: How::InTurn, callers: How::InTurn };
    for (text, caller) in
        [(Some("HAIRCUT wash"), None), (Some("nr4"), None), (None, Some("0007")), (Some("nr8"), Some("00"))]
    {
        let (text, caller) = (text.map(str::to_owned), caller.map(str::to_owned));
        let filter = Filter { text, caller, ..Filter::default() };
        let ahead = records.found(&filter).await.expect("looked for");
        for (sort, order) in [(Sort::StartTime, Order::Ascending), (Sort::Duration, Order::Descending)] {
            for wanted in [1, 2, 50] {
                let way = || Way { sort, order, from: None };
                let expected = records.calls_of(&filter, &ahead, way(), wanted).await.expect("calls");
                let calls = records.calls_of(&filter, &in_turn, way(), wanted).await.expect("calls");
                assert_eq!(calls, expected, "{filter:?} {sort:?}");
                assert!(!calls.is_empty() && calls.len() <= wanted);
            }
        }
        let spans = Spans::between(moment(0), moment(60), Step::Hour, Tz::UTC).expect("an hour");
        let counted = records.figures(&filter, &spans).await.expect("figures").buckets[0].calls;
        let all =
            records.calls_of(&filter, &in_turn, Way { sort: Sort::StartTime, order: Order::Ascending, from: None }, 50);
        assert_eq!(counted as usize, all.await.expect("calls").len());
    }
}

async fn an_item_says_what_a_list_shows(place: Place) {
    let desk = Desk::with(place, 1).await;
    let item = desk.list(ListQuery { limit: 1, ..ListQuery::default() }).await.items.remove(0);
    assert_eq!((item.start_time, item.caller.as_str(), item.business.as_str()), (moment(0), "+15550000000", "Barbers"));
    assert_eq!((item.duration_ms, item.outcome.as_deref(), item.sandbox), (Some(60_000), Some("booked"), true));
    assert_eq!((item.sentiment.as_deref(), item.average_latency_ms), (Some("positive"), Some(500)));
    assert_eq!((item.cost_micros, item.first_words.as_deref()), (Some(100), Some("A haircut for Nr0, don't wash")));
}

async fn every_filter_leaves_the_calls_it_names(place: Place) {
    let desk = Desk::with(place, 7).await;
    let all = Filter::default();
    for (filter, calls) in [
        (Filter { scope: Scope::Business("Salon".into()), ..all.clone() }, vec![2, 5]),
        (Filter { scope: Scope::Business("Salon".into()), business: Some("Barbers".into()), ..all.clone() }, vec![]),
        (Filter { business: Some("Salon".into()), outcome: Some("booked".into()), ..all.clone() }, vec![2]),
        (Filter { from: Some(moment(2)), to: Some(moment(4)), ..all.clone() }, vec![2, 3]),
        (Filter { caller: Some("0003".into()), ..all.clone() }, vec![3]),
        (Filter { caller: Some("%".into()), ..all.clone() }, vec![]),
        (Filter { caller: Some("_' OR 1=1 --".into()), ..all.clone() }, vec![]),
        (Filter { status: Some("active".into()), ..all.clone() }, vec![]),
        (Filter { sentiment: Some("negative".into()), ..all.clone() }, vec![1, 3, 5]),
        (Filter { duration_ms_min: Some(56_000), duration_ms_max: Some(58_000), ..all.clone() }, vec![2, 3, 4]),
        (Filter { latency_ms_min: Some(505), latency_ms_max: Some(505), ..all.clone() }, vec![5]),
        (Filter { text: Some("nr4 haircut".into()), ..all.clone() }, vec![4]),
        (Filter { text: Some("\"".into()), ..all.clone() }, vec![]),
        (Filter { sandbox: Some(false), from: Some(moment(5)), ..all.clone() }, vec![5, 6]),
    ] {
        let ids: Vec<String> = calls.into_iter().map(id).collect();
        assert_eq!(desk.ids(filter.clone()).await, ids, "{filter:?}");
    }
}

async fn words_are_found_in_any_order_and_shown_where_they_stand(place: Place) {
    let desk = Desk::with(place, 3).await;
    assert_eq!(desk.found("hairc").await, [id(2), id(1), id(0)]);
    assert_eq!(desk.found("hairc nr1").await, Vec::<String>::new(), "the last word alone may be unfinished");
    assert_eq!(desk.found("haircut nr1").await, [id(1)]);
    assert_eq!(desk.found("don't").await.len(), 3);
    for hostile in ["NEAR(a b)", "text:x", "* OR *", "a\" OR \"b", "'; DROP TABLE calls; --", "\u{0}", "-haircut ^x"] {
        let query = SearchQuery { text: hostile.into(), limit: 5, ..SearchQuery::default() };
        match desk.store.records().search(&query).await {
            Ok(_) | Err(QueryError::Wrong { field: "q", .. }) => {}
            Err(error) => panic!("{hostile}: {error}"),
        }
    }
    let query = SearchQuery { text: "haircut".into(), limit: 2, ..SearchQuery::default() };
    let first = desk.store.records().search(&query).await.expect("hits");
    assert_eq!((first.items[0].line, first.items[0].start_ms, first.items[0].speaker.as_str()), (1, 1_000, "caller"));
    let marked: Vec<_> = first.items[0].snippet.iter().filter(|piece| piece.hit).map(|piece| &piece.text).collect();
    assert_eq!(marked, ["haircut"]);
    let rest = SearchQuery { cursor: first.next, ..query.clone() };
    assert_eq!(desk.store.records().search(&rest).await.expect("hits").items.len(), 1);
    let filter = Filter { scope: Scope::Business("Salon".into()), ..Filter::default() };
    let of_salon = desk.store.records().search(&SearchQuery { filter, ..query }).await.expect("hits");
    assert_eq!(of_salon.items.iter().map(|hit| &hit.call_id).collect::<Vec<_>>(), [&id(2)]);
}

async fn a_line_is_found_by_its_last_words_only_and_not_when_it_is_gone(place: Place) {
    let desk = Desk::with(place, 2).await;
    desk.store.record(Uuid::from_u128(1), said(1, Speaker::Caller, "a coloring"));
    desk.store.flush().await;
    assert_eq!((desk.found("coloring").await, desk.found("nr0").await), (vec![id(0)], vec![]));
    let mut gone = Statement::default();
    gone.add("DELETE FROM calls WHERE id = ?", [(&id(0)).into()]);
    gone.run(&desk.store.database.write()).await.expect("done");
    Statement::new("VACUUM").run(&desk.store.database.write()).await.expect("done");
    assert_eq!((desk.found("coloring").await, desk.found("haircut").await), (vec![], vec![id(1)]));
}

async fn a_call_is_shown_with_everything_to_whoever_may_see_it(place: Place) {
    let desk = Desk::with(place, 1).await;
    let records = desk.store.records();
    let whole = records.whole_call(&id(0), &Scope::All).await.expect("readable").expect("there");
    assert_eq!((whole.call.transcript.len(), whole.costs.len()), (2, 2));
    assert_eq!(whole.analytics.expect("figures").average_latency_ms, Some(500));
    assert!(whole.snapshots.is_empty() && whole.metadata.is_none());
    assert!(records.whole_call(&id(0), &Scope::Business("Salon".into())).await.expect("readable").is_none());
    assert!(records.whole_call("' OR ''='", &Scope::All).await.expect("readable").is_none());
}

async fn figures_count_each_call_in_its_own_stretch_of_time(place: Place) {
    let desk = Desk::with(place, 7).await;
    let spans = Spans::between(moment(-60), moment(60), Step::Hour, Tz::Asia__Kolkata).expect("hours");
    let figures = desk.store.records().figures(&Filter::default(), &spans).await.expect("figures");
    let calls: Vec<i64> = figures.buckets.iter().map(|bucket| bucket.calls).collect();
    assert_eq!(calls, [0, 7, 0], "half past the hour in UTC is the hour in Kolkata");
    let bucket = &figures.buckets[1];
    assert_eq!((bucket.booked, bucket.booked_share, bucket.active), (4, Some(4.0 / 7.0), 0));
    assert_eq!((bucket.cost_micros, bucket.talk_time_ms, bucket.duration_ms), (700, 7_000, 399_000));
    assert_eq!((bucket.latency.turns, bucket.latency.p50_ms, bucket.latency.p99_ms), (7, Some(900), Some(1_200)));
    let funnel: Vec<_> = figures.funnel.iter().map(|step| (step.state.as_str(), step.calls)).collect();
    assert_eq!(funnel[..3], [("greeting", 7), ("service", 7), ("time", 0)]);
    let filter = Filter { scope: Scope::Business("Salon".into()), ..Filter::default() };
    let one = desk.store.records().figures(&filter, &Spans::one(moment(0), moment(4))).await.expect("figures");
    assert_eq!((one.buckets[0].calls, one.funnel[0].calls), (1, 1));
}

async fn a_page_that_cannot_be_is_refused_by_the_name_of_what_is_wrong(place: Place) {
    let desk = Desk::with(place, 0).await;
    let records = desk.store.records();
    for (query, field) in [
        (ListQuery { limit: 0, ..ListQuery::default() }, "limit"),
        (ListQuery { limit: 201, ..ListQuery::default() }, "limit"),
        (ListQuery { limit: 1, cursor: Some("' OR 1".into()), ..ListQuery::default() }, "cursor"),
    ] {
        let error = records.list(&query).await.expect_err("refused");
        assert!(matches!(&error, QueryError::Wrong { field: named, .. } if *named == field), "{error}");
    }
    let empty = records.list(&ListQuery { limit: 5, ..ListQuery::default() }).await.expect("a page");
    assert_eq!((empty.items.len(), empty.next, empty.previous), (0, None, None));
}
