//! The events that a client of `/live` can request again, and their ids. A client names the last event it received.
//!
//! Several instances may serve copies of one site. They notice a post at different moments and in different orders,
//! so the number of an event in one instance means nothing to another. An id therefore names the instance, the
//! moment of the event, and the posts of the last events before it ([`EventId`]). The instance that made the id
//! resumes exactly after that moment. Another instance sends each of its own events that is newer than the moment
//! minus [`OVERLAP`], except the events of the named posts.
//!
//! A restarted process is another instance too. Its record begins with the posts that appeared in the last minutes
//! before the start.
//!
//! A client that changes to another instance therefore
//! - misses no post, as long as both instances notice each post within [`OVERLAP`], clocks included;
//! - receives a post twice only if the other instance noticed it after the client had arrived there, if its file
//!   changed again shortly before the start, or if more than [`NAMED`] posts came within [`OVERLAP`]. Both events have
//!   the same URL;
//! - receives `reset` if the events since the moment of the id minus [`OVERLAP`] are not kept: they are too many, or the
//!   id is older than the start by [`OVERLAP`].

use std::collections::VecDeque;
use std::fmt::{self, Display, Formatter};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

/// Number of events that a client can request again with `Last-Event-ID`.
pub(super) const KEPT: usize = 500;
/// Longest time, in microseconds, between the moments at which two instances notice a post. It includes the
/// difference of their clocks.
const OVERLAP: u64 = 120_000_000;
/// The record of an instance begins with the posts that appeared in this time before its start.
pub(super) const BEFORE_START: Duration = Duration::from_micros(2 * OVERLAP);
/// Maximum number of posts that an id names, and of posts from before the start. Each takes eight bytes of every event.
pub(super) const NAMED: usize = 32;
/// Hexadecimal digits of a post in an id.
const DIGITS: usize = 8;

/// The id of an event: `<instance>-<moment>-<posts>`, in hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventId {
    /// The moment at which the instance that made the id was ready. It distinguishes the instances.
    instance: u64,
    /// The instance had sent each of its events up to this moment, in microseconds since 1970.
    moment: u64,
    /// The posts of the last events of that instance, newest first, by the ends of their keys.
    posts: Vec<u32>,
}

impl EventId {
    /// Parses an id; returns `None` for any other text.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let (instance, moment) = (number()?, number()?);
        let posts = parts.next()?.as_bytes().chunks_exact(DIGITS);
        if !posts.remainder().is_empty() || posts.len() > NAMED {
            return None;
        }
        let post = |digits: &[u8]| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let posts = posts.map(post).collect::<Option<Vec<u32>>>()?;
        Some(Self { instance, moment, posts })
    }
}

impl Display for EventId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-", self.instance, self.moment)?;
        self.posts.iter().try_for_each(|post| write!(f, "{post:0DIGITS$x}"))
    }
}

/// The event of a post.
struct KeptEvent {
    /// When this instance sent the event, in microseconds since 1970. No two events have the same moment.
    moment: u64,
    /// The end of the key of the post, which is the same in each instance.
    post: u32,
    /// The event as clients receive it.
    text: Bytes,
}

/// The recent events of this instance.
#[derive(Default)]
pub(super) struct RecentEvents {
    instance: u64,
    /// The moment of the newest event or id.
    newest: u64,
    /// Every event after this moment is kept.
    kept_since: u64,
    /// Oldest first.
    events: VecDeque<KeptEvent>,
}

impl RecentEvents {
    /// Starts the record with the posts that appeared in the time [`BEFORE_START`], oldest first: when each of them
    /// appeared, its key, and the data of its event. More than [`NAMED`] posts are a copy of a site rather than news,
    /// so the record then begins without events.
    pub(super) fn start(&mut self, earlier: &[(SystemTime, u64, String)]) {
        let start = now();
        *self = Self { instance: start, kept_since: start, ..Self::default() };
        if earlier.len() <= NAMED {
            self.kept_since = start.saturating_sub(2 * OVERLAP);
            for (appeared, key, data) in earlier {
                self.add_at(micros(*appeared).min(start), *key, data);
            }
        }
        self.newest = self.newest.max(start);
    }

    /// Drops all events.
    pub(super) fn forget(&mut self) {
        self.kept_since = self.next_moment(now());
        self.events.clear();
    }

    /// Records the event of a post, by the key of the post, and returns its text.
    pub(super) fn add(&mut self, key: u64, data: &str) -> Bytes {
        self.add_at(now(), key, data)
    }

