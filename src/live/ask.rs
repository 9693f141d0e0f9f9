//! Sends requests one after the other, and respects the limits of each host.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::answer::{self, Interpretation, Reply};
use super::client::Client;
use super::hosts::Reach;
use super::request::Prepared;
use crate::finding::Liveness;

/// The number of refusals in a row after which a host gets no more requests.
const MOST_REFUSALS: usize = 3;
/// The time between two requests to a host.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest wait that a host may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The outcome of a request.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The meaning of the answer.
    pub interpretation: Interpretation,
    /// The host that was asked; empty if none was.
    pub host: String,
}

impl Outcome {
    fn not_asked(why: String) -> Self {
        let interpretation = Interpretation { word: Liveness::NotAsked, why, reveals: BTreeMap::new() };
        Self { interpretation, host: String::new() }
    }
}

/// The known facts about a host.
#[derive(Debug, Default)]
struct State {
    refusals: usize,
    next: Option<Instant>,
}

/// Sends all requests in order, but no more than `most` of them; each gets an outcome.
pub fn all(client: &Client, requests: &[Prepared<'_>], most: usize) -> Vec<Outcome> {
    let mut round = Round { client, hosts: BTreeMap::new(), left: most, most };
    requests.iter().map(|request| round.one(request)).collect()
}

/// A series of requests.
struct Round<'c> {
    client: &'c Client,
    /// The state of each host by its name in the rules, because several actual hosts may belong to one provider.
    hosts: BTreeMap<String, State>,
    left: usize,
    most: usize,
}

impl Round<'_> {
    fn one(&mut self, request: &Prepared<'_>) -> Outcome {
        let host = request.place.shown.clone();
        if self.left == 0 {
            let most = self.most;
            return Outcome::not_asked(format!("{most} requests were sent, which is the limit (--max-requests)"));
        }
        let state = self.hosts.entry(request.request.host.to_string()).or_default();
        if state.refusals == MOST_REFUSALS {
            return Outcome::not_asked(format!(
                "{host} refused {MOST_REFUSALS} requests in a row, so no more were sent to it"
            ));
        }
        let wait = state.next.map(|next| next.saturating_duration_since(Instant::now())).unwrap_or_default();
        if wait > LONGEST_WAIT {
            return Outcome::not_asked(format!("{host} asks to wait for {} seconds", wait.as_secs()));
        }
        thread::sleep(wait);
        self.left -= 1;
        let reply = self.client.send(request);
        state.note(&reply);
        let is_named = request.place.reach != Reach::Public;
        let interpretation = match reply {
            Ok(reply) => answer::read(request.request, &reply, &request.secret, is_named),
            Err(why) => Interpretation::unknown(why),
        };
        Outcome { interpretation, host }
    }
}

impl State {
    fn note(&mut self, reply: &Result<Reply, &'static str>) {
        let mut pause = PAUSE;
        if let Ok(reply) = reply {
            self.refusals = if matches!(reply.status, 403 | 429) { self.refusals + 1 } else { 0 };
            let asked = reply.headers.get("retry-after").filter(|_| matches!(reply.status, 429 | 503));
            let seconds = asked.map(|asked| asked.trim().parse().unwrap_or(u64::MAX));
            pause = seconds.map_or(PAUSE, |seconds| Duration::from_secs(seconds.min(86_400)).max(PAUSE));
        }
        self.next = Instant::now().checked_add(pause);
    }
}
