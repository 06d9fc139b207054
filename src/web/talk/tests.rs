use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

use super::*;

fn talk() -> Talk {
    let passes = Passes::new(None, None, Arc::new(|| 0));
    Talk::new(
        Box::new(|| vec!["Zoë's Café & Bar".to_owned()]),
        true,
        vec!["https://shop.example.com".to_owned()],
        passes,
        (10, 5),
    )
}

#[test]
fn a_business_has_an_address_that_can_be_typed() {
    assert_eq!(Talk::slug("Zoë's Café & Bar"), "zoë-s-café-bar");
}

#[test]
fn only_pages_of_ours_and_of_named_sites_open_sessions() {
    let lets_in = |origin: Option<&str>| {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "desk.example.com:3000".parse().expect("a host"));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().expect("a header"));
        }
        talk().lets_in(&headers, Some("https://front.example.com"))
    };
    for allowed in [
        None,
        Some("http://desk.example.com:3000"),
        Some("https://front.example.com"),
        Some("https://shop.example.com"),
    ] {
        assert!(lets_in(allowed), "{allowed:?}");
    }
    for strange in [
        "null",
        "",
        "https://shop.example.com.evil.example",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://desk.example.com",
    ] {
        assert!(!lets_in(Some(strange)), "{strange}");
    }
}
