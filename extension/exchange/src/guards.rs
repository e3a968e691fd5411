//! What a policy asks of an invocation itself: who calls, how much, how often, and from where.
//! It never reads a caller's own word for an address, and asks nothing where the policy does not.
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use credenza_engine::Finding;
use credenza_event::{Source, layout};
use credenza_policy::rules::{DENIED_CALLER, INVOCATION_LOOP, REQUEST_RATE, REQUEST_SIZE};
use credenza_policy::{Judge, Policy, Principal, Rate, Standing, lineage};

use crate::case::Case;
use crate::route::{text, within};

/// Whoever counts the requests of each caller.
pub trait Admit: core::fmt::Debug {
    /// True if the caller with this keyed hash may call now.
    fn admits(&self, principal: u64, rate: &Rate) -> bool;
}

/// What the policy and its candidate say of an invocation.
pub(crate) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let policy = case.policy;
    let mut all = of_policy(case, policy, true);
    if let Some(shadow) = policy.shadow.as_deref() {
        let bit = |judge: Judge| judge.bit();
        let candidates = of_policy(case, shadow, false);
        let same = |one: &Finding, other: &Finding| {
            one.rule.id == other.rule.id && one.explanation == other.explanation
        };
        for own in &mut all {
            let is_shared = candidates.iter().any(|other| same(own, other));
            // Only one request is counted, and so what is held to a rate counts for both.
            let is_counted = own.rule.id == REQUEST_RATE.id;
            if !is_shared && !is_counted {
                own.exempt = bit(Judge::Shadow);
            }
        }
        for other in candidates {
            if !all.iter().any(|own| same(own, &other)) {
                all.push(Finding {
                    exempt: bit(Judge::Active),
                    ..other
                });
            }
        }
    }
    all
}

fn of_policy(case: &Case<'_>, policy: &Policy, counts: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(most) = policy.limits.event_bytes_max
        && u64::try_from(case.body.len()).unwrap_or(u64::MAX) > most
    {
        found.push(Finding::of_invocation(&REQUEST_SIZE, "", "event-bytes"));
    }
    let rate = policy.limits.rate.filter(|_| counts);
    if !policy.callers.is_empty() || rate.is_some() {
        let caller = Caller::of(case, policy);
        let has_caller = caller.address.is_some() || caller.token.is_some();
        match policy
            .callers
            .standing(caller.address, caller.token.as_deref())
        {
            Standing::Allowed => {}
            // A queue has no caller whom anybody could let in.
            Standing::Denied(by) if has_caller || caller.is_request => {
                found.push(Finding::of_invocation(&DENIED_CALLER, caller.place, by));
            }
            Standing::Denied(_) | Standing::Unknown => {
                if let Some(rate) = rate
                    && let Some(principal) = caller.principal(case, rate.principal)
                    && case
                        .about
                        .admit
                        .is_some_and(|who| !who.admits(principal, &rate))
                {
                    let by = rate.principal.name();
                    found.push(Finding::of_invocation(&REQUEST_RATE, caller.place, by));
                }
            }
        }
    }
    if !policy.recursion.is_empty() {
        found.extend(a_loop(case, policy));
    }
    found
}

/// What proves that a function calls itself.
fn a_loop(case: &Case<'_>, policy: &Policy) -> Option<Finding> {
    let recursion = &policy.recursion;
    let trace = case
        .about
        .beside
        .iter()
        .find(|beside| beside.name == "trace-id");
    let count = trace.map_or(0, |beside| lineage(beside.text));
    if recursion.lineage_max.is_some_and(|most| count > most) {
        return Some(Finding::of_invocation(
            &INVOCATION_LOOP,
            "#/trace-id",
            "lineage",
        ));
    }
    let place = case.place();
    let mut routes = place.routes.all();
    let is_own = |route: &str| recursion.writes.iter().any(|own| own.matches_route(route));
    if let Some((pointer, _)) = routes.find(|(_, route)| is_own(route)) {
        return Some(Finding::of_invocation(
            &INVOCATION_LOOP,
            pointer,
            "own-writes",
        ));
    }
    if recursion.own_destination && place.source == Source::Destination {
        let at = within(case.body, 0, &["requestContext", "functionArn"]);
        let arn = text(case.body, at);
        if is_same_function(&arn, case.about.function_arn) {
            let at = "/requestContext/functionArn";
            return Some(Finding::of_invocation(
                &INVOCATION_LOOP,
                at,
                "own-destination",
            ));
        }
    }
    None
}

