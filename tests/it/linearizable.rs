//! Many calls at once to one sandbox are answered as the same calls one after the other: in the order of their numbers, in
//! which each comes after all that were answered before it was made.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use http::Request;
use serde_json::{Value, json};
use tombstone::Tombstone;
use tombstone::embedded::Sandbox;

const THREADS: u64 = 4;
const CALLS_EACH: usize = 150;

/// The accounts that the bank of the examples begins with.
const ACCOUNTS: [&str; 4] =
    ["acc_000000000001", "acc_000000000002", "acc_000000000003", "acc_000000000004"];

fn bank() -> Tombstone {
    let builder = Tombstone::builder().specs("examples/specs").fixtures("examples/fixtures");
    let builder = builder.provider("bank").seed(7);
    builder.clock_start("2030-01-01T00:00:00Z").clock_frozen().in_process().unwrap()
}

#[derive(Clone, Debug)]
enum Asked {
    Open,
    Get(String),
    Close(String),
    Transfer { from: String, to: String, amount: i64 },
    List,
}

#[derive(Clone, Debug, PartialEq)]
struct Answered {
    number: u64,
    status: u16,
    body: Value,
}

/// A call, and when it was made and answered: numbers of one count for all threads.
#[derive(Debug)]
struct Made {
    who: &'static str,
    asked: Asked,
    began: usize,
    ended: usize,
    answered: Answered,
}

fn ask(sandbox: &Sandbox, who: &str, asked: &Asked) -> Answered {
    let (method, path, body) = match asked {
        Asked::Open => ("POST", "/accounts".to_owned(), json!({ "currency": "EUR" })),
        Asked::Get(id) => ("GET", format!("/accounts/{id}"), Value::Null),
        Asked::Close(id) => ("DELETE", format!("/accounts/{id}"), Value::Null),
        Asked::Transfer { from, to, amount } => {
            let body = json!({ "from": from, "to": to, "amount": amount });
            ("POST", "/transfers".to_owned(), body)
        }
        Asked::List => ("GET", "/accounts?limit=1".to_owned(), Value::Null),
    };
    let request = Request::builder().method(method).header("x-bank-key", format!("bank-{who}"));
    let request = request.uri(format!("{}{path}", sandbox.url_of("bank")));
    let request = match body {
        Value::Null => request.body(String::new()),
        body => request.header("content-type", "application/json").body(body.to_string()),
    };
    let response = sandbox.call(request.unwrap());
    let number = response.headers()["tombstone-request-id"].to_str().unwrap().parse().unwrap();
    let status = response.status().as_u16();
    let mut body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    // It has the name of the sandbox.
    body.as_object_mut().and_then(|members| members.remove("next"));
    Answered { number, status, body }
}

/// Numbers that look drawn and follow from a seed (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn call(&mut self, known: &[String]) -> Asked {
        let mut account = || known[self.below(known.len())].clone();
        let (one, other) = (account(), account());
        match self.below(20) {
            0 => Asked::Open,
            1 => Asked::Close(one),
            2..6 => Asked::Get(one),
            6..8 => Asked::List,
            _ => {
                let amount = 1 + i64::try_from(self.below(4_000)).unwrap();
                Asked::Transfer { from: one, to: other, amount }
            }
        }
    }
}

/// What all threads do at once, in the order of the numbers that the sandbox gave the calls.
fn all_at_once(sandbox: &Sandbox, seed: u64) -> Vec<Made> {
    let (count, barrier) = (AtomicUsize::new(0), Barrier::new(usize::try_from(THREADS).unwrap()));
    let tick = || count.fetch_add(1, Ordering::SeqCst);
    let work = |thread: u64| {
        let mut numbers = Numbers(seed * 1_000 + thread + 1);
        let mut known: Vec<String> = ACCOUNTS.map(str::to_owned).to_vec();
        let who = if thread.is_multiple_of(2) { "ada" } else { "ben" };
        barrier.wait();
        let made = (0..CALLS_EACH).map(|_| {
            let asked = numbers.call(&known);
            let began = tick();
            let answered = ask(sandbox, who, &asked);
            let ended = tick();
            if let (Asked::Open, Some(id)) = (&asked, answered.body["id"].as_str()) {
                known.push(id.to_owned());
            }
            Made { who, asked, began, ended, answered }
        });
        made.collect::<Vec<_>>()
    };
    let mut all: Vec<Made> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_by_key(|made| made.answered.number);
    all
}

