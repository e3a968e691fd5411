//! Where a host leads, told from its name: addresses in all spellings, names that lead inside.
//! It never asks a name server.
use super::address::{self, Address, Place};
use crate::detector::listener;

/// Where a host leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// To an address that is written out.
    To(Address),
    /// To the machine itself, by its name.
    Local {
        /// Nobody calls it so without a reason.
        is_unusual: bool,
    },
    /// To the service that gives out credentials, by its name.
    Metadata,
    /// To the machine around a container.
    Machine,
    /// To the control plane of a cluster.
    Cluster,
    /// To the address that is part of the name.
    Embedded(Place),
    /// To another address each time it is asked for.
    Rebinding,
    /// To one who waits for calls.
    Listener,
    /// Anywhere else.
    Elsewhere,
}

impl Lead {
    /// True if it leads to the machine itself or into its network.
    pub(super) fn is_inside(self) -> bool {
        match self {
            Self::To(address) => address.place != Place::Public,
            Self::Embedded(place) => place != Place::Public,
            Self::Local { .. } | Self::Metadata | Self::Machine | Self::Cluster => true,
            Self::Rebinding | Self::Listener | Self::Elsewhere => false,
        }
    }
}

impl Lead {
    /// The same host, written as nobody writes it without a reason.
    pub(super) fn as_unusual(self) -> Self {
        match self {
            Self::To(address) => Self::To(Address {
                is_unusual: true,
                ..address
            }),
            Self::Local { .. } => Self::Local { is_unusual: true },
            other => other,
        }
    }
}

// Limit: the longest name that leads inside has 36 bytes; an address of eight groups 45.
const HOST_BYTES_MAX: usize = 80;

/// A host with its escapes undone, in small letters.
struct Plain {
    text: [u8; HOST_BYTES_MAX],
    len: usize,
    /// Something had to be undone.
    is_rewritten: bool,
}

impl Plain {
    fn of(host: &[u8]) -> Self {
        let mut plain = Self {
            text: [0; HOST_BYTES_MAX],
            len: 0,
            is_rewritten: false,
        };
        let mut rest = host;
        while let Some((byte, behind)) = rest.split_first() {
            rest = behind;
            let byte = match (byte, behind) {
                (b'%', [high, low, behind @ ..])
                    if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                {
                    rest = behind;
                    plain.is_rewritten = true;
                    hex(*high).wrapping_shl(4) | hex(*low)
                }
                // Tabs and line breaks are dropped by browsers' parsers.
                (b'\t' | b'\r' | b'\n', _) => {
                    plain.is_rewritten = true;
                    continue;
                }
                (0xe2 | 0xe3 | 0xef, _) => match circled(*byte, behind) {
                    Some((byte, behind)) => {
                        rest = behind;
                        plain.is_rewritten = true;
                        byte
                    }
                    None => *byte,
                },
                _ => *byte,
            };
            let Some(place) = plain.text.get_mut(plain.len) else {
                break;
            };
            *place = byte.to_ascii_lowercase();
            plain.len = plain.len.saturating_add(1);
        }
        if let Some(rest) = plain.len.checked_sub(1)
            && plain.text.get(rest) == Some(&b'.')
        {
            plain.len = rest;
            plain.is_rewritten = true;
        }
        plain
    }

    fn text(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or(&[])
    }
}

fn hex(digit: u8) -> u8 {
    let value = char::from(digit).to_digit(16).unwrap_or(0);
    u8::try_from(value).unwrap_or(0)
}

/// A circled letter or digit, or a dot of another script, as browsers fold it.
fn circled(byte: u8, behind: &[u8]) -> Option<(u8, &[u8])> {
    match (byte, behind) {
        (0xe2, [0x91, digit @ 0xa0..=0xa8, behind @ ..]) => {
            Some((digit.wrapping_sub(0xa0).wrapping_add(b'1'), behind))
        }
        (0xe2, [0x93, 0xaa, behind @ ..]) => Some((b'0', behind)),
        (0xe2, [0x92, letter @ 0xb6..=0xbf, behind @ ..]) => {
            Some((letter.wrapping_sub(0xb6).wrapping_add(b'a'), behind))
        }
        (0xe2, [0x93, letter @ 0x80..=0x8f, behind @ ..]) => {
            Some((letter.wrapping_sub(0x80).wrapping_add(b'k'), behind))
        }
        (0xe2, [0x93, letter @ 0x90..=0xa9, behind @ ..]) => {
            Some((letter.wrapping_sub(0x90).wrapping_add(b'a'), behind))
        }
        (0xe3, [0x80, 0x82, behind @ ..]) | (0xef, [0xbd, 0xa1, behind @ ..]) => {
            Some((b'.', behind))
        }
        _ => None,
    }
}

