//! The policy in force, which may be another one for the next invocation.
//! It never changes for an invocation that has begun: whoever asked keeps what it got.
use std::sync::{Arc, PoisonError, RwLock};

use credenza_policy::Policy;

/// The policy in force, and whether it may ever be another.
#[derive(Debug)]
pub struct Live {
    policy: RwLock<Arc<Policy>>,
    changes: bool,
}

impl Live {
    /// A policy that stays in force as long as the process lives.
    pub fn fixed(policy: Policy) -> Self {
        Self {
            policy: RwLock::new(Arc::new(policy)),
            changes: false,
        }
    }

    /// A policy that may be swapped for another.
    pub fn changing(policy: Policy) -> Self {
        Self {
            changes: true,
            ..Self::fixed(policy)
        }
    }

    /// The policy for an invocation that begins now.
    pub fn now(&self) -> Arc<Policy> {
        let policy = self.policy.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&policy)
    }

    /// Puts another policy in force for whatever begins from now on.
    pub fn swap(&self, policy: Policy) {
        let policy = Arc::new(policy);
        // What was in force is dropped behind the lock, so that nobody waits for that.
        let mut place = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, policy);
        drop(place);
        drop(before);
    }

    /// True if an answer may come under another policy than its event did.
    pub fn changes(&self) -> bool {
        self.changes
    }
}
