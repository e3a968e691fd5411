//! Plain texts: those of which no rule makes anything, told by their kinds of bytes and a glance.
//! It never reads a text to its end.
use crate::sought;
use credenza_event::{Classes, Heads, Part};

/// Without these, letters, digits and `-_.,:/` stand in one run with no two of `./:_` side by side:
/// no language that a rule knows says anything so.
const WARM: Classes = Classes::ODD
    .with(Classes::ESCAPED)
    .with(Classes::PLUS)
    .with(Classes::SPACE)
    .with(Classes::JOINT);

/// True if a text is of those that no rule makes anything of, told without reading it.
#[inline]
pub fn is_plain(text: &[u8], classes: Classes, part: Part) -> bool {
    !(classes.meets(WARM) || HEADS.may_mean(text, part) && means(text, part))
}

/// True for the few plain texts that mean something all the same.
#[cold]
fn means(text: &[u8], part: Part) -> bool {
    // A path from the root on may name what must not be read.
    text.first() == Some(&b'/')
        || begins_packed(text)
        || is_power(text)
        || begins_inside(text)
        || (part == Part::Value && begins_class(text))
        || (part == Part::Key && is_sharp(text))
}

/// The first three bytes of every plain text that means something, in any case.
pub(crate) static HEADS: Heads = Heads::of(
    "eyj eya ewo ewk ew0 sk- sg. hf_ ghp gho ghu ghs ghr xox sk_ rk_ glp glr \
    gld aki asi aiz git xap npm pyp goc shp dop dck hos htt loc kub met ran gat ins ip6 sql mas \
    gob fer ara zgr wfu nik jav org com sun net jdk clo gro bsh pro py/ jso use rec req att exc \
    las upd fil con key exp sec tra aws 169",
);

/// True for a number of one digit and an exponent of many.
#[inline]
fn is_power(text: &[u8]) -> bool {
    matches!(text, [b'0'..=b'9', b'e' | b'E', ..]) && (9..=24).contains(&text.len())
}

/// True for plain texts that begin as the names of hosts that lead inside, as URLs that have lost
/// their slashes, or as the names of scanners.
#[inline]
fn begins_inside(text: &[u8]) -> bool {
    match text.first_chunk::<4>() {
        Some(b"host") => text.get(4) == Some(&b'.'),
        Some(b"http") => matches!(text.get(4), Some(b':' | b's')),
        Some(b"loca") => text.starts_with(b"localhost"),
        Some(b"kube") => text.starts_with(b"kubernetes."),
        Some(b"meta") => text.starts_with(b"metadata."),
        Some(b"ranc") => text.starts_with(b"rancher-metadata"),
        Some(b"gate") => text.starts_with(b"gateway.docker."),
        Some(b"169.") => text.starts_with(b"169.254."),
        Some(b"inst") => text.starts_with(b"instance-data"),
        // Tools give their name and version, and nothing else.
        Some(
            b"ip6-" | b"sqlm" | b"mass" | b"gobu" | b"fero" | b"Arac" | b"zgra" | b"Wfuz" | b"nikt",
        ) => true,
        _ => false,
    }
}

/// True for plain texts that begin as tokens and secrets do.
#[inline]
fn begins_packed(text: &[u8]) -> bool {
    matches!(
        text,
        [b'e', b'y', b'J' | b'A', _, ..]
            | [b'e', b'w', b'o' | b'k' | b'0', _, ..]
            | [b's', b'k', b'-', _, ..]
            | [b'S', b'G', b'.', _, ..]
            | [b'h', b'f', b'_', _, ..]
            | [b'g', b'h', b'p' | b'o' | b'u' | b's' | b'r', b'_', ..]
            | [b'x', b'o', b'x', _, ..]
            | [b's' | b'r', b'k', b'_', b'l', ..]
            | [b'g', b'l', b'p' | b'r' | b'd', _, ..]
            | [b's', b'h', b'p', b'a' | b'c' | b'p' | b's', ..]
    ) || matches!(
        text.first_chunk::<4>(),
        Some(
            b"AKIA"
                | b"ASIA"
                | b"AIza"
                | b"gith"
                | b"xapp"
                | b"npm_"
                | b"pypi"
                | b"GOCS"
                | b"dop_"
                | b"dckr"
        )
    )
}

