//! Zones of names whose owners are told of every call.
//! It never says what a call to one means; each rule decides that from where the name stands.

/// Out-of-band services of scanners and of those who test by hand.
pub(super) const ZONES: [&str; 14] = [
    "oastify.com",
    "burpcollaborator.net",
    "interact.sh",
    "oast.fun",
    "oast.live",
    "oast.me",
    "oast.online",
    "oast.pro",
    "oast.site",
    "dnslog.cn",
    "ceye.io",
    "canarytokens.com",
    "bxss.me",
    "requestbin.net",
];