/// True for two names of one function, whatever version or alias they end in.
fn is_same_function(one: &str, other: &[u8]) -> bool {
    let plain = |arn: &str| -> Vec<String> { arn.split(':').take(7).map(Into::into).collect() };
    let Ok(other) = core::str::from_utf8(other) else {
        return false;
    };
    let (one, other) = (plain(one), plain(other));
    one.len() == 7 && one == other
}

/// Who calls.
struct Caller {
    address: Option<IpAddr>,
    token: Option<String>,
    identity: Option<String>,
    /// Where the event tells of the address.
    place: &'static str,
    /// Whether somebody waits for an answer.
    is_request: bool,
}

impl Caller {
    fn of(case: &Case<'_>, policy: &Policy) -> Self {
        let source = case.place().source;
        let body = case.body;
        let header = policy
            .callers
            .token_header
            .as_deref()
            .unwrap_or("authorization");
        let (path, place): (&[&str], _) = match source {
            Source::ApiGatewayHttp | Source::FunctionUrl | Source::AuthorizerHttp => (
                &["requestContext", "http", "sourceIp"],
                "/requestContext/http/sourceIp",
            ),
            Source::ApiGatewayRest
            | Source::AuthorizerRequest
            | Source::WebSocketConnect
            | Source::WebSocketMessage => (
                &["requestContext", "identity", "sourceIp"],
                "/requestContext/identity/sourceIp",
            ),
            // Neither names an address but in this header, whose last entry they write themselves.
            Source::Alb { .. } | Source::VpcLatticeV1 | Source::VpcLatticeV2 => {
                let chain = header_value(body, "x-forwarded-for");
                let last = chain.as_deref().and_then(|chain| chain.rsplit(',').next());
                return Self {
                    address: last.and_then(|last| last.trim().parse().ok()),
                    token: token(body, header),
                    identity: None,
                    place: "/headers/x-forwarded-for",
                    is_request: true,
                };
            }
            _ => (&[], ""),
        };
        let address = text(body, within(body, 0, path).filter(|_| !path.is_empty()));
        Self {
            address: address.parse().ok(),
            token: token(body, header).filter(|_| !path.is_empty()),
            identity: identity(body).filter(|_| !path.is_empty()),
            place,
            is_request: !path.is_empty(),
        }
    }

    /// The keyed hash of whoever counts as one caller; `None` if nobody can be told apart.
    fn principal(&self, case: &Case<'_>, principal: Principal) -> Option<u64> {
        let address = || Some(alloc::format!("{}", self.address?));
        let name = match principal {
            Principal::Address => address(),
            Principal::Token => self.token.clone().or_else(address),
            Principal::Identity => self.identity.clone().or_else(address),
            Principal::Tenant => {
                let tenant = String::from_utf8_lossy(case.about.tenant).into_owned();
                Some(tenant)
                    .filter(|tenant| !tenant.is_empty())
                    .or_else(address)
            }
        };
        Some(case.key.hash(name?.as_bytes()))
    }
}

/// The value of a header, whatever its name's letters.
fn header_value(body: &[u8], name: &str) -> Option<String> {
    let member = |list: &str| {
        let at = within(body, 0, &[list])?;
        let mut members = layout::members(body, at.start);
        let found = members.find(|member| {
            let own = body.get(member.name.clone()).unwrap_or_default();
            own.eq_ignore_ascii_case(name.as_bytes())
        })?;
        Some(found.value)
    };
    let value = member("headers").or_else(|| {
        // Several values of one header stand in a list; the last one came last.
        let list = member("multiValueHeaders")?;
        layout::elements(body, list.start).last()
    })?;
    let value = text(body, Some(value));
    (!value.is_empty()).then(|| value.into_owned())
}

/// The token of a caller, without the word before it.
fn token(body: &[u8], header: &str) -> Option<String> {
    let value = header_value(body, header)?;
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => value.trim(),
    };
    Some(token.into())
}

/// The name by which an authorizer knows the caller.
fn identity(body: &[u8]) -> Option<String> {
    const PATHS: [&[&str]; 6] = [
        &["requestContext", "authorizer", "jwt", "claims", "sub"],
        &["requestContext", "authorizer", "claims", "sub"],
        &["requestContext", "authorizer", "iam", "userArn"],
        &["requestContext", "authorizer", "principalId"],
        &["requestContext", "identity", "userArn"],
        &["requestContext", "identity", "apiKeyId"],
    ];
    let found = PATHS.iter().map(|path| text(body, within(body, 0, path)));
    let mut found = found.filter(|name| !name.is_empty());
    found.next().map(alloc::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;
