//! The one service account there is here: its key is made when somebody first asks for it, so that none is committed.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

/// Who the account is.
pub(super) const EMAIL: &str = "frontdesk@sandbox.iam.gserviceaccount.com";

/// A service account. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Account {
    key: Arc<OnceLock<KeyPair>>,
}

impl Account {
    /// The text of the account's file, for a client that gets its tokens at this address: `http://127.0.0.1:4010`. Takes
    /// some tenths of a second the first time.
    pub fn file(&self, url: &str) -> String {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(self.key()).expect("a key that was made here can be written");
        let lines: Vec<String> = STANDARD.encode(der.as_ref()).as_bytes().chunks(64).map(line).collect();
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        let account = json!({
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": "sandbox",
            "private_key": key,
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": format!("{url}/token"),
        });
        account.to_string()
    }

    /// Whether the account signed this.
    pub(super) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key().public_key());
        public.verify(text, signature).is_ok()
    }

    #[cfg(test)]
    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.key().public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        let padding = &aws_lc_rs::signature::RSA_PKCS1_SHA256;
        self.key().sign(padding, &random, text, &mut signature).expect("a key that was made here can sign");
        signature
    }

    fn key(&self) -> &KeyPair {
        self.key.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).expect("the system has random numbers"))
    }
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
