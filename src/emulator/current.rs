//! The emulator that answers now, and how another takes its place while requests come.
//!
//! Must not know why there is another, nor where it comes from.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::Mutex;
use parking_lot::RwLock;
use parking_lot::RwLockReadGuard;

use crate::emulator::Emulator;

/// Called when work may have become due earlier.
type OnWork = dyn Fn() + Send + Sync;

/// The emulator that answers now. Clones share it.
///
/// Whoever works in a sandbox holds it meanwhile, so that nothing is changed in an emulator that has been replaced.
#[derive(Clone)]
pub struct Current(Arc<Shared>);

struct Shared {
    emulator: RwLock<Arc<Emulator>>,
    on_work: Mutex<Option<Arc<OnWork>>>,
}

/// The emulator, which is not replaced before this is dropped. A second one in the same thread could wait for ever.
pub struct Held<'c>(RwLockReadGuard<'c, Arc<Emulator>>);

impl Deref for Held<'_> {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.0
    }
}

impl std::fmt::Debug for Held<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Current")
    }
}

impl From<Arc<Emulator>> for Current {
    fn from(emulator: Arc<Emulator>) -> Self {
        let (emulator, on_work) = (RwLock::new(emulator), Mutex::default());
        Self(Arc::new(Shared { emulator, on_work }))
    }
}

impl From<Emulator> for Current {
    fn from(emulator: Emulator) -> Self {
        Arc::new(emulator).into()
    }
}

impl Current {
    /// Holds the emulator that answers now, for work that does not wait.
    pub fn hold(&self) -> Held<'_> {
        Held(self.0.emulator.read())
    }

    /// The emulator that answers now, for who only looks at it and may take his time.
    pub fn look(&self) -> Arc<Emulator> {
        Arc::clone(&self.0.emulator.read())
    }

    /// Has `call` called whenever [`Emulator::next_due`] may have become earlier, also by a replacement. It must not
    /// wait.
    pub fn on_work(&self, call: impl Fn() + Send + Sync + 'static) {
        let call: Arc<OnWork> = Arc::new(call);
        *self.0.on_work.lock() = Some(Arc::clone(&call));
        self.hold().on_work(Box::new(move || call()));
    }

    /// Has `next` answer from now on, when requests that are being answered are, and others wait; `carry` brings over
    /// what is to go on.
    pub fn replace<R>(
        &self,
        mut next: Emulator,
        carry: impl FnOnce(&Emulator, &mut Emulator) -> R,
    ) -> R {
        let on_work = self.0.on_work.lock().clone();
        if let Some(call) = on_work.clone() {
            next.on_work(Box::new(move || call()));
        }
        let mut emulator = self.0.emulator.write();
        let carried = carry(&emulator, &mut next);
        *emulator = Arc::new(next);
        drop(emulator);
        if let Some(call) = on_work {
            call();
        }
        carried
    }
}