/// Where a host leads; brackets around an address are part of it.
pub(super) fn lead(host: &[u8]) -> Lead {
    if host.is_empty() || host.len() > HOST_BYTES_MAX.saturating_mul(3) {
        return Lead::Elsewhere;
    }
    let plain = Plain::of(host);
    let text = plain.text();
    let address = match text {
        [b'[', inner @ .., b']'] => address::v6(inner),
        _ => address::v4(text),
    };
    if let Some(mut address) = address {
        address.is_unusual |= plain.is_rewritten;
        return Lead::To(address);
    }
    match name(text) {
        Lead::Local { .. } if plain.is_rewritten => Lead::Local { is_unusual: true },
        lead => lead,
    }
}

fn name(name: &[u8]) -> Lead {
    match name {
        b"localhost" | b"localhost.localdomain" => return Lead::Local { is_unusual: false },
        b"localhost4" | b"localhost6" | b"ip6-localhost" | b"ip6-loopback" | b"loopback" => {
            return Lead::Local { is_unusual: true };
        }
        b"metadata.google.internal"
        | b"metadata.goog.internal"
        | b"metadata"
        | b"instance-data"
        | b"instance-data.ec2.internal"
        | b"rancher-metadata"
        | b"metadata.packet.net"
        | b"metadata.tencentyun.com"
        | b"metadata.azure.internal"
        | b"metadata.platformequinix.com" => return Lead::Metadata,
        b"host.docker.internal"
        | b"gateway.docker.internal"
        | b"host.containers.internal"
        | b"kubernetes.docker.internal" => return Lead::Machine,
        b"kubernetes.default"
        | b"kubernetes.default.svc"
        | b"kubernetes.default.svc.cluster.local" => return Lead::Cluster,
        _ => {}
    }
    if is_under(name, "localhost") {
        return Lead::Local { is_unusual: false };
    }
    let wildcards = ["nip.io", "sslip.io", "xip.io"];
    if wildcards.iter().any(|zone| is_under(name, zone)) {
        let place = embedded(name).or_else(|| packed(name));
        return place.map_or(Lead::Elsewhere, Lead::Embedded);
    }
    let rebinders = ["1u.ms", "rbndr.us", "rebind.network"];
    if rebinders.iter().any(|zone| is_under(name, zone)) {
        return Lead::Rebinding;
    }
    let locals = ["localtest.me", "lvh.me", "vcap.me", "lacolhost.com"];
    if locals
        .iter()
        .any(|zone| is_under(name, zone) || name == zone.as_bytes())
    {
        return Lead::Local { is_unusual: false };
    }
    if listener::ZONES.iter().any(|zone| is_under(name, zone)) {
        return Lead::Listener;
    }
    Lead::Elsewhere
}

/// True if `name` ends in a dot and `zone`.
fn is_under(name: &[u8], zone: &str) -> bool {
    name.strip_suffix(zone.as_bytes())
        .is_some_and(|head| head.ends_with(b"."))
}

/// The place of an address that is one number of base 36 before its zone, its last byte first.
fn packed(name: &[u8]) -> Option<Place> {
    let number = name
        .strip_suffix(b".xip.io")?
        .rsplit(|byte| *byte == b'.')
        .next()?;
    let number = core::str::from_utf8(number).ok()?;
    let value = u32::from_str_radix(number, 36).ok()?;
    (number.len() >= 6).then(|| address::place_v4(value.swap_bytes()))
}

/// The place of the address that stands in a name before its zone: `a.10.0.0.1.nip.io`,
/// `10-0-0-1.sslip.io`.
fn embedded(name: &[u8]) -> Option<Place> {
    let mut bytes = [0_u8; 4];
    let mut count = 0_usize;
    let mut last = None;
    for part in name.split(|byte| matches!(byte, b'.' | b'-')) {
        let value = core::str::from_utf8(part).ok()?.parse::<u8>();
        match value {
            Ok(value) => {
                bytes.rotate_left(1);
                if let Some(end) = bytes.last_mut() {
                    *end = value;
                }
                count = count.saturating_add(1);
                if count >= 4 {
                    last = Some(address::place_v4(u32::from_be_bytes(bytes)));
                }
            }
            Err(_) => count = 0,
        }
        if part.len() == 8
            && let Ok(value) = u32::from_str_radix(core::str::from_utf8(part).ok()?, 16)
        {
            last = Some(address::place_v4(value));
        }
    }
    last
}
