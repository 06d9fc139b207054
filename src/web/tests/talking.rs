//! The page that talks, and the passes it is given.

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, ORIGIN};

use super::*;

async fn respond(front: &Arc<Front>, mut request: Request) -> Response<Body> {
    let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 40_000));
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    router(Arc::clone(front)).oneshot(request).await.expect("routers do not fail")
}

fn from(origin: &str, path: &str) -> Request {
    let request = axum::http::Request::post(path).header(HOST, "localhost:3000").header(ORIGIN, origin);
    request.body(Body::empty()).expect("a request")
}

const TOKEN: &str = "/talk/harbor-street-barbers/token";

#[tokio::test]
async fn the_page_runs_nothing_but_its_own() {
    let (front, _desk) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let page = respond(&front, get_page("/talk/harbor-street-barbers")).await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'self' https://shop.example.com"), "{policy}");
    assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
    assert_eq!(page.headers()["cross-origin-embedder-policy"], "require-corp");
    let html = axum::body::to_bytes(page.into_body(), 1 << 20).await.expect("a page");
    let html = String::from_utf8(html.to_vec()).expect("text");
    assert!(html.contains("Harbor Street &quot;Barbers&quot;") && !html.contains("{{"), "{html}");
    assert_eq!(respond(&front, get_page("/talk/bob-s")).await.status(), StatusCode::OK, "the second business");
    assert_eq!(respond(&front, get_page("/talk/somebody-else")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_the_page_is_made_of_is_kept_by_browsers() {
    let (front, _desk) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let page = respond(&front, get_page("/talk/harbor-street-barbers")).await;
    let html = axum::body::to_bytes(page.into_body(), 1 << 20).await.expect("a page");
    let html = String::from_utf8(html.to_vec()).expect("text");
    let script = html.split('"').find(|part| part.ends_with("/talk.js")).expect("its script").to_owned();
    for name in ["talk.js", "audio-worklet-processor.js", "talk.css"] {
        let file = respond(&front, get_page(&script.replace("talk.js", name))).await;
        assert_eq!(file.status(), StatusCode::OK, "{name}");
        assert_eq!(file.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(file.headers()["cross-origin-resource-policy"], "cross-origin");
    }
    let other = script.replace("/talk/assets/", "/talk/assets/0");
    assert_eq!(respond(&front, get_page(&other)).await.status(), StatusCode::NOT_FOUND, "another version");

    let button = respond(&front, get_page("/talk/embed.js")).await;
    assert!(button.headers()[CACHE_CONTROL].to_str().expect("text").contains("max-age=3600"));
    let mut again = get_page("/talk/embed.js");
    again.headers_mut().insert("if-none-match", button.headers()[ETAG].clone());
    assert_eq!(respond(&front, again).await.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_pass_is_given_to_pages_that_may_talk_and_not_too_often() {
    let (front, _desk) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let (status, body) = {
        let response = respond(&front, from("https://shop.example.com", TOKEN)).await;
        assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example.com");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let status = response.status();
        (status, axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body"))
    };
    assert_eq!(status, StatusCode::OK);
    let given: Value = serde_json::from_slice(&body).expect("JSON");
    let token = given["token"].as_str().expect("a token");
    assert!(front.talk.redeem(Some(token)).is_ok());

    assert_eq!(respond(&front, from("https://evil.example.com", TOKEN)).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(respond(&front, post(TOKEN, "")).await.status(), StatusCode::FORBIDDEN, "no page sends no origin");
    let mut last = StatusCode::OK;
    for _ in 0..10 {
        last = respond(&front, from("http://localhost:3000", TOKEN)).await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn nobody_is_given_a_pass_when_no_line_is_free_or_no_page_wanted() {
    let (front, _desk) = front(TestDesk { admit: Admit::Busy, ..TestDesk::default() }).await;
    let closed = Talk::new(
        Box::new(|| vec!["Barbers".to_owned()]),
        false,
        Vec::new(),
        talk::Passes::new(None, None, Arc::new(|| 0)),
        (1, 1),
    );
    let front = Arc::new(front);
    let busy = respond(&front, from("http://localhost:3000", TOKEN)).await;
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
    let (other, _desk) = super::front(TestDesk::default()).await;
    let other = Arc::new(Front { talk: Arc::new(closed), ..other });
    assert_eq!(
        respond(&other, from("http://localhost:3000", "/talk/barbers/token")).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(respond(&other, get_page("/talk/barbers")).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_page_that_talks_to_the_model_by_itself_gets_a_key_and_tells_what_it_used() {
    let (front, desk) = front(TestDesk::default()).await;
    let front = Arc::new(front);
    let with = |path: &str, bearer: &str, body: String| {
        let request = axum::http::Request::post(path).header(HOST, "localhost:3000").header("authorization", bearer);
        request.header(CONTENT_TYPE, "application/json").body(Body::from(body)).expect("a request")
    };
    let body_of = async |response: Response<Body>| -> Value {
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    };
    let given = body_of(respond(&front, from("http://localhost:3000", TOKEN)).await).await;
    let bearer = format!("Bearer {}", given["token"].as_str().expect("a token"));
    let secret = respond(&front, with("/api/voice/secrets", &bearer, String::new())).await;
    assert_eq!(
        (secret.status(), &secret.headers()[CACHE_CONTROL]),
        (StatusCode::OK, &"no-store".parse().expect("a header"))
    );
    let secret = body_of(secret).await;
    assert_eq!(secret["value"], "ek_1");
    let again = respond(&front, with("/api/voice/secrets", &bearer, String::new())).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "a pass is good once");

    let usage =
        json!({"report": secret["report"], "input_tokens": 812, "output_tokens": 344, "seconds": 61.5}).to_string();
    let report = |usage: &str| respond(&front, with("/api/voice/usage", "", usage.to_owned()));
    assert_eq!(report(&usage.replace("61.5", "-1")).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(report(&usage).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(report(&usage).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(desk.measured.lock().expect("fine").last(), Some(&("Harbor Street \"Barbers\"".to_owned(), 812)));
}

#[tokio::test]
async fn whether_anybody_can_talk_is_told_in_one_word() {
    for (admit, status, word) in [(Admit::Welcome, 200, "ok"), (Admit::Busy, 503, "failed")] {
        let (front, _desk) = front(TestDesk { admit, ..TestDesk::default() }).await;
        let (code, body) = ask(&Arc::new(front), get_page("/api/voice/health")).await;
        assert_eq!(code.as_u16(), status);
        assert!(body.contains(&format!("\"status\":\"{word}\"")), "{body}");
    }
}