/// True for plain texts that begin as the full names of classes do.
#[inline]
pub(crate) fn begins_class(text: &[u8]) -> bool {
    let head = text.first_chunk::<4>();
    matches!(
        head,
        Some(
            b"java" | b"org." | b"com." | b"sun." | b"net." | b"jdk." | b"cloj" | b"groo" | b"bsh."
        )
    )
}

/// True for the plain names that mean something to a language.
#[inline]
fn is_sharp(name: &[u8]) -> bool {
    if names_structure(name) {
        return true;
    }
    match name.len() {
        15 => name.eq_ignore_ascii_case(b"SecretAccessKey"),
        17 => {
            name.eq_ignore_ascii_case(b"secret_access_key")
                || name.eq_ignore_ascii_case(b"transfer-encoding")
        }
        18 => name.eq_ignore_ascii_case(b"awsSecretAccessKey"),
        21 => name.eq_ignore_ascii_case(b"aws_secret_access_key"),
        _ => false,
    }
}

/// True for the plain names of prototypes, of serialised objects, and of what the platform makes.
#[inline]
fn names_structure(name: &[u8]) -> bool {
    match name {
        b"prototype"
        | b"py/type"
        | b"py/repr"
        | b"py/class"
        | b"py/object"
        | b"py/reduce"
        | b"py/function"
        | b"json_class"
        | b"userOverridesAsString"
        | b"Records"
        | b"requestContext"
        | b"AttributeUpdates"
        | b"AttributeValueList"
        | b"ExclusiveStartKey"
        | b"LastEvaluatedKey"
        | b"UpdateExpression"
        | b"FilterExpression"
        | b"ConditionExpression"
        | b"ProjectionExpression"
        | b"KeyConditionExpression"
        | b"ExpressionAttributeNames"
        | b"ExpressionAttributeValues" => true,
        // No shorter name has both words in it.
        _ => name.len() >= 21 && sought::find(name, b"constructor.prototype").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADS, Part, is_sharp, means};

    #[test]
    fn a_glance_misses_no_plain_text_that_means_something() {
        for text in [
            "/etc/passwd",
            "1e999999999",
            "eyJhbGciOiJub25lIn0.e30.",
            concat!("gh", "p_x"),
            "AKIAX",
            "localhost:80",
            "ip6-localhost",
            "sqlmap/1.0",
            "gateway.docker.internal",
            "http:evil.example",
            "org.example.Type",
            "groovy.util.Expando",
        ] {
            let text = text.as_bytes();
            assert!(means(text, Part::Value), "{}", text.escape_ascii());
            assert!(HEADS.may_mean(text, Part::Value), "{}", text.escape_ascii());
        }
        for name in [
            "prototype",
            "py/object",
            "json_class",
            "userOverridesAsString",
            "Records",
            "requestContext",
            "AttributeUpdates",
            "ExclusiveStartKey",
            "LastEvaluatedKey",
            "UpdateExpression",
            "FilterExpression",
            "ConditionExpression",
            "ProjectionExpression",
            "KeyConditionExpression",
            "secretaccesskey",
            "Transfer-Encoding",
            "AWS_SECRET_ACCESS_KEY",
            "x.constructor.prototype.y",
        ] {
            let name = name.as_bytes();
            assert!(is_sharp(name), "{}", name.escape_ascii());
            assert!(HEADS.may_mean(name, Part::Key), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn a_glance_and_a_closer_look_agree_on_any_text() {
        bolero::check!().for_each(|text: &[u8]| {
            for part in [Part::Key, Part::Value] {
                if means(text, part) {
                    assert!(HEADS.may_mean(text, part), "{}", text.escape_ascii());
                }
            }
        });
    }
}
