//! Where something else holds than elsewhere: for a source, a route, a field, a function, a tenant.
//! It never lets more happen than the global mode does.
use alloc::vec::Vec;

use credenza_engine::Confidence;
use credenza_event::Source;

use crate::{Action, Mode, Pattern, Place, Share};

/// What holds; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The most that may come of a finding.
    pub mode: Option<Mode>,
    /// A weaker finding is flagged.
    pub minimum_confidence: Option<Confidence>,
    /// What becomes of what a finding is in.
    pub action: Option<Action>,
    /// The share of requests for which that happens.
    pub canary: Option<Share>,
}

/// What holds somewhere: everything that it names must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Of which rules; of all if there is none.
    pub rules: Vec<&'static str>,
    /// For which source.
    pub source: Option<Source>,
    /// On which routes.
    pub route: Option<Pattern>,
    /// In which fields, as JSON Pointers.
    pub location: Option<Pattern>,
    /// In which functions.
    pub function: Option<Pattern>,
    /// For which tenants.
    pub tenant: Option<Pattern>,
    /// What holds there.
    pub terms: Terms,
}

impl Scope {
    /// True if a finding of the rule `id` at `location` is in it.
    ///
    /// Which function this is was asked before: a scope that still names one is another's.
    pub(crate) fn has(&self, id: &str, location: &str, place: &Place<'_>) -> bool {
        let is_rule = self.rules.is_empty() || self.rules.contains(&id);
        is_rule
            && self.function.is_none()
            && is_source(self.source, place.source)
            && self
                .tenant
                .as_ref()
                .is_none_or(|tenant| is_tenant(tenant, place.tenant))
            && is_route(self.route.as_ref(), place.routes.at(location))
            && is_location(self.location.as_ref(), location)
    }

    /// True if it speaks of everything everywhere, but for the rules that it names.
    pub(crate) fn is_everywhere(&self) -> bool {
        let named = [&self.route, &self.location, &self.function, &self.tenant];
        self.source.is_none() && named.iter().all(|pattern| pattern.is_none())
    }
}

/// One load balancer stands for both kinds.
pub(crate) fn is_source(wanted: Option<Source>, source: Source) -> bool {
    wanted.is_none_or(|wanted| wanted.name() == source.name())
}

pub(crate) fn is_route(wanted: Option<&Pattern>, route: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.matches_route(route))
}

pub(crate) fn is_location(wanted: Option<&Pattern>, location: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.matches(location))
}

fn is_tenant(wanted: &Pattern, tenant: &[u8]) -> bool {
    core::str::from_utf8(tenant).is_ok_and(|tenant| !tenant.is_empty() && wanted.matches(tenant))
}
