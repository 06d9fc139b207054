//! What is free, by example, and by properties that hold for every calendar.

use super::*;

fn business() -> Business {
    let json = serde_json::json!({
        "name": "Barbers", "time_zone": "America/New_York",
        "hours": {"tue": ["09:00-12:00", "13:00-18:00"], "wed": ["09:00-18:00"], "sat": ["10:00-16:00"], "sun": ["00:00-08:00"]},
        "services": [
            {"id": "haircut", "name": "a haircut", "minutes": 30},
            {"id": "coloring", "name": "a coloring", "minutes": 90},
        ],
        "staff": [{"id": "sam", "name": "Sam"}, {"id": "robin", "name": "Robin", "services": ["haircut"]}],
    });
    serde_json::from_value(json).expect("a business")
}

fn at(text: &str) -> NaiveDateTime {
    moment(&Slot(text.to_owned())).expect("a moment")
}

/// Monday, the day before a Tuesday that is open from nine to twelve and from one to six.
fn now() -> NaiveDateTime {
    at("2026-11-23T10:00")
}

fn busy(staff: &str, from: &str, to: &str) -> Busy {
    Busy { staff: staff.to_owned(), from: utc(at(from)), to: utc(at(to)) }
}

/// The moment of New York's clock.
fn utc(at: NaiveDateTime) -> DateTime<Utc> {
    instant(&business(), at).expect("a moment that exists")
}

fn who(service: &str, wanted: &str, busy: &[Busy]) -> Result<Vec<String>, Refusal> {
    let business = business();
    let service = business.service(service).expect("a service");
    free_staff(&business, service, at(wanted), now(), busy)
        .map(|staff| staff.iter().map(|staff| staff.id.clone()).collect())
}

fn near(service: &str, from: &str, to: &str, busy: &[Busy]) -> Vec<String> {
    let business = business();
    let service = business.service(service).expect("a service");
    nearest(&business, service, at(from), at(to), now(), busy, 3).into_iter().map(|slot| slot.0).collect()
}

#[test]
fn everybody_who_does_it_and_has_time_is_free_in_the_order_of_the_file() {
    assert_eq!(who("haircut", "2026-11-24T09:00", &[]), Ok(vec!["sam".to_owned(), "robin".to_owned()]));
    assert_eq!(who("coloring", "2026-11-24T09:00", &[]), Ok(vec!["sam".to_owned()]));
    let sam_has_ten = [busy("sam", "2026-11-24T10:00", "2026-11-24T10:30")];
    assert_eq!(who("haircut", "2026-11-24T10:00", &sam_has_ten), Ok(vec!["robin".to_owned()]));
    assert_eq!(who("haircut", "2026-11-24T09:30", &sam_has_ten).map(|staff| staff.len()), Ok(2));
    assert_eq!(who("haircut", "2026-11-24T10:30", &sam_has_ten).map(|staff| staff.len()), Ok(2));
    assert_eq!(who("coloring", "2026-11-24T09:00", &sam_has_ten), Err(Refusal::Taken));
}

#[test]
fn a_time_that_cannot_be_had_says_why() {
    for (service, wanted, refusal) in [
        ("haircut", "2026-11-23T09:00", Refusal::Past),
        ("haircut", "2026-11-23T10:30", Refusal::Past),
        ("haircut", "2026-11-23T15:00", Refusal::Closed),
        ("haircut", "2026-11-24T12:00", Refusal::Closed),
        ("haircut", "2026-11-24T18:00", Refusal::Closed),
        ("haircut", "2027-06-01T10:00", Refusal::TooFar),
        ("haircut", "2026-11-24T15:10", Refusal::OffGrid),
        // Ninety minutes from eleven would run through lunch.
        ("coloring", "2026-11-24T11:00", Refusal::Closed),
        ("coloring", "2026-11-24T17:00", Refusal::Closed),
    ] {
        assert_eq!(who(service, wanted, &[]), Err(refusal), "{service} at {wanted}");
    }
    assert!(who("coloring", "2026-11-24T10:30", &[]).is_ok());
}

#[test]
fn an_hour_that_daylight_saving_skips_is_closed() {
    let business = business();
    let haircut = business.service("haircut").expect("a service");
    let march = at("2027-03-13T10:00");
    let on_sunday = |hour: &str| free_staff(&business, haircut, at(&format!("2027-03-14T{hour}")), march, &[]).err();
    assert_eq!(on_sunday("02:30"), Some(Refusal::Closed));
    assert_eq!((on_sunday("01:30"), on_sunday("03:00")), (None, None));
}

