//! `X-Twilio-Signature`, made the way Twilio makes it (twilio.com/docs/usage/security, read 2026-11-20).
//!
//! Made here a second time, on purpose: the gateway's own check of signatures is tested against these lines, and these
//! are tested against Twilio's published vectors and its Python client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use reqwest::Url;
use sha1::Sha1;

/// The signature of a request: base64 of HMAC-SHA1, under the account's auth token, over the address as it stands in
/// Twilio's settings, followed by every form field's name and value in the order of the names.
///
/// A field that stands twice with the same value counts once. A WebSocket upgrade has no fields.
pub fn sign(auth_token: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What of an address is signed: never its fragment, and for `https` neither the port nor the user.
pub(super) fn signed_url(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    if url.scheme() == "https" {
        // Both calls only fail for addresses without a host, which `https` always has.
        let _ = url.set_port(None);
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(caller: &str) -> Vec<(String, String)> {
        [
            ("To", "+18005551212"),
            ("Digits", "1234"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", caller),
            ("From", caller),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    #[test]
    fn twilios_published_vectors_hold() {
        let sign = |url, fields: &[_]| sign("12345", url, fields);
        assert_eq!(
            sign("https://example.com/myapp.php?foo=1&bar=2", &fields("+14158675310")),
            "L/OH5YylLD5NRKLltdqwSvS0BnU="
        );
        assert_eq!(
            sign("https://mycompany.com/myapp.php?foo=1&bar=2", &fields("+12349013030")),
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
        );
        assert_eq!(sign("wss://example.com/media", &[]), "7PR3qMkpDyEJtMrVOY/LDyNq8J8=");
        assert_eq!(sign("wss://example.com/media/", &[]), "T+WBXwUXC0/CyoZ1DA+p9ilZORs=");
    }

    #[test]
    fn a_field_that_stands_twice_with_one_value_counts_once() {
        let twice = [fields("+1"), fields("+1")].concat();
        assert_eq!(sign("12345", "https://example.com/", &twice), sign("12345", "https://example.com/", &fields("+1")));
    }

    #[test]
    fn the_port_is_signed_for_http_only() {
        let signed = |url: &str| signed_url(&Url::parse(url).expect("a good address"));
        assert_eq!(signed("https://user:pw@example.com:8443/voice?a=1#rc=2"), "https://example.com/voice?a=1");
        assert_eq!(signed("http://example.com:3000/voice"), "http://example.com:3000/voice");
    }
}
