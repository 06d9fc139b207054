//! Who is let in, by what they show.

use axum::http::HeaderName;
use axum::http::header::COOKIE;

use super::*;

const SECRET: &[u8] = b"a secret that has at least thirty-two characters";

fn visitor(name: &str, role: Role, scope: Scope) -> Visitor {
    Visitor { name: name.to_owned(), role, scope }
}

fn ada() -> Visitor {
    visitor("ada", Role::Analyst, Scope::Business("Barbers".to_owned()))
}

fn access(secret: Option<&[u8]>) -> Access {
    let keys = vec![AccessKey { visitor: ada(), secret: "ada's own key".to_owned() }];
    Access::new(keys, secret, true, Arc::new(|| 1_000_000_000))
}

fn with(name: &'static str, value: &str) -> HeaderMap {
    [(HeaderName::from_static(name), value.parse().expect("a header"))].into_iter().collect()
}

#[test]
fn a_key_says_who_it_is_and_nothing_else_does() {
    let access = access(None);
    for headers in [with("authorization", "Bearer ada's own key"), with("x-api-key", "ada's own key")] {
        assert_eq!(access.visitor(&headers, false), Ok(ada()));
    }
    for headers in [with("x-api-key", "ada"), HeaderMap::new(), with("authorization", "Basic YWRh")] {
        assert_eq!(access.visitor(&headers, true), Err(Refused::NotKnown));
    }
}

#[test]
fn a_token_says_role_and_business_and_one_for_speech_opens_nothing() {
    let access = access(Some(SECRET));
    let bob = visitor("bob", Role::Manager, Scope::All);
    let token = tokens::issue_visitor(SECRET, &bob, 1_000_000, std::time::Duration::from_secs(60));
    assert_eq!(access.visitor(&with("authorization", &format!("Bearer {token}")), false), Ok(bob.clone()));
    let grant = tokens::Grant { client: "ivr".to_owned(), ssml: false };
    let speech = tokens::issue(SECRET, &grant, 1_000_000, std::time::Duration::from_secs(60));
    let refused = access.visitor(&with("authorization", &format!("Bearer {speech}")), false);
    assert!(matches!(refused, Err(Refused::Token(NotTrusted::Lacks(_)))), "{refused:?}");
    let old = tokens::issue_visitor(SECRET, &bob, 1, std::time::Duration::from_secs(60));
    let refused = access.visitor(&with("authorization", &format!("Bearer {old}")), false);
    assert_eq!(refused, Err(Refused::Token(NotTrusted::Expired)));
}

#[test]
fn a_session_is_good_in_a_cookie_and_nowhere_else() {
    let access = access(Some(SECRET));
    let token = tokens::issue_session(SECRET, &ada(), 1_000_000, std::time::Duration::from_secs(60));
    assert_eq!(
        access.visitor(&with(COOKIE.as_str().to_owned().leak(), &format!("frontdesk={token}")), false),
        Ok(ada())
    );
    let bearer = access.visitor(&with("authorization", &format!("Bearer {token}")), false);
    assert_eq!(bearer, Err(Refused::Token(NotTrusted::Audience)));
}

#[test]
fn without_keys_only_this_machine_is_let_in_and_only_where_it_may_be() {
    let open = |open| Access::new(Vec::new(), None, open, Arc::new(|| 0));
    let local = open(true).visitor(&HeaderMap::new(), true).expect("let in");
    assert_eq!((local.role, local.scope), (Role::Admin, Scope::All));
    assert_eq!(open(true).visitor(&HeaderMap::new(), false), Err(Refused::NotLocal));
    assert_eq!(open(false).visitor(&HeaderMap::new(), true), Err(Refused::NotKnown));
    assert_eq!(access(None).visitor(&HeaderMap::new(), true), Err(Refused::NotKnown));
}

#[test]
fn an_analyst_sees_the_end_of_a_number() {
    assert_eq!(ada().number("+15550001234"), "••••••••••34");
    assert_eq!(visitor("m", Role::Manager, Scope::All).number("+15550001234"), "+15550001234");
}