#[test]
fn the_night_in_which_the_clock_is_changed_is_right_to_the_minute() {
    let business = business();
    let coloring = business.service("coloring").expect("a service");
    let on = |day: &str, hour: &str, now: &str, busy: &[Busy]| {
        free_staff(&business, coloring, at(&format!("{day}T{hour}")), at(now), busy).err()
    };
    // Sunday is open until eight. In spring, ninety minutes from 1:30 end at 4:00; in autumn, from 0:30, at 1:00 for the
    // second time.
    let spring = |hour: &str, busy: &[Busy]| on("2027-03-14", hour, "2027-03-13T10:00", busy);
    let four = [Busy { staff: "sam".to_owned(), ..busy("sam", "2027-03-14T04:00", "2027-03-14T05:00") }];
    let quarter_to = [busy("sam", "2027-03-14T03:45", "2027-03-14T05:00")];
    assert_eq!((spring("01:30", &four), spring("01:30", &quarter_to)), (None, Some(Refusal::Taken)));
    let autumn = |hour: &str, busy: &[Busy]| on("2026-11-01", hour, "2026-10-31T10:00", busy);
    let half_past_one = utc(at("2026-11-01T00:30")) + TimeDelta::minutes(60);
    let first = Busy { staff: "sam".to_owned(), from: half_past_one, to: half_past_one + TimeDelta::minutes(30) };
    let second = Busy { from: first.to, to: first.to + TimeDelta::minutes(60), ..first.clone() };
    assert_eq!((autumn("00:30", &[first]), autumn("00:30", &[second])), (Some(Refusal::Taken), None));
}

#[test]
fn nobody_is_booked_on_a_holiday_in_a_break_or_when_they_are_away() {
    let mut business = business();
    let days = |days: serde_json::Value| serde_json::from_value(days).expect("days");
    business.days = days(serde_json::json!({"2026-11-25": [], "2026-11-24": ["10:00-16:00"]}));
    business.staff[0].breaks = serde_json::from_value(serde_json::json!(["12:00-14:00"])).expect("breaks");
    business.staff[1].hours = Some(serde_json::from_value(serde_json::json!({"tue": ["09:00-11:00"]})).expect("hours"));
    business.staff[1].days = days(serde_json::json!({"2026-12-01": []}));
    let haircut = business.service("haircut").expect("a service");
    let who = |wanted: &str| {
        let staff = free_staff(&business, haircut, at(wanted), now(), &[])?;
        Ok(staff.iter().map(|staff| staff.id.as_str()).collect::<Vec<_>>())
    };
    assert_eq!(who("2026-11-25T10:00"), Err(Refusal::Closed));
    assert_eq!(who("2026-11-24T09:30"), Err(Refusal::Closed));
    assert_eq!(who("2026-11-24T10:30"), Ok(vec!["sam", "robin"]));
    assert_eq!(who("2026-11-24T11:00"), Ok(vec!["sam"]));
    // The business is open, but one is in a break and the other at home.
    assert_eq!(who("2026-11-24T13:00"), Err(Refusal::Taken));
    assert_eq!(who("2026-12-01T10:00"), Ok(vec!["sam"]));
    assert_eq!(who("2026-12-08T10:00"), Ok(vec!["sam", "robin"]));
}

#[test]
fn what_is_needed_to_get_ready_keeps_the_next_appointment_away() {
    let mut business = business();
    business.services[0].buffer_min = 15;
    let haircut = business.service("haircut").expect("a service");
    let is_free = |wanted: &str, busy: &[Busy]| {
        free_staff(&business, haircut, at(wanted), now(), busy)
            .is_ok_and(|staff| staff.iter().any(|one| one.id == "sam"))
    };
    let at_ten = [busy("sam", "2026-11-24T10:00", "2026-11-24T10:45")];
    assert!(!is_free("2026-11-24T09:30", &at_ten) && is_free("2026-11-24T09:00", &at_ten));
    assert!(!is_free("2026-11-24T10:30", &at_ten) && is_free("2026-11-24T11:00", &at_ten));
    // It may be needed after closing time.
    assert!(is_free("2026-11-24T11:30", &[]));
}

#[test]
fn a_day_is_offered_from_its_beginning_to_its_end() {
    assert_eq!(
        near("haircut", "2026-11-24T00:00", "2026-11-24T23:59", &[]),
        ["2026-11-24T09:00", "2026-11-24T13:30", "2026-11-24T17:30"]
    );
}

#[test]
fn the_earliest_are_the_first_ones() {
    assert_eq!(
        near("haircut", "2026-11-23T10:00", "2027-01-22T23:59", &[]),
        ["2026-11-24T09:00", "2026-11-24T09:30", "2026-11-24T10:00"]
    );
}

#[test]
fn a_taken_time_is_answered_with_its_neighbours() {
    let taken =
        [busy("sam", "2026-11-24T15:00", "2026-11-24T15:30"), busy("robin", "2026-11-24T14:45", "2026-11-24T15:15")];
    assert_eq!(
        near("haircut", "2026-11-24T15:00", "2026-11-24T15:00", &taken),
        ["2026-11-24T14:30", "2026-11-24T15:30", "2026-11-24T16:00"]
    );
    assert_eq!(
        near("haircut", "2026-11-24T15:10", "2026-11-24T15:10", &[]),
        ["2026-11-24T14:30", "2026-11-24T15:00", "2026-11-24T15:30"]
    );
}

