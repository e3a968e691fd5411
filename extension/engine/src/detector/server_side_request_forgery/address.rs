//! Addresses as parsers of URLs read them: numbers in three bases, one to four of them, and IPv6.
//! It never allocates and never gives up on a number for its size: parsers wrap it.

/// Where an address leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Anywhere outside.
    Public,
    /// The machine itself.
    Loopback,
    /// `0.0.0.0` and `::`, which lead to the machine itself, too.
    Unspecified,
    /// A private network.
    Private,
    /// The link, where clouds keep their services.
    Link,
    /// A service that gives credentials or settings to whoever asks from inside.
    Metadata,
    /// The network interface of Lambda's Runtime API.
    Runtime,
}

/// An address, and whether it is written as nobody writes one without a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) place: Place,
    pub(super) is_unusual: bool,
}

/// The place of four bytes.
pub(super) fn place_v4(address: u32) -> Place {
    match address.to_be_bytes() {
        // AWS, Azure, Google, Oracle, Alibaba, Tencent, Scaleway, and the credentials of
        // containers.
        [169, 254, 169, 254]
        | [169, 254, 170, 2 | 23]
        | [169, 254, 0, 23]
        | [169, 254, 42, 42]
        | [100, 100, 100, 200]
        | [168, 63, 129, 16]
        | [192, 0, 0, 192] => Place::Metadata,
        [169, 254, 100, 1] => Place::Runtime,
        [127, ..] => Place::Loopback,
        [0, 0, 0, 0] => Place::Unspecified,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Place::Private,
        [169, 254, ..] => Place::Link,
        _ => Place::Public,
    }
}

/// One number of an address, and whether it is plain decimal.
fn number(text: &[u8]) -> Option<(u64, bool)> {
    let (digits, base) = match text {
        [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => (digits, 8),
        _ => (text, 10),
    };
    if text.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for digit in digits {
        let digit = char::from(*digit).to_digit(16)?;
        // `08` is no octal number: some parsers read it as a decimal one.
        let base = if base == 8 && digit > 7 { 10 } else { base };
        if u64::from(digit) >= base {
            return None;
        }
        value = value.wrapping_mul(base).wrapping_add(u64::from(digit));
    }
    Some((value, base == 10))
}

/// An address of one to four numbers with dots between them.
pub(super) fn v4(text: &[u8]) -> Option<Address> {
    let mut parts = [0_u64; 4];
    let mut count = 0_usize;
    let mut is_unusual = false;
    for part in text.split(|byte| *byte == b'.') {
        let (value, is_plain) = number(part)?;
        is_unusual |= !is_plain;
        *parts.get_mut(count)? = value;
        count = count.saturating_add(1);
    }
    is_unusual |= count != 4;
    let (last, leading) = parts.get(..count)?.split_last()?;
    let mut address = 0_u32;
    for part in leading {
        is_unusual |= *part > 255;
        let byte = u32::try_from(part & 0xff).unwrap_or(0);
        address = address.wrapping_shl(8) | byte;
    }
    let bits = u32::try_from(4_usize.saturating_sub(leading.len()).saturating_mul(8)).unwrap_or(8);
    let mask = u64::MAX
        .checked_shr(64_u32.saturating_sub(bits))
        .unwrap_or(0);
    is_unusual |= *last > mask;
    let tail = u32::try_from(last & mask).unwrap_or(0);
    let address = address.checked_shl(bits).unwrap_or(0) | tail;
    // All of 127/8 leads to the machine itself, but people write these three.
    is_unusual |= matches!(address.to_be_bytes(), [127, rest @ ..]
        if !matches!(rest, [0, 0, 1 | 53] | [0, 1, 1]));
    Some(Address {
        place: place_v4(address),
        is_unusual,
    })
}

/// The eight groups of an address between brackets.
fn groups(text: &[u8]) -> Option<[u16; 8]> {
    let mut head = [0_u16; 8];
    let mut tail = [0_u16; 8];
    let (mut heads, mut tails) = (0_usize, 0_usize);
    let mut is_behind = false;
    let mut rest = text;
    if let Some(behind) = rest.strip_prefix(b"::") {
        is_behind = true;
        rest = behind;
    }
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b':');
        let group = end.map_or(rest, |end| rest.get(..end).unwrap_or(&[]));
        let (side, count) = if is_behind {
            (&mut tail, &mut tails)
        } else {
            (&mut head, &mut heads)
        };
        if group.contains(&b'.') {
            let bytes = dotted(group)?;
            *side.get_mut(*count)? = u16::from_be_bytes([bytes[0], bytes[1]]);
            *side.get_mut(count.saturating_add(1))? = u16::from_be_bytes([bytes[2], bytes[3]]);
            *count = count.saturating_add(2);
        } else {
            *side.get_mut(*count)? = hex_group(group)?;
            *count = count.saturating_add(1);
        }
        rest = match end {
            None => &[],
            Some(end) => rest.get(end.saturating_add(1)..).unwrap_or(&[]),
        };
        if !is_behind && let Some(behind) = rest.strip_prefix(b":") {
            is_behind = true;
            rest = behind;
        }
    }
    let all = heads.saturating_add(tails);
    if all > 8 || !is_behind && all < 6 {
        return None;
    }
    // Six groups of which the last is an address of four numbers are read leniently by some.
    let start = if is_behind {
        8_usize.saturating_sub(tails)
    } else {
        8_usize
    };
    for (at, group) in tail.iter().take(tails).enumerate() {
        *head.get_mut(start.saturating_add(at))? = *group;
    }
    if !is_behind && heads < 8 {
        let shift = 8_usize.saturating_sub(heads);
        head.rotate_right(shift);
    }
    Some(head)
}

