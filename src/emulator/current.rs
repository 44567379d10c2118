//! The emulator that answers now, and how another takes its place while requests come.
//!
//! Must not know why there is another, nor where it comes from.

use std::ops::Deref;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};

use crate::emulator::engine::Emulator;

/// Called when work may have become due earlier.
type OnWork = dyn Fn() + Send + Sync;

/// The emulator that answers now. Clones share it.
///
/// Work in a sandbox takes a guard, so that nothing changes in an emulator that has been replaced.
#[derive(Clone)]
pub struct Current(Arc<CurrentInner>);

struct CurrentInner {
    emulator: RwLock<Arc<Emulator>>,
    on_work: Mutex<Option<Arc<OnWork>>>,
}

/// A read lock on the current emulator, which is replaced only after this is dropped. A second one in the same thread
/// can deadlock.
pub struct EmulatorGuard<'c>(RwLockReadGuard<'c, Arc<Emulator>>);

impl Deref for EmulatorGuard<'_> {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.0
    }
}

impl std::fmt::Debug for EmulatorGuard<'_> {
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
        Self(Arc::new(CurrentInner { emulator, on_work }))
    }
}

impl From<Emulator> for Current {
    fn from(emulator: Emulator) -> Self {
        Arc::new(emulator).into()
    }
}

impl Current {
    /// Locks the current emulator against replacement, for work that does not wait.
    pub fn guard(&self) -> EmulatorGuard<'_> {
        EmulatorGuard(self.0.emulator.read())
    }

    /// The current emulator for slow readers: it does not block replacement.
    pub fn snapshot(&self) -> Arc<Emulator> {
        Arc::clone(&self.0.emulator.read())
    }

    /// Sets the function that is called whenever [`Emulator::next_due`] may have become earlier, also by a replacement. It
    /// must not block.
    pub fn on_work(&self, call: impl Fn() + Send + Sync + 'static) {
        let call: Arc<OnWork> = Arc::new(call);
        *self.0.on_work.lock() = Some(Arc::clone(&call));
        self.guard().on_work(Box::new(move || call()));
    }

    /// Replaces the emulator once the requests in progress are answered; new ones wait. `carry` moves the state over.
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;
    use crate::clock::Timestamp;
    use crate::emulator::EmulatorOptions;

    fn nothing() -> Emulator {
        Emulator::new(Vec::new(), &EmulatorOptions::default(), &mut Vec::new())
    }

    #[test]
    fn who_is_told_of_work_is_told_by_the_next_emulator_too() {
        let current = Current::from(nothing());
        let told = Arc::new(AtomicUsize::new(0));
        let tell = Arc::clone(&told);
        current.on_work(move || {
            tell.fetch_add(1, Ordering::Relaxed);
        });
        current.replace(nothing(), |_, _| ());
        assert_eq!(told.load(Ordering::Relaxed), 1, "what was taken over may be due");
        current.replace(nothing(), |_, _| ());
        assert_eq!(told.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn sandboxes_go_on_with_their_names_and_ages_and_what_is_dropped_is_remembered() {
        let options = EmulatorOptions {
            sandbox_idle: std::time::Duration::from_millis(9),
            ..EmulatorOptions::default()
        };
        let make = || Emulator::new(Vec::new(), &options, &mut Vec::new());
        let current = Current::from(make());
        for (name, at) in [("dropped", 1), ("kept", 20)] {
            current.guard().sandboxes().enter(name, Timestamp(at), |_, _| ()).unwrap();
        }
        current.guard().sweep(Timestamp(20));
        let next = make();
        let handover = next.prepare_handover(&current.snapshot(), |_| true);
        let taken = current.replace(next, |previous, next| next.hand_over(previous, handover));
        assert_eq!((taken.sandboxes, taken.has_history), (2, true));
        let guard = current.guard();
        let kept = guard.sandboxes().find("kept").unwrap();
        assert_eq!((kept.created(), kept.last_used()), (Timestamp(20), Timestamp(20)));
        assert!(guard.sandboxes().find("dropped").is_none());
        let restarted =
            guard.sandboxes().enter("dropped", Timestamp(21), |_, state| state.restarted);
        assert_eq!(restarted.unwrap(), Some(Timestamp(20)));
    }

    #[test]
    fn whoever_works_in_a_sandbox_is_waited_for() {
        let current = Current::from(nothing());
        thread::scope(|scope| {
            let guard = current.guard();
            let replacing = scope
                .spawn(|| current.replace(nothing(), |previous, _| previous.sandboxes().count()));
            guard.sandboxes().enter("late", Timestamp(0), |_, _| ()).unwrap();
            drop(guard);
            assert_eq!(replacing.join().unwrap(), 1);
        });
    }
}