#[test]
fn a_closed_day_is_answered_with_the_days_beside_it() {
    assert_eq!(
        near("haircut", "2026-11-23T10:00", "2026-11-23T23:59", &[]),
        ["2026-11-24T09:00", "2026-11-24T09:30", "2026-11-24T10:00"]
    );
    assert_eq!(
        near("haircut", "2026-11-27T00:00", "2026-11-27T23:59", &[]),
        ["2026-11-28T10:00", "2026-11-28T10:30", "2026-11-28T11:00"]
    );
}

#[test]
fn what_is_found_says_whether_the_wanted_time_is_free_or_why_not() {
    let business = business();
    let haircut = business.service("haircut").expect("a service");
    let found = |from: &str, to: &str| find(&business, haircut, at(from), at(to), now(), &[], 3);
    let free = found("2026-11-24T09:00", "2026-11-24T09:00");
    assert_eq!((free.wanted_is_free, free.refusal, free.nearest), (true, None, vec![slot(at("2026-11-24T09:00"))]));
    assert_eq!(found("2026-11-24T15:10", "2026-11-24T15:10").refusal, Some(Refusal::OffGrid));
    assert_eq!(found("2026-11-24T00:00", "2026-11-24T23:59").refusal, None);
    assert_eq!(found("2026-11-27T00:00", "2026-11-27T23:59").refusal, Some(Refusal::Closed));
    assert_eq!(found("2026-11-20T00:00", "2026-11-20T23:59").refusal, Some(Refusal::Past));
    assert_eq!(found("2027-11-20T00:00", "2027-11-20T23:59").refusal, Some(Refusal::TooFar));
}

#[test]
fn a_moment_and_its_slot_are_the_same() {
    assert_eq!(slot(at("2026-11-24T15:00")).0, "2026-11-24T15:00");
    assert_eq!(moment(&Slot("tomorrow".to_owned())), None);
}

/// Numbers that look random and repeat (Knuth's MMIX constants).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % end
    }

    fn moment(&mut self) -> NaiveDateTime {
        now() + TimeDelta::minutes((i64::from(self.below(14 * 24 * 4)) - 96) * 15)
    }

    fn calendar(&mut self) -> Vec<Busy> {
        (0..self.below(60))
            .map(|_| {
                let from = self.moment();
                let staff = ["sam", "robin"][self.below(2) as usize].to_owned();
                let to = utc(from) + TimeDelta::minutes(15 * i64::from(1 + self.below(12)));
                Busy { staff, from: utc(from), to }
            })
            .collect()
    }
}

#[test]
fn every_offer_is_free_in_order_and_as_near_as_can_be() {
    for seed in 0..150 {
        let mut random = Random(seed);
        let mut business = business();
        business.booking.horizon_days = 14;
        business.booking.grid_min = [15, 20, 30, 60][random.below(4) as usize];
        business.booking.lead_min = random.below(3) * 60;
        let service = business.services[random.below(2) as usize].clone();
        let busy = random.calendar();
        let from = random.moment();
        let to = from + TimeDelta::minutes([0, 0, 120, 1_440][random.below(4) as usize]);
        let most = 1 + random.below(4) as usize;

        let offered: Vec<NaiveDateTime> =
            nearest(&business, &service, from, to, now(), &busy, most).iter().filter_map(moment).collect();
        let free: Vec<NaiveDateTime> = now()
            .date()
            .iter_days()
            .take(15)
            .flat_map(|day| free_starts(&business, &service, day, now(), &busy))
            .collect();

        assert!(offered.is_sorted() && offered.len() <= most, "seed {seed}: {offered:?}");
        assert!(offered.iter().all(|at| free.contains(at)), "seed {seed}: {offered:?}");
        assert_eq!(
            offered.len(),
            most.min(if offered.iter().any(|at| (from..=to).contains(at)) {
                free.iter().filter(|at| (from..=to).contains(*at)).count()
            } else {
                free.len()
            }),
            "seed {seed}"
        );
        let distance = |at: &NaiveDateTime| (from - *at).max(*at - to).max(TimeDelta::zero());
        let furthest = offered.iter().map(distance).max();
        let left_out = free.iter().filter(|at| !offered.contains(at)).map(distance).min();
        assert!(furthest.is_none() || left_out.is_none() || furthest <= left_out, "seed {seed}: {offered:?}");
    }
}

#[test]
fn who_is_free_has_nothing_else_to_do_until_the_end() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let business = business();
        let service = &business.services[random.below(2) as usize];
        let (busy, wanted) = (random.calendar(), random.moment());
        let (start, end) = (utc(wanted), utc(wanted) + TimeDelta::minutes(service.minutes.into()));
        let Ok(staff) = free_staff(&business, service, wanted, now(), &busy) else { continue };
        assert!(!staff.is_empty(), "seed {seed}");
        for staff in staff {
            let clash = busy.iter().find(|busy| busy.staff == staff.id && busy.from < end && start < busy.to);
            assert_eq!(clash, None, "seed {seed}: {} at {wanted}", staff.id);
            assert!(staff.services.is_empty() || staff.services.contains(&service.id), "seed {seed}");
        }
    }
}