fn hex_group(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    let mut value = 0_u16;
    for digit in text {
        let digit = char::from(*digit).to_digit(16)?;
        value = value.wrapping_shl(4) | u16::try_from(digit).unwrap_or(0);
    }
    Some(value)
}

/// Four plain numbers with dots.
fn dotted(text: &[u8]) -> Option<[u8; 4]> {
    let mut bytes = [0_u8; 4];
    let mut count = 0_usize;
    for part in text.split(|byte| *byte == b'.') {
        let (value, _) = number(part)?;
        *bytes.get_mut(count)? = u8::try_from(value).ok()?;
        count = count.saturating_add(1);
    }
    (count == 4).then_some(bytes)
}

/// An address between brackets, without them and without its zone.
pub(super) fn v6(text: &[u8]) -> Option<Address> {
    let end = text.iter().position(|byte| *byte == b'%');
    let text = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
    let groups = groups(text)?;
    let pair = |high: u16, low: u16| u32::from(high).wrapping_shl(16) | u32::from(low);
    let mapped = match groups {
        // Mapped, compatible, translated; 6to4 holds an address in the middle.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x2002, high, low, ..]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(pair(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(pair(high, low)),
        _ => None,
    };
    if let Some(address) = mapped {
        return Some(Address {
            place: place_v4(address),
            is_unusual: true,
        });
    }
    let (place, short) = match groups {
        [0, 0, 0, 0, 0, 0, 0, 1] => (Place::Loopback, Some(&b"::1"[..])),
        [0, 0, 0, 0, 0, 0, 0, 0] => (Place::Unspecified, Some(&b"::"[..])),
        // AWS, Google, Oracle, Scaleway.
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254 | 0x23]
        | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254]
        | [0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe]
        | [0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42] => (Place::Metadata, None),
        [0xfc00..=0xfdff, ..] => (Place::Private, None),
        [0xfe80..=0xfebf, ..] => (Place::Link, None),
        _ => (Place::Public, None),
    };
    Some(Address {
        place,
        // Nobody was ever given a network of `fc00::/8` (RFC 4193, section 3.1).
        is_unusual: short.is_some_and(|short| short != text)
            || matches!(groups, [0xfc00..=0xfcff, ..]),
    })
}

#[cfg(test)]
mod tests {
    use super::{Address, Place, v4, v6};

    fn is(place: Place, is_unusual: bool) -> Address {
        Address { place, is_unusual }
    }

    #[test]
    fn an_address_of_numbers_is_read_in_every_base_and_length() {
        for (text, place) in [
            ("2130706433", Place::Loopback),
            ("0x7f.1", Place::Loopback),
            ("017700000001", Place::Loopback),
            ("127.0.1", Place::Loopback),
            ("0177.0.0.1", Place::Loopback),
            ("0xA9.0xFE.0xA9.0xFE", Place::Metadata),
            ("2852039166", Place::Metadata),
            ("0251.254.169.254", Place::Metadata),
            ("7147006462", Place::Metadata),
            ("425.510.425.510", Place::Metadata),
            ("0", Place::Unspecified),
            ("10.1", Place::Private),
            ("127.127.127.127", Place::Loopback),
        ] {
            assert_eq!(v4(text.as_bytes()), Some(is(place, true)), "{text}");
        }
    }

    #[test]
    fn an_address_as_people_write_it_is_not_unusual() {
        for (text, place) in [
            ("127.0.0.1", Place::Loopback),
            ("192.168.1.7", Place::Private),
            ("169.254.169.254", Place::Metadata),
            ("8.8.8.8", Place::Public),
        ] {
            assert_eq!(v4(text.as_bytes()), Some(is(place, false)), "{text}");
        }
    }

    #[test]
    fn an_address_between_brackets_is_read_however_it_is_shortened() {
        for (text, place, is_unusual) in [
            ("::1", Place::Loopback, false),
            ("0:0:0:0:0:0:0:1", Place::Loopback, true),
            ("0000::1", Place::Loopback, true),
            ("::ffff:169.254.169.254", Place::Metadata, true),
            ("::ffff:a9fe:a9fe", Place::Metadata, true),
            ("0:0:0:0:0:ffff:a9fe:a9fe", Place::Metadata, true),
            ("0:0:0:0:0:0:169.254.169.254", Place::Metadata, true),
            ("64:ff9b::7f00:1", Place::Loopback, true),
            ("fd00:ec2::254", Place::Metadata, false),
            ("fc00::1", Place::Private, true),
            ("fd12:3456::1", Place::Private, false),
            ("fe80::1%eth0", Place::Link, false),
            ("2001:db8::7", Place::Public, false),
        ] {
            assert_eq!(v6(text.as_bytes()), Some(is(place, is_unusual)), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "a.b", "1.2.3.4.5", "0xg", "1..2", "example"] {
            assert_eq!(v4(text.as_bytes()), None, "{text}");
        }
        for text in ["", "1:2", "g::1", "1:2:3:4:5:6:7:8:9", ":::"] {
            assert_eq!(v6(text.as_bytes()), None, "{text}");
        }
    }
}