    fn add_at(&mut self, clock: u64, key: u64, data: &str) -> Bytes {
        if self.events.len() == KEPT
            && let Some(oldest) = self.events.pop_front()
        {
            self.kept_since = oldest.moment;
        }
        let (moment, post) = (self.next_moment(clock), key as u32);
        let id = self.id(moment, Some(post));
        let text = Bytes::from(format!("id: {id}\nevent: post\ndata: {data}\n\n"));
        self.events.push_back(KeptEvent { moment, post, text: text.clone() });
        text
    }

    /// The id for a client that has received every event until now.
    pub(super) fn current_id(&mut self) -> EventId {
        let moment = self.next_moment(now());
        self.id(moment, None)
    }

    /// Formats an event without a post. Browsers ignore events without data, so it has an empty object.
    pub(super) fn bare_event(&mut self, event: &str) -> Vec<u8> {
        format!("id: {}\nevent: {event}\ndata: {{}}\n\n", self.current_id()).into_bytes()
    }

    /// Returns the texts of the events that a client with this last id lacks; `None` if some of them may not be
    /// kept.
    pub(super) fn since(&self, last: &EventId) -> Option<Vec<u8>> {
        let is_own = last.instance == self.instance;
        let (overlap, latest) = if is_own { (0, self.newest) } else { (OVERLAP, now() + OVERLAP) };
        let from = last.moment.saturating_sub(overlap);
        if from < self.kept_since || last.moment > latest {
            return None;
        }
        let is_missed =
            |event: &&KeptEvent| event.moment > from && (is_own || !last.posts.contains(&event.post));
        let missed: Vec<&[u8]> = self.events.iter().filter(is_missed).map(|event| &*event.text).collect();
        Some(missed.concat())
    }

    /// Makes the id of a moment, at which this instance sends the event of `post`, if given.
    fn id(&self, moment: u64, post: Option<u32>) -> EventId {
        let recent = self.events.iter().rev().take_while(|event| event.moment + OVERLAP > moment);
        let posts = post.into_iter().chain(recent.map(|event| event.post)).take(NAMED);
        EventId { instance: self.instance, moment, posts: posts.collect() }
    }

    /// Returns the moment of a clock. Moments increase even if the clock does not.
    fn next_moment(&mut self, clock: u64) -> u64 {
        self.newest = clock.max(self.newest + 1);
        self.newest
    }
}

/// The clock in microseconds since 1970.
fn now() -> u64 {
    micros(SystemTime::now())
}

