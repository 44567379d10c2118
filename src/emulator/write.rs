//! A response that was decided on, written for a request to an operation.
//!
//! Must not know rules.

use bytes::Bytes;
use http::Response;

use crate::emulator::context::RequestContext;
use crate::emulator::engine::Emulator;
use crate::prefer::Preferences;
use crate::response;
use crate::response::{Accept, BodySource, Decided, Making, NotSent, Seeds, WrittenResponse};
use crate::sandbox::World;

impl Emulator {
    /// Writes a response that was decided on, as the request accepts and prefers it.
    pub(super) fn write(
        &self,
        place: (usize, usize),
        decided: &Decided<'_>,
        preferences: &Preferences,
        asked: &RequestContext<'_>,
        world: &mut World,
    ) -> Result<WrittenResponse, NotSent> {
        let is_made = matches!(decided.content, BodySource::Documented(_));
        let is_dynamic = is_made && preferences.dynamic.unwrap_or(self.documented.dynamic);
        let seeds = if is_dynamic {
            self.seeds(preferences, world)
        } else {
            Seeds { steady: world.ids().seed(), fresh: 0 }
        };
        let seed = preferences.seed.as_deref().filter(|_| is_made);
        let id = &self.operation(place).id;
        let making = Making::new(self.documented, seeds, id, is_dynamic, seed);
        self.write_as(place, decided, &making, asked)
    }

    /// Writes a response whose values are made in a certain way.
    fn write_as(
        &self,
        (provider, operation): (usize, usize),
        decided: &Decided<'_>,
        making: &Making,
        asked: &RequestContext<'_>,
    ) -> Result<WrittenResponse, NotSent> {
        let contract = self.behavior(provider).contract();
        let headers = &asked.parts.headers;
        self.renderings[provider].write(contract, operation, decided, headers, making)
    }

    /// Seeds for one answer: one is drawn where it is made up anew.
    pub(super) fn seeds(&self, preferences: &Preferences, world: &mut World) -> Seeds {
        let is_dynamic = preferences.dynamic.unwrap_or(self.documented.dynamic);
        let steady = world.ids().seed();
        Seeds { steady, fresh: if is_dynamic { world.next_seed() } else { 0 } }
    }

    /// The documented response of an operation for a status, if any, in a media type that the request accepts.
    pub(super) fn documented(
        &self,
        place: (usize, usize),
        status: u16,
        example: Option<&str>,
        asked: &RequestContext<'_>,
        seed: u64,
    ) -> Option<Response<Bytes>> {
        let operation = self.operation(place);
        let (status, response) = response::by_name(operation, Some(status), example).ok()?;
        let accept = Accept::Advises;
        let decided = Decided { accept, ..Decided::documented(status, response, example) };
        let seeds = Seeds { steady: seed, fresh: 0 };
        let making = Making::new(self.documented, seeds, &operation.id, false, None);
        self.write_as(place, &decided, &making, asked).ok().map(|written| written.response)
    }
}
