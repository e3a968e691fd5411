//! What every part of one sandbox shares.
//! It never outlives the sandbox: when the last handle goes, all children are killed.

use crate::{
    child::Children,
    config::{AddressForm, Config, Line, Origin},
    cpu::{CpuGroup, CpuShare},
    generation::Generation,
    ledger::{Ledger, ViolationKind},
    server::Connections,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) address: SocketAddr,
    pub(crate) ledger: Ledger,
    pub(crate) connections: Connections,
    pub(crate) children: Children,
    /// The control group of the children; after them, so that they are gone when it goes.
    pub(crate) cpu: Option<CpuGroup>,
    pub(crate) cpu_share: CpuShare,
    /// Classic Lambda works on one invocation at a time; whoever holds this has the turn.
    pub(crate) turn: tokio::sync::Mutex<()>,
    generation: Mutex<Option<Arc<Generation>>>,
    generations: AtomicU32,
}

impl Core {
    pub(crate) fn new(config: Config, address: SocketAddr) -> Self {
        let group = config.cpu_share.then(|| CpuGroup::create(config.memory_mb));
        let (cpu, cpu_share) = match group {
            None => (None, CpuShare::Off),
            Some(Ok(group)) => {
                let share = group.share();
                (Some(group), share)
            }
            Some(Err(reason)) => (None, CpuShare::Unavailable(reason)),
        };
        Self {
            ledger: Ledger::new(config.ledger_calls_max),
            config,
            address,
            connections: Connections::default(),
            children: Children::default(),
            cpu,
            cpu_share,
            turn: tokio::sync::Mutex::default(),
            generation: Mutex::default(),
            generations: AtomicU32::new(0),
        }
    }

    pub(crate) fn managed(&self) -> bool {
        self.config.concurrency.is_some()
    }

    /// The current life of the environment, alive or closing.
    pub(crate) fn generation(&self) -> Option<Arc<Generation>> {
        self.lock_generation().clone()
    }

    /// Begins a new life and makes it the current one.
    pub(crate) fn begin_generation(&self) -> Arc<Generation> {
        let number = self.generations.fetch_add(1, Ordering::Relaxed);
        let generation = Arc::new(Generation::new(
            number,
            self.managed(),
            self.config.snap_start,
        ));
        *self.lock_generation() = Some(Arc::clone(&generation));
        generation
    }

    /// Ends everything; nothing can be started afterwards.
    pub(crate) fn close(&self) {
        if let Some(generation) = self.generation() {
            generation.with(|state| state.closing = true);
        }
        self.children.close();
        self.connections.reset_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.children.is_closed()
    }

    /// What `AWS_LAMBDA_RUNTIME_API` says.
    pub(crate) fn runtime_api(&self) -> String {
        match &self.config.address_form {
            AddressForm::Plain => self.address.to_string(),
            AddressForm::Localhost => format!("localhost:{}", self.address.port()),
            AddressForm::Url { prefix } => format!("http://{}/{prefix}", self.address),
        }
    }

    pub(crate) fn violate(&self, kind: ViolationKind, connection: u64, detail: impl Into<String>) {
        self.ledger.violate(kind, connection, detail.into());
    }

    /// Writes a line in the platform's name.
    pub(crate) fn say(&self, text: String) {
        self.config.output.write(&Line {
            origin: Origin::Platform,
            stderr: false,
            text,
        });
    }

    fn lock_generation(&self) -> std::sync::MutexGuard<'_, Option<Arc<Generation>>> {
        self.generation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
