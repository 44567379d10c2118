//! The emulator: its providers, where they answer, and the sandboxes they answer from.
//!
//! Must not know how a request is answered.

use std::sync::{Arc, OnceLock};

use crate::behavior::{Behavior, Fixtures, SecretNames};
use crate::clock::Timestamp;
use crate::cors::Cors;
use crate::emulator::mount::Mounts;
use crate::emulator::provider::{EmulatedOperation, Provider};
use crate::emulator::unserved::Unserved;
use crate::expression::Value;
use crate::openapi::Operation;
use crate::response;
use crate::response::Renderings;
use crate::sandbox::SandboxRegistry;
use crate::store::Store;

/// Answers requests as the providers would, each out of the sandbox it is for.
pub struct Emulator {
    pub(super) providers: Vec<Provider>,
    /// By the numbers of provider and operation.
    pub(super) operations: Vec<Vec<EmulatedOperation>>,
    pub(super) mounts: Mounts,
    pub(super) sandboxes: SandboxRegistry,
    pub(super) cors: Option<Cors>,
    pub(super) fixtures: Option<Box<FixtureLoader>>,
    pub(super) documented: response::RenderOptions,
    pub(super) body_bytes_max: usize,
    /// Documented answers that were made before, by the number of the provider.
    pub(super) renderings: Vec<Renderings>,
    /// Found when they are first asked for.
    pub(super) secret_names: OnceLock<SecretNames>,
    pub(super) unserved: Vec<Unserved>,
}

/// Reads the fixture set of that name for every provider, in order, as if it were then; every problem otherwise.
pub type FixtureLoader =
    dyn Fn(&[Provider], &str, Timestamp) -> Result<Vec<Fixtures>, Vec<String>> + Send + Sync;

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator")
            .field("providers", &self.providers().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// The names under which something secret can stand.
    pub fn secret_names(&self) -> &SecretNames {
        let behaviors = || self.providers.iter().map(|provider| provider.behavior.secrets());
        self.secret_names.get_or_init(|| SecretNames::of(behaviors()))
    }

    /// When, by the system clock, the next task of a job falls due in any sandbox.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sandboxes.next_wake()
    }

    /// Sets the function that is called whenever [`Emulator::next_due`] may have become earlier. It must not block.
    pub fn on_work(&self, call: Box<dyn Fn() + Send + Sync>) {
        self.sandboxes.on_wake(call);
    }

    /// Drops the sandboxes that were idle for too long; returns their number.
    pub fn sweep(&self, now: Timestamp) -> usize {
        self.sandboxes.sweep(now)
    }

    /// All sandboxes.
    pub fn sandboxes(&self) -> &SandboxRegistry {
        &self.sandboxes
    }

    /// The providers' names.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.providers.iter().map(|provider| &provider.name)
    }

    /// The number of a provider by its name.
    pub fn provider(&self, name: &str) -> Option<usize> {
        self.providers.iter().position(|provider| *provider.name == *name)
    }

    /// The id of an operation of a provider, by their numbers.
    pub fn operation_id(&self, provider: usize, operation: usize) -> &Arc<str> {
        &self.operations[provider][operation].id
    }

    /// The name of a provider by its number.
    pub fn provider_name(&self, provider: usize) -> Arc<str> {
        Arc::clone(&self.providers[provider].name)
    }

    pub(super) fn emulated(&self, (provider, operation): (usize, usize)) -> &EmulatedOperation {
        &self.operations[provider][operation]
    }

    pub(super) fn operation(&self, (provider, operation): (usize, usize)) -> &Operation {
        &self.providers[provider].contract().operations[operation]
    }

    /// Behavior of a provider.
    pub fn behavior(&self, provider: usize) -> &Behavior {
        &self.providers[provider].behavior
    }

    /// Sets the loader of fixture sets that a sandbox asks for by name; without it there are none.
    pub fn load_fixtures_with(&mut self, load: Box<FixtureLoader>) {
        self.fixtures = Some(load);
    }

    /// The records and settings that a fixture set gives every provider when it is `now`; every problem otherwise.
    pub fn load_fixtures(
        &self,
        set: &str,
        now: Timestamp,
    ) -> Result<(Vec<Store>, Vec<Value>), Vec<String>> {
        let Some(load) = &self.fixtures else {
            return Err(vec![format!("there is no fixture set `{set}`: none can be read here")]);
        };
        let loaded = load(&self.providers, set, now)?;
        let with_settings = self.providers.iter().zip(loaded).map(|(provider, fixtures)| {
            let settings = provider.behavior.settings_with(&fixtures.settings)?;
            Ok((fixtures.store, settings))
        });
        with_settings
            .collect::<Result<Vec<_>, Vec<String>>>()
            .map(|pairs| pairs.into_iter().unzip())
    }

    /// Sets the providers that are not served, for calls to one.
    pub fn note_unserved(&mut self, unserved: Vec<Unserved>) {
        self.unserved = unserved;
    }

    /// The providers that were asked for and are not served.
    pub fn unserved(&self) -> &[Unserved] {
        &self.unserved
    }

    /// The one that a host and a path would lead to.
    pub(super) fn unserved_at(&self, host: Option<&str>, path: &str) -> Option<&Unserved> {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        let named = self.unserved.iter().find(|unserved| *unserved.provider == *first);
        named.or_else(|| self.unserved_host(host))
    }

    /// The one that a host would lead to.
    pub(super) fn unserved_host(&self, host: Option<&str>) -> Option<&Unserved> {
        if self.unserved.is_empty() {
            return None;
        }
        let host = host?.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let own = host.strip_suffix(".localhost")?;
        self.unserved.iter().find(|unserved| own.eq_ignore_ascii_case(&unserved.provider))
    }
}
