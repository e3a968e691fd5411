//! Who may call: addresses and tokens that are let in, kept out, or held to a rate.
//! It never looks an address up, and keeps no token longer than the policy that names it.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

/// What is held of callers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerPolicy {
    /// Addresses that are kept out.
    pub deny: Vec<Network>,
    /// Addresses that are never kept out nor held to a rate.
    pub allow: Vec<Network>,
    /// Tokens that are kept out.
    pub deny_tokens: Vec<String>,
    /// Tokens that are never kept out nor held to a rate.
    pub allow_tokens: Vec<String>,
    /// Whether everyone is kept out who is not let in.
    pub denies_others: bool,
    /// The header in which a token stands; `authorization` if none is named.
    pub token_header: Option<String>,
}

/// What is made of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Let in, and asked no more.
    Allowed,
    /// Nothing is said.
    Unknown,
    /// Kept out: the word says by what.
    Denied(&'static str),
}

impl CallerPolicy {
    /// True if nothing is said of anybody.
    pub fn is_empty(&self) -> bool {
        self.deny.is_empty()
            && self.allow.is_empty()
            && self.deny_tokens.is_empty()
            && self.allow_tokens.is_empty()
            && !self.denies_others
    }

    /// What is made of a caller with an address and a token, where they are known.
    pub fn standing(&self, address: Option<IpAddr>, token: Option<&str>) -> Standing {
        let is_in = |list: &[Network]| address.is_some_and(|at| list.iter().any(|net| net.has(at)));
        let is_named =
            |list: &[String]| token.is_some_and(|token| list.iter().any(|one| one == token));
        // Who is named as kept out is, whoever else let them in.
        if is_named(&self.deny_tokens) {
            return Standing::Denied("token");
        }
        if is_in(&self.allow) || is_named(&self.allow_tokens) {
            return Standing::Allowed;
        }
        if is_in(&self.deny) {
            return Standing::Denied("address");
        }
        if self.denies_others {
            return Standing::Denied("not-allowed");
        }
        Standing::Unknown
    }
}

/// A range of addresses, as `10.0.0.0/8` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    bits: u128,
    prefix: u8,
    is_v6: bool,
}

impl Network {
    /// Reads an address, or one with the length of its prefix; `None` if bits are set behind it.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => {
                let is_plain = prefix.bytes().all(|byte| byte.is_ascii_digit());
                (
                    address,
                    Some(prefix.parse::<u8>().ok().filter(|_| is_plain)?),
                )
            }
            None => (text, None),
        };
        let (bits, is_v6) = bits(address.parse().ok()?);
        let most = if is_v6 { 128 } else { 32 };
        let prefix = prefix.unwrap_or(most);
        let network = Self {
            bits,
            prefix,
            is_v6,
        };
        (prefix <= most && bits & !network.mask() == 0).then_some(network)
    }

    /// True if an address is in it; one of IPv4 that is written as one of IPv6 is the same.
    pub fn has(&self, address: IpAddr) -> bool {
        let (bits, is_v6) = bits(address);
        is_v6 == self.is_v6 && bits & self.mask() == self.bits
    }

    /// The bits of the prefix.
    fn mask(&self) -> u128 {
        let length = if self.is_v6 { 128 } else { 32 };
        let open = u32::from(length - self.prefix.min(length));
        let all = if self.is_v6 {
            u128::MAX
        } else {
            u32::MAX.into()
        };
        all.checked_shr(open)
            .unwrap_or(0)
            .checked_shl(open)
            .unwrap_or(0)
    }
}

/// An address as a number, and whether it is one of IPv6.
fn bits(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u32::from(address).into(), false),
        IpAddr::V6(address) => (address.into(), true),
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::{CallerPolicy, Network, Standing};

    #[test]
    fn a_network_has_the_addresses_of_its_prefix() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ] {
            let network = Network::parse(network).unwrap();
            assert_eq!(network.has(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0/8",
            "::1/129",
            "a/8",
            "1.2.3.4/+8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn who_is_kept_out_by_name_is_and_who_is_let_in_is_asked_no_more() {
        let policy = CallerPolicy {
            deny: [Network::parse("203.0.113.0/24").unwrap()].into(),
            allow: [Network::parse("203.0.113.7").unwrap()].into(),
            deny_tokens: [String::from("bad")].into(),
            ..CallerPolicy::default()
        };
        let standing = |address: &str, token| policy.standing(address.parse().ok(), token);
        assert_eq!(standing("203.0.113.8", None), Standing::Denied("address"));
        assert_eq!(standing("203.0.113.7", None), Standing::Allowed);
        assert_eq!(
            standing("203.0.113.7", Some("bad")),
            Standing::Denied("token")
        );
        assert_eq!(standing("198.51.100.1", Some("good")), Standing::Unknown);
        let closed = CallerPolicy {
            denies_others: true,
            ..policy
        };
        let standing = |address: &str| closed.standing(address.parse().ok(), None);
        assert_eq!(standing("198.51.100.1"), Standing::Denied("not-allowed"));
        assert_eq!(standing("nonsense"), Standing::Denied("not-allowed"));
        assert_eq!(standing("203.0.113.7"), Standing::Allowed);
    }
}
