//! Names by which national ids are called: an id with one check digit is one of ten numbers, and
//! so is told by its name.
//! It never trusts a name alone.
use super::Datum;
use super::id::of_set;
use super::id::set::{
    AADHAAR, BELGIUM, CANADA, CHILE, CHINA, CNPJ, CPF, DENMARK, FINLAND, FRANCE, GERMANY, ITALY,
    JAPAN, KOREA, MEDICARE, NETHERLANDS, NHS, NINO, NORWAY, POLAND, PORTUGAL, SPAIN, SSN, SWEDEN,
    TFN, TURKEY,
};

/// Short names, in small letters and in capitals, which stand in other words, too; and long ones.
macro_rules! names {
    ($($lower:literal $upper:literal $ids:expr,)+; $($name:literal $of:expr,)+) => {
        /// Each name as it is looked for, and what it may be the name of.
        const NAMES: &[(&str, u32)] = &[
            $(
                (concat!("\"", $lower, "\""), $ids),
                (concat!($lower, "="), $ids),
                (concat!("\"", $upper, "\""), $ids),
                (concat!($upper, ":"), $ids),
                (concat!($upper, " "), $ids),
                (concat!($upper, "="), $ids),
                (concat!(">", $upper, "<"), $ids),
            )+
            $(($name, $of),)+
        ];
    };
}

names! {
    "dni" "DNI" SPAIN,
    "nif" "NIF" SPAIN | PORTUGAL,
    "nie" "NIE" SPAIN,
    "nir" "NIR" FRANCE,
    "bsn" "BSN" NETHERLANDS,
    "insz" "INSZ" BELGIUM,
    "niss" "NISS" BELGIUM,
    "pesel" "PESEL" POLAND,
    "hetu" "HETU" FINLAND,
    "cpr" "CPR" DENMARK,
    "nhs" "NHS" NHS,
    "nino" "NINO" NINO,
    "cpf" "CPF" CPF,
    "cnpj" "CNPJ" CNPJ,
    "rut" "RUT" CHILE,
    "rrn" "RRN" KOREA,
    "tckn" "TCKN" TURKEY,
    "tfn" "TFN" TFN,
    "sin" "SIN" CANADA,
    "ssn" "SSN" SSN,
    ;
    "codiceFiscale" ITALY,
    "codice_fiscale" ITALY,
    "odice fiscale" ITALY,
    "odice Fiscale" ITALY,
    "numeroSecuriteSociale" FRANCE,
    "numero_securite_sociale" FRANCE,
    "curité sociale" FRANCE,
    "steuerId" GERMANY,
    "steuer_id" GERMANY,
    "Steuer-ID" GERMANY,
    "Steueridentifikationsnummer" GERMANY,
    "burgerservicenummer" NETHERLANDS,
    "Burgerservicenummer" NETHERLANDS,
    "rijksregister" BELGIUM,
    "Rijksregister" BELGIUM,
    "egistre national" BELGIUM,
    "ersonnummer" SWEDEN | NORWAY,
    "ersonal_number" SWEDEN | NORWAY,
    "enkilötunnus" FINLAND,
    "ødselsnummer" NORWAY,
    "odselsnummer" NORWAY,
    "contribuinte" PORTUGAL,
    "nhsNumber" NHS,
    "nhs_number" NHS,
    "nationalInsurance" NINO,
    "national_insurance" NINO,
    "National Insurance" NINO,
    "aadhaar" AADHAAR,
    "Aadhaar" AADHAAR,
    "AADHAAR" AADHAAR,
    "身份证" CHINA,
    "residentId" CHINA | KOREA,
    "주민등록번호" KOREA,
    "マイナンバー" JAPAN,
    "個人番号" JAPAN,
    "myNumber" JAPAN,
    "my_number" JAPAN,
    "tcKimlik" TURKEY,
    "TC Kimlik" TURKEY,
    "tc_kimlik" TURKEY,
    "taxFileNumber" TFN,
    "tax_file_number" TFN,
    "edicareNumber" MEDICARE,
    "edicare_number" MEDICARE,
    "Medicare" MEDICARE,
    "socialInsurance" CANADA,
    "social_insurance" CANADA,
    "ocial Insurance" CANADA,
    "socialSecurity" SSN,
    "social_security" SSN,
    "ocial Security" SSN,
    "ocial security" SSN,
    "taxId" SSN | GERMANY | SPAIN | ITALY | CPF,
    "tax_id" SSN | GERMANY | SPAIN | ITALY | CPF,
}

/// What the one pass looks for.
pub(super) const ANCHORS: [&str; NAMES.len()] = build::anchors();

/// How long each name is, whether it is short letters alone, and the set of what it may name.
static KNOWN: [(u8, bool, u32); NAMES.len()] = build::known();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at build time only: a wrong index fails the build"
)]
mod build {
    use super::NAMES;

    pub(super) const fn anchors() -> [&'static str; NAMES.len()] {
        let mut anchors = [""; NAMES.len()];
        let mut at = 0;
        while at < NAMES.len() {
            anchors[at] = NAMES[at].0;
            at += 1;
        }
        anchors
    }

    pub(super) const fn known() -> [(u8, bool, u32); NAMES.len()] {
        let mut known = [(0, false, 0); NAMES.len()];
        let mut at = 0;
        while at < NAMES.len() {
            let (name, set) = NAMES[at];
            let is_short = name.len() < 7 && name.as_bytes()[0].is_ascii_alphabetic();
            known[at] = (name.len() as u8, is_short, set);
            at += 1;
        }
        known
    }
}

// Limit: 32 bytes: tags of a cell, or the rest of a sentence's name.
pub(super) const BETWEEN_BYTES_MAX: usize = 32;

// Limit: 6 words: `number of the holder is`, and the names of two tags.
const WORDS_MAX: usize = 6;

// Limit: an id has a digit within its first seven characters, and a sign may stand between two.
const DIGIT_WITHIN_BYTES: usize = BETWEEN_BYTES_MAX + 16;

/// True if a digit stands where an id may begin; without a branch for each byte.
fn has_digit(text: &[u8]) -> bool {
    let near = text.get(..DIGIT_WITHIN_BYTES).unwrap_or(text);
    let is_digit = |byte: &u8| u8::from(byte.wrapping_sub(b'0') < 10);
    near.iter().fold(0, |any, byte| any | is_digit(byte)) != 0
}

/// The id behind a name: the first number there, or none.
pub(super) fn named(text: &[u8], which: usize, at: usize) -> Option<Datum> {
    let (len, is_short, set) = *KNOWN.get(which)?;
    let before = at.checked_sub(1).and_then(|before| text.get(before));
    // `user_dni` and `userDni` are names, `midnif` is a word.
    let is_word = before.is_some_and(u8::is_ascii_alphabetic);
    if is_word && is_short {
        return None;
    }
    let from = at.checked_add(usize::from(len))?;
    if !has_digit(text.get(from..)?) {
        return None;
    }
    let to = from.saturating_add(BETWEEN_BYTES_MAX).min(text.len());
    let (mut was_inside, mut words) = (false, 0_usize);
    for start in from..to {
        let byte = *text.get(start)?;
        let begins = byte.is_ascii_alphanumeric() && !was_inside;
        was_inside = byte.is_ascii_alphanumeric();
        words = words.saturating_add(usize::from(begins));
        if begins && let Some(found) = of_set(set, text, start) {
            return Some(found);
        }
        // Behind a number, a few words or the end of a member stands something else.
        if byte.is_ascii_digit() || words > WORDS_MAX || matches!(byte, b',' | b'}' | b']' | b';') {
            return None;
        }
    }
    None
}
