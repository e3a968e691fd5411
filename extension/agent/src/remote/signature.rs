//! Whether a policy was signed by the key that its reader was given.
//! It never takes a policy without a signature where there is a key, and never says which part of
//! it was wrong.
use ed25519_compact::{PublicKey, Signature};

/// What the first line of a signed policy begins with; behind it stand 128 hexadecimal digits.
const MARK: &[u8] = b"# credenza-signature: ";

const REFUSED: &str = "not signed by the key in CREDENZA_POLICY_KEY";

/// The text below the line of its signature, which covers every byte of it.
pub(super) fn signed<'b>(body: &'b [u8], key: &[u8; 32]) -> Result<&'b [u8], &'static str> {
    let end = body.iter().position(|byte| *byte == b'\n').ok_or(REFUSED)?;
    let (line, text) = body.split_at_checked(end).ok_or(REFUSED)?;
    let text = text.get(1..).ok_or(REFUSED)?;
    let digits = line.trim_ascii_end().strip_prefix(MARK).ok_or(REFUSED)?;
    let signature = Signature::new(bytes(digits).ok_or(REFUSED)?);
    let key = PublicKey::new(*key);
    match key.verify(text, &signature) {
        Ok(()) => Ok(text),
        Err(_) => Err(REFUSED),
    }
}

/// 64 bytes from their hexadecimal digits.
fn bytes(digits: &[u8]) -> Option<[u8; 64]> {
    let mut bytes = [0; 64];
    if digits.len() != 128 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        let is_plain = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_plain)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use ed25519_compact::{KeyPair, Seed};

    use super::{MARK, REFUSED, signed};

    /// A text under its signature, as an author makes it.
    fn sign(text: &str, pair: &KeyPair) -> Vec<u8> {
        let signature = pair.sk.sign(text, None);
        let digits = signature
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        [MARK, digits.as_bytes(), b"\n", text.as_bytes()].concat()
    }

    #[test]
    fn a_text_is_taken_as_it_was_signed_and_in_no_other_way() {
        let pair = KeyPair::from_seed(Seed::new([7; 32]));
        let other = KeyPair::from_seed(Seed::new([8; 32]));
        let (text, key) = ("mode = 'block'\nversion = 3\n", *pair.pk);
        let body = sign(text, &pair);
        assert_eq!(signed(&body, &key), Ok(text.as_bytes()));
        assert_eq!(signed(&body, &other.pk), Err(REFUSED));
        assert_eq!(signed(text.as_bytes(), &key), Err(REFUSED));
        assert_eq!(signed(b"", &key), Err(REFUSED));
        for at in 0..body.len() {
            let mut changed = body.clone();
            changed[at] ^= 1;
            // A digit in the other case is the same digit.
            let is_same = changed.eq_ignore_ascii_case(&body);
            assert!(
                is_same || signed(&changed, &key) == Err(REFUSED),
                "byte {at}"
            );
            assert_eq!(signed(&body[..at], &key), Err(REFUSED));
        }
    }

    #[test]
    fn the_first_vector_of_the_standard_verifies() {
        // RFC 8032, section 7.1, test 1: an empty message.
        let key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
        let key: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&key[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let body = [MARK, signature.as_bytes(), b"\n"].concat();
        assert_eq!(signed(&body, &key.try_into().unwrap()), Ok(b"".as_slice()));
    }

    #[test]
    fn no_body_panics() {
        bolero::check!().for_each(|body: &[u8]| {
            assert!(signed(body, &[9; 32]).is_err());
        });
    }
}