fn micros(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instance that has sent the events of these posts, in this order.
    fn instance(posts: &[u64]) -> RecentEvents {
        let mut events = RecentEvents::default();
        events.start(&[]);
        for post in posts {
            events.add(*post, &post.to_string());
        }
        events
    }

    /// The posts whose events a client with this last id receives; `None` for a reset.
    fn missed(events: &RecentEvents, last: &EventId) -> Option<Vec<u64>> {
        let text = String::from_utf8(events.since(last)?).expect("UTF-8");
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        Some(data.map(|number| number.parse().expect("a number")).collect())
    }

    #[test]
    fn ids_have_one_spelling_and_others_are_rejected() {
        let mut events = instance(&[1, 0xABCD_0123_4567]);
        for id in [instance(&[]).current_id(), events.current_id()] {
            assert_eq!(EventId::from_text(&id.to_string()), Some(id));
        }
        assert!(events.current_id().to_string().ends_with("-0123456700000001"));
        let many = "00000000".repeat(NAMED + 1);
        for text in
            ["", "-", "--", "0-1", "0-1-1", "g-1-", "0-1-0000000g", "0-1-界界12", &format!("0-1-{many}")]
        {
            assert_eq!(EventId::from_text(text), None, "{text}");
        }
        assert!(EventId::from_text(&format!("0-1-{}", &many[8..])).is_some());
    }

    #[test]
    fn own_id_resumes_exactly_after_its_event() {
        let mut events = instance(&[]);
        let ids: Vec<EventId> = (0..100)
            .map(|post| {
                events.add(post, &post.to_string());
                events.id(events.newest, None)
            })
            .collect();
        for (post, id) in (0..100).zip(&ids) {
            assert_eq!(missed(&events, id), Some((post + 1..100).collect()), "{post}");
        }
    }

    #[test]
    fn id_of_another_instance_resumes_without_loss() {
        // The posts that the first instance sent before the id, those of the second one, and those that the client
        // receives from the second one.
        let table: [(&[u64], &[u64], &[u64]); 7] = [
            (&[], &[], &[]),
            (&[1, 2], &[1, 2], &[]),
            (&[1, 2], &[1, 2, 3], &[3]),
            (&[1, 2], &[2, 1, 3], &[3]),
            // The second instance is ahead, or behind.
            (&[1], &[2, 1, 3], &[2, 3]),
            (&[1, 2, 3], &[1], &[]),
            (&[], &[1, 2], &[1, 2]),
        ];
        for (first, second, expected) in table {
            let (mut first, second) = (instance(first), instance(second));
            let mut last = first.current_id();
            last.moment = last.moment.max(second.kept_since);
            last.instance += 1_000_000;
            assert_eq!(missed(&second, &last).as_deref(), Some(expected));
        }
    }

    #[test]
    fn restarted_instance_continues_with_recent_posts() {
        let mut last = instance(&[1, 2]).current_id();
        (last.instance, last.moment) = (0, last.moment - 10_000_000);
        let post =
            |seconds, key: u64| (SystemTime::now() - Duration::from_secs(seconds), key, key.to_string());
        let mut restarted = RecentEvents::default();
        restarted.start(&[post(200, 1), post(100, 2), post(50, 3), post(0, 4)]);
        assert_eq!(missed(&restarted, &last), Some(vec![3, 4]));
        restarted.add(5, "5");
        assert_eq!(missed(&restarted, &last), Some(vec![3, 4, 5]));
        let moments: Vec<u64> = restarted.events.iter().map(|event| event.moment).collect();
        assert!(moments.is_sorted_by(|a, b| a < b), "{moments:?}");
        // The client received the events of the restarted instance.
        assert_eq!(missed(&restarted, &restarted.id(moments[2], None)), Some(vec![4, 5]));
        let copied: Vec<_> = (0..=NAMED as u64).map(|key| post(1, key)).collect();
        restarted.start(&copied);
        assert!(restarted.events.is_empty() && missed(&restarted, &last).is_none());
        last.moment -= 10 * OVERLAP;
        restarted.start(&[]);
        assert!(missed(&restarted, &last).is_none(), "too long ago");
    }

    #[test]
    fn long_burst_is_repeated_rather_than_lost() {
        let posts: Vec<u64> = (0..200).collect();
        let (mut first, second) = (instance(&posts[..100]), instance(&posts));
        let mut last = first.current_id();
        (last.instance, last.moment) = (0, second.newest);
        let missed = missed(&second, &last).expect("events");
        assert_eq!(missed, [&posts[..100 - NAMED], &posts[100..]].concat());
    }

    #[test]
    fn ids_outside_the_kept_time_cause_a_reset() {
        let mut events = instance(&[1]);
        let (start, end) = (events.kept_since, events.newest);
        let id = |instance, moment| EventId { instance, moment, posts: Vec::new() };
        for (last, is_known) in [
            (id(events.instance, start - 1), false),
            (id(events.instance, start), true),
            (id(events.instance, end + 1), false),
            (id(0, start + OVERLAP - 1), false),
            (id(0, start + OVERLAP), true),
            // The clock of the other instance may be fast.
            (id(0, end + OVERLAP / 2), true),
            (id(0, end + 10 * OVERLAP), false),
        ] {
            assert_eq!(missed(&events, &last).is_some(), is_known, "{last}");
        }
        for post in 2..KEPT as u64 + 2 {
            events.add(post, "0");
        }
        assert!(missed(&events, &id(events.instance, start)).is_none(), "the first event is no longer kept");
        assert_eq!(missed(&events, &id(events.instance, events.kept_since)).map(|all| all.len()), Some(KEPT));
    }

    #[test]
    fn id_of_an_instance_that_lags_causes_a_reset_after_a_burst() {
        let behind = instance(&[]).current_id();
        let last = |moment| EventId { instance: 0, moment, ..EventId::from_text("0-0-").expect("an id") };
        let mut forgetful = instance(&[1]);
        forgetful.forget();
        assert!(missed(&forgetful, &last(forgetful.newest)).is_none());
        let burst: Vec<u64> = (0..KEPT as u64 + 100).collect();
        assert!(missed(&instance(&burst), &last(behind.moment + OVERLAP / 2)).is_none());
        let mut restarted = RecentEvents::default();
        let copied: Vec<_> =
            (0..=NAMED as u64).map(|key| (SystemTime::now(), key, key.to_string())).collect();
        restarted.start(&copied);
        assert!(missed(&restarted, &last(restarted.newest)).is_none());
    }

    #[test]
    fn events_before_the_overlap_are_left_out() {
        let mut events = instance(&[1, 2]);
        events.kept_since -= 4 * OVERLAP;
        events.events[0].moment -= 3 * OVERLAP;
        let id = events.current_id();
        assert_eq!(id.posts, [2]);
        let last = EventId { instance: 0, moment: id.moment, posts: Vec::new() };
        assert_eq!(missed(&events, &last), Some(vec![2]));
    }
}