/// An account as its bank has it.
#[derive(Clone)]
struct Account {
    owner: &'static str,
    currency: &'static str,
    balance: i64,
    is_open: bool,
}

/// The bank in a few lines.
struct Model(BTreeMap<String, Account>);

impl Model {
    fn new() -> Self {
        let account =
            |owner, currency, balance, is_open| Account { owner, currency, balance, is_open };
        let accounts = [
            account("ada", "EUR", 10_000, true),
            account("ada", "USD", 500, true),
            account("ben", "EUR", 0, true),
            account("ada", "EUR", 0, false),
        ];
        Self(ACCOUNTS.map(str::to_owned).into_iter().zip(accounts).collect())
    }

    fn own(&self, who: &str, id: &str) -> Option<&Account> {
        self.0.get(id).filter(|account| account.owner == who && account.is_open)
    }

    /// Does a call; the status of its answer, and what is known of its body.
    fn call(&mut self, who: &'static str, asked: &Asked, answered: &Answered) -> (u16, Value) {
        match asked {
            Asked::Open => {
                let id = answered.body["id"].as_str().unwrap().to_owned();
                let account = Account { owner: who, currency: "EUR", balance: 0, is_open: true };
                let is_new = self.0.insert(id.clone(), account).is_none();
                assert!(is_new, "{id} was there before");
                (201, json!({ "id": id, "currency": "EUR", "balance": 0 }))
            }
            Asked::Get(id) => match self.own(who, id) {
                None => (404, answered.body.clone()),
                Some(Account { currency, balance, .. }) => {
                    (200, json!({ "id": id, "currency": currency, "balance": balance }))
                }
            },
            Asked::Close(id) => match self.own(who, id) {
                None => (404, answered.body.clone()),
                Some(account) if account.balance > 0 => (409, answered.body.clone()),
                Some(_) => {
                    self.0.get_mut(id).unwrap().is_open = false;
                    (204, Value::Null)
                }
            },
            Asked::Transfer { from, to, amount } => {
                let status = self.transfer(who, from, to, *amount);
                (status, answered.body.clone())
            }
            Asked::List => {
                let own = self.0.keys().filter(|id| self.own(who, id).is_some()).count();
                let mut body = answered.body.clone();
                body["total"] = own.into();
                (200, body)
            }
        }
    }

    fn transfer(&mut self, who: &str, from: &str, to: &str, amount: i64) -> u16 {
        let Some(sender) = self.own(who, from) else { return 404 };
        let Some(receiver) = self.0.get(to).filter(|account| account.is_open) else { return 404 };
        if from == to || sender.currency != receiver.currency || sender.balance < amount {
            return 409;
        }
        self.0.get_mut(from).unwrap().balance -= amount;
        self.0.get_mut(to).unwrap().balance += amount;
        201
    }
}

#[test]
fn calls_at_once_are_answered_as_one_after_the_other() {
    let tombstone = bank();
    let statuses = AtomicU64::new(0);
    for seed in 1..=6 {
        let sandbox = tombstone.sandbox(format!("at-once-{seed}")).unwrap();
        let made = all_at_once(&sandbox, seed);
        let again = tombstone.sandbox(format!("in-order-{seed}")).unwrap();
        let mut model = Model::new();
        let mut latest = 0;
        for (made, number) in made.iter().zip(1..) {
            let Made { who, asked, began, ended, answered } = made;
            assert_eq!(answered.number, number, "each call has a number of its own");
            assert!(
                *ended > latest,
                "{made:?} was answered before one was made that came before it"
            );
            latest = latest.max(*began);
            let (status, body) = model.call(who, asked, answered);
            assert_eq!((answered.status, &answered.body), (status, &body), "seed {seed}: {made:?}");
            assert_eq!(ask(&again, who, asked), *answered, "seed {seed}: {made:?}");
            statuses.fetch_or(1 << (answered.status % 64), Ordering::Relaxed);
        }
        let [at_once, in_order] = [&sandbox, &again].map(|it| it.records("bank", "accounts"));
        assert_eq!(at_once.list().unwrap(), in_order.list().unwrap());
    }
    let seen = [200, 201, 204, 404, 409].map(|status: u64| 1 << (status % 64));
    assert_eq!(statuses.into_inner(), seen.iter().sum::<u64>(), "each kind of answer was given");
}
