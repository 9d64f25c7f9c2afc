// The notice of new posts, which inserts them into the timeline with `timeline.js`.

const FIRST_WAIT = MINUTE / 2;
const LONGEST_WAIT = 5 * MINUTE;

// Subscribes to server-sent events and returns a switch. The server later sends the events that were missed
// while it was off.
function listen(url, hear) {
  let source;
  let lastId;
  let timer;
  let wait = FIRST_WAIT;
  const stop = () => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const start = () => {
    const address = new URL(url, location.href);
    if (lastId) address.searchParams.set('after', lastId);
    source = new EventSource(address);
    for (const type of ['hello', 'post', 'reset']) {
      source.addEventListener(type, (event) => {
        lastId = event.lastEventId || lastId;
        hear(event);
      });
    }
    source.onopen = () => (wait = FIRST_WAIT);
    // Browsers reconnect after a lost connection, but not after a response such as 503.
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(start, wait);
      wait = Math.min(2 * wait, LONGEST_WAIT);
    };
  };
  return (isOn) => {
    if (!isOn) stop();
    else if (!source) start();
  };
}

function isFollowed(post, { follow, of }) {
  if (follow === 'source') return post.categories.includes(of);
  if (follow === 'security') return post.securities.some((security) => security.code === of);
  return true;
}

function followNews() {
  const box = ui('live');
  const timeline = document.querySelector('.timeline');
  if (!box || !timeline) return;
  const button = box.querySelector('.live-apply');
  const pause = box.querySelector('.live-pause');
  const known = entriesByAddress(timeline);
  // URLs of new posts. An empty string stands for further posts of unknown number.
  const waiting = new Set();
  let isBusy = false;
  // True if new posts were inserted above the visible part.
  let isUnseen = false;
  let isPaused = recall('paused') === '1';
  let isAway = false;

  const firstFresh = () => timeline.querySelector('.is-fresh .entry-title a');
  const showCount = () => {
    if (waiting.size) button.textContent = fill(box.dataset.news, waiting.has('') ? '…' : waiting.size);
    else if (isUnseen) button.textContent = box.dataset.up;
    button.hidden = !waiting.size && !isUnseen;
  };
  const noteSeen = () => {
    if (!isUnseen || isAbove(timeline.querySelector('.entry'))) return;
    isUnseen = false;
    showCount();
  };
  const goToNews = () => {
    timeline.scrollIntoView();
    isUnseen = false;
    showCount();
    (firstFresh() ?? timeline.querySelector('.entry-title a'))?.focus({ preventScroll: true });
  };
  const announce = (addresses) => {
    const news = addresses.filter((address) => !known.has(address));
    news.forEach((address) => waiting.add(address));
    // Measure the layout only once, because hundreds of posts may arrive at a time.
    if (button.hidden && news.length) withoutJump(timeline, showCount);
    else showCount();
  };
  // Finds posts published between the rendering of this page and the first event. The page may come from the
  // browser's history.
  const lookAgain = async () => {
    const newer = await fetchTimeline().catch(() => null);
    if (!newer) return;
    const addresses = [...entriesByAddress(newer).keys()];
    const last = addresses.findLastIndex((address) => known.has(address));
    // Entries after the last known one are older. Without a known entry, there may be more new posts than a
    // page holds.
    if (last < 0) announce(known.size ? [...addresses, ''] : addresses);
    else announce(addresses.slice(0, last));
  };
  const hear = ({ type, data }) => {
    if (type !== 'post') return lookAgain();
    const post = JSON.parse(data);
    if (isFollowed(post, box.dataset)) announce([new URL(post.url, location.href).href]);
  };
  const turn = listen(box.dataset.url, hear);
  const update = () => turn(!isPaused && !isAway && !document.hidden);
  const showPause = () => {
    pause.textContent = isPaused ? box.dataset.resume : box.dataset.pause;
    pause.setAttribute('aria-pressed', isPaused);
  };
  const applyNews = async () => {
    if (isBusy) return;
    isBusy = true;
    const told = [...waiting];
    const newer = await fetchTimeline().catch(() => null);
    isBusy = false;
    if (!newer) return;
    withoutJump(timeline, () => {
      const hadFocus = document.activeElement === button;
      merge(newer, timeline, known);
      for (const address of [...told, ...known.keys()]) waiting.delete(address);
      isUnseen = isAbove(timeline.querySelector('.entry'));
      showCount();
      const next = firstFresh() ?? timeline.querySelector('.entry-title a') ?? pause;
      if (hadFocus && button.hidden) next.focus({ preventScroll: true });
    });
  };

  button.addEventListener('click', () => (waiting.size ? applyNews() : goToNews()));
  addEventListener('scrollend', noteSeen);
  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    keep('paused', isPaused ? '1' : null);
    showPause();
    update();
  });
  document.addEventListener('visibilitychange', update);
  addEventListener('pagehide', () => update((isAway = true)));
  addEventListener('pageshow', () => update((isAway = false)));
  showPause();
  update();
}

followNews();
