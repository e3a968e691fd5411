//! A13: a pending `next` at the platform is capacity; whatever happens to the runtime, it is
//! neither dropped nor doubled, and its event reaches the next one that asks.
//! It never inspects anything: every event here is plain.
use crate::harness::agent::Agent;
use crate::harness::beside_others;
use crate::harness::lambda::Lambda;
use crate::harness::pair::Pair;

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next";

#[test]
fn a_next_whose_runtime_hangs_up_is_parked_and_given_to_the_next_one() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.invoke("first", b"{}", b"1");
    for round in 0..20 {
        pair.runtime.ask_next().unwrap();
        pair.lambda.wait_pending(1);
        // The runtime goes away while its `next` is pending at the platform.
        pair.runtime = pair.agent.runtime();
        pair.runtime.ask_next().unwrap();
        let id = format!("round-{round}");
        pair.lambda.push(Lambda::event(&id, b"{}"));
        let received = pair
            .runtime
            .receive()
            .expect("the event comes to the new runtime");
        assert_eq!(received.id, id);
        pair.runtime.respond(&id, b"1").unwrap();
    }
    assert_eq!(pair.lambda.nexts_dropped(), 0, "a pending next was closed");
    assert_eq!(pair.lambda.count_calls(NEXT), 21, "a next was doubled");
}

#[test]
fn an_event_that_arrives_while_no_runtime_is_there_waits_for_it() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.runtime.ask_next().unwrap();
    pair.lambda.wait_pending(1);
    let gone = std::mem::replace(&mut pair.runtime, pair.agent.runtime());
    drop(gone);
    pair.lambda.push(Lambda::event("orphan", b"{\"a\":1}"));
    pair.lambda.wait_pending(0);
    let received = pair.runtime.next().expect("the event is still there");
    assert_eq!(
        (received.id.as_str(), received.body.as_slice()),
        ("orphan", &b"{\"a\":1}"[..])
    );
    pair.runtime.respond("orphan", b"1").unwrap();
    assert_eq!(pair.lambda.answers(1)[0].id(), "orphan");
    assert_eq!(
        pair.lambda.count_calls(NEXT),
        1,
        "the event was asked for twice"
    );
}

#[test]
fn a_restarted_runtime_answers_on_new_connections_as_well() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    for round in 0..50 {
        // As the client of Ruby does: a new connection for each call.
        let id = format!("round-{round}");
        pair.lambda.push(Lambda::event(&id, b"{}"));
        let received = pair.agent.runtime().next().unwrap();
        assert_eq!(received.id, id);
        pair.agent.runtime().respond(&id, b"1").unwrap();
    }
    assert_eq!(pair.lambda.answers(50).len(), 50);
    assert_eq!(pair.lambda.nexts_dropped(), 0);
    assert_eq!(pair.lambda.count_calls(NEXT), 50);
    pair.invoke("last", b"{}", b"1");
}

#[test]
fn a_runtime_that_closes_only_its_own_direction_still_gets_its_event() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    for round in 0..20 {
        pair.runtime.ask_next().unwrap();
        pair.lambda.wait_pending(1);
        let stream = pair.runtime.reader.get_ref();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let id = format!("round-{round}");
        pair.lambda.push(Lambda::event(&id, b"{}"));
        assert_eq!(pair.runtime.receive().unwrap().id, id);
        pair.runtime = pair.agent.runtime();
        pair.runtime.respond(&id, b"1").unwrap();
    }
    assert_eq!(pair.lambda.nexts_dropped(), 0);
    assert_eq!(pair.lambda.count_calls(NEXT), 20);
}

#[test]
fn a_runtime_that_closes_one_direction_and_then_the_other_leaves_its_next_to_another() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    for round in 0..20 {
        pair.runtime.ask_next().unwrap();
        pair.lambda.wait_pending(1);
        let stream = pair.runtime.reader.get_ref();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        pair.runtime = pair.agent.runtime();
        pair.runtime.ask_next().unwrap();
        let id = format!("round-{round}");
        pair.lambda.push(Lambda::event(&id, b"{}"));
        assert_eq!(pair.runtime.receive().unwrap().id, id);
        pair.runtime.respond(&id, b"1").unwrap();
    }
    assert_eq!(pair.lambda.nexts_dropped(), 0);
    assert_eq!(pair.lambda.count_calls(NEXT), 20, "a next was doubled");
}

#[test]
fn a_second_next_without_an_answer_goes_up_because_it_is_the_platforms_to_judge() {
    let _room = beside_others();
    let mut pair = Pair::new("monitor");
    pair.deliver("one", b"{}");
    pair.runtime.ask_next().unwrap();
    pair.lambda.wait_pending(1);
    assert_eq!(pair.lambda.count_calls(NEXT), 2);
    pair.lambda.push(Lambda::event("two", b"{}"));
    assert_eq!(pair.runtime.receive().unwrap().id, "two");
}

#[test]
fn an_event_whose_runtime_leaves_later_than_its_successor_comes_reaches_the_successor() {
    let _room = beside_others();
    let pair = Pair::new("monitor");
    for round in 0..20 {
        // Both wait, so both have a `next` at the platform; then the older one leaves, and the
        // platform serves whichever of the two it likes.
        let mut older = pair.agent.runtime();
        older.ask_next().unwrap();
        let mut newer = pair.agent.runtime();
        newer.ask_next().unwrap();
        pair.lambda.wait_pending(2);
        drop(older);
        let id = format!("round-{round}");
        pair.lambda.push(Lambda::event(&id, b"{}"));
        assert_eq!(newer.receive().unwrap().id, id);
        newer.respond(&id, b"1").unwrap();
        // The other `next` is still open, and serves the one that comes next.
        let mut newest = pair.agent.runtime();
        newest.ask_next().unwrap();
        pair.lambda.push(Lambda::event("rest", b"{}"));
        assert_eq!(newest.receive().unwrap().id, "rest");
        newest.respond("rest", b"1").unwrap();
    }
    assert_eq!(pair.lambda.nexts_dropped(), 0);
    assert_eq!(pair.lambda.count_calls(NEXT), 40, "a next was doubled");
}

#[test]
fn on_managed_instances_parked_slots_are_reused_one_by_one() {
    let _room = beside_others();
    let lambda = Lambda::start();
    let agent = Agent::start(
        &lambda,
        &[
            ("CREDENZA_MODE", "monitor"),
            ("AWS_LAMBDA_MAX_CONCURRENCY", "8"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"),
        ],
    );
    let mut runtimes: Vec<_> = (0..8).map(|_| agent.runtime()).collect();
    for runtime in &mut runtimes {
        runtime.ask_next().unwrap();
    }
    lambda.wait_pending(8);
    // Three workers die and are started again; their slots at the platform stay open meanwhile.
    for place in [1, 4, 6] {
        runtimes[place] = agent.runtime();
        runtimes[place].ask_next().unwrap();
    }
    for index in 0..8 {
        lambda.push(Lambda::event(&format!("event-{index}"), b"{}"));
    }
    let mut seen: Vec<String> = runtimes
        .iter_mut()
        .map(|runtime| runtime.receive().expect("each slot gets one event").id)
        .collect();
    seen.sort();
    let expected: Vec<String> = (0..8).map(|index| format!("event-{index}")).collect();
    assert_eq!(seen, expected);
    assert_eq!(lambda.nexts_dropped(), 0);
    assert_eq!(lambda.count_calls(NEXT), 8);
}
