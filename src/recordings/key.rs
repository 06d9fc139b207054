//! The key that recordings are sealed with: an age identity (age-encryption.org/v1, X25519).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::iter;

use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Seals files and opens them again. Shows nothing of itself.
#[derive(Clone)]
pub struct Key {
    identity: Identity,
    recipient: Recipient,
}

/// A text that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no age key: write one line like AGE-SECRET-KEY-1…, as age-keygen makes it")]
pub struct NoKey;

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key(…)")
    }
}

impl Key {
    /// Reads the first line that is neither empty nor a comment, as in a file of age-keygen's.
    ///
    /// # Errors
    /// When that is no key.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')).ok_or(NoKey)?;
        let identity: Identity = line.parse().map_err(|_| NoKey)?;
        Ok(Self { recipient: identity.to_public(), identity })
    }

    /// A text that only the key opens: a file of age, in base64.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn seal_text(&self, text: &str) -> io::Result<String> {
        let mut sealed = Vec::new();
        let recipients = iter::once(&self.recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(text.as_bytes())?;
        writer.finish()?;
        Ok(STANDARD.encode(sealed))
    }

    /// Opens such a text.
    ///
    /// # Errors
    /// When it is none, or another key sealed it.
    pub fn open_text(&self, sealed: &str) -> io::Result<String> {
        let sealed = STANDARD.decode(sealed).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let mut text = String::new();
        self.open(io::Cursor::new(sealed))?.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Copies a file into a sealed one, which is on the disk when this returns.
    pub(super) fn seal(&self, mut plain: impl Read, sealed: &File) -> io::Result<()> {
        let recipients = iter::once(&self.recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut writer = encryptor.wrap_output(io::BufWriter::new(sealed))?;
        io::copy(&mut plain, &mut writer)?;
        writer.finish()?.flush()?;
        sealed.sync_all()
    }

    /// What is in a sealed file, from wherever one wants on.
    pub(super) fn open<F: Read + Seek + Send + 'static>(
        &self,
        sealed: F,
    ) -> io::Result<impl Read + Seek + Send + use<F>> {
        let decryptor = Decryptor::new_buffered(BufReader::new(sealed)).map_err(unsealed)?;
        decryptor.decrypt(iter::once(&self.identity as &dyn age::Identity)).map_err(unsealed)
    }
}

fn unsealed(error: DecryptError) -> io::Error {
    match error {
        DecryptError::Io(error) => error,
        error => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret;

    use super::*;

    fn key() -> Key {
        Key::parse(Identity::generate().to_string().expose_secret()).expect("a key")
    }

    #[test]
    fn a_text_is_opened_by_its_key_and_no_other() {
        let (ours, other) = (key(), key());
        let sealed = ours.seal_text("it's four one five").expect("sealed");
        assert!(!sealed.contains("four") && sealed != ours.seal_text("it's four one five").expect("sealed"));
        assert_eq!(ours.open_text(&sealed).expect("opened"), "it's four one five");
        for (key, text) in [(&other, sealed.as_str()), (&ours, "no base64!"), (&ours, "bm9uZQ=="), (&ours, "")] {
            assert!(key.open_text(text).is_err(), "{text}");
        }
    }
}
