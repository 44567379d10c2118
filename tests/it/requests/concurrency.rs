//! The same call from many threads at once.

use super::*;

/// The answers to the same call from many threads at once, in the order of their statuses and bodies.
fn at_once(world: &World, line: &str, fields: &[&str], body: &str) -> Vec<(u16, Bytes)> {
    const THREADS: usize = 8;
    let barrier = Barrier::new(THREADS);
    let (method, target) = line.split_once(' ').unwrap();
    let call = || {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method.parse().unwrap();
        *request.uri_mut() = target.parse().unwrap();
        *request.headers_mut() = header_map(fields);
        barrier.wait();
        let response = world.emulator.handle(request, world.now).response;
        (response.status().as_u16(), response.into_body())
    };
    let mut answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    answers.sort_unstable();
    answers
}

#[test]
fn one_of_many_deletions_at_once_succeeds() {
    for (line, fields, done) in [
        ("DELETE /partoo/org/43", [PARTOO], 200),
        ("DELETE /timbrix/organizations/550e8400-e29b-41d4-a716-446655440000", [TIMBRIX], 204),
        ("DELETE /applivery/v1/organizations/globex", [APPLIVERY], 200),
    ] {
        let world = World::new();
        for round in 0..20 {
            world.emulator.sandboxes().reset(system_now());
            let answers = at_once(&world, line, &fields, "");
            assert_eq!(answers[0].0, done, "{line}, round {round}");
            assert!(answers[1..].iter().all(|(status, _)| *status == 404), "{line}: {answers:?}");
        }
    }
}

#[test]
fn one_of_many_listed_deletions_at_once_says_that_it_deleted() {
    let world = World::new();
    for round in 0..20 {
        world.emulator.sandboxes().reset(system_now());
        let answers = at_once(&world, VELT_DELETE, &velt_fields(JSON), VELT_BODY);
        let deleted = answers.iter().filter(|(status, body)| {
            assert_eq!(*status, 200);
            let body: Value = serde_json::from_slice(body).unwrap();
            body["result"]["data"]["yourOrganizationId1"]["success"] == true
        });
        assert_eq!(deleted.count(), 1, "round {round}");
    }
}
