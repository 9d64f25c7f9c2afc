// Enhances pages that also work without script; the texts come from the page. The script looks up only ids
// that start with `ui-`, because the body of a post may contain any other id.
'use strict';

const MINUTE = 60_000;
// Tolerated difference between the clocks of client and server.
const SKEW = 2 * MINUTE;
const VISIT_GAP = 30 * MINUTE;
const FIRST_WAIT = MINUTE / 2;
const LONGEST_WAIT = 5 * MINUTE;

const here = location.href.replace(/#.*/, '');
const ui = (name) => document.getElementById(`ui-${name}`);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const fill = (text, n) => text.replace('{n}', n);
const isAbove = (element) => element.getBoundingClientRect().bottom <= 0;

// Storage may be forbidden (`undefined`). Settings then last only as long as the page.
function recall(name) {
  try {
    return localStorage.getItem(`finews.${name}`);
  } catch {
    return undefined;
  }
}

function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`finews.${name}`);
    else localStorage.setItem(`finews.${name}`, value);
  } catch {
    // See above.
  }
}

// Shows the stored state, now and after a change in another tab.
function followKept(show) {
  show();
  addEventListener('storage', show);
  addEventListener('pageshow', show);
}

// A button that cycles through its states. The first state is the default and is not stored.
function choose(name, states) {
  const button = ui(name);
  if (!button) return;
  const chosen = document.documentElement.dataset;
  const show = (wanted) => {
    const state = states.includes(wanted) ? wanted : states[0];
    if (state === states[0]) delete chosen[name];
    else chosen[name] = state;
    button.dataset.state = state;
    button.title = button.dataset[state];
    button.setAttribute('aria-label', button.title);
  };
  show(chosen[name]);
  button.addEventListener('click', () => {
    const next = states[(states.indexOf(button.dataset.state) + 1) % states.length];
    show(next);
    keep(name, next === states[0] ? null : next);
  });
  followKept(() => {
    const state = recall(name);
    if (state !== undefined) show(state);
  });
}

function isTyping(event) {
  return event.isComposing || event.target.isContentEditable || event.target.closest?.('input, textarea, select');
}

function goToEntry(step) {
  const links = all('.entry-title a');
  const at = links.indexOf(document.activeElement?.closest('.entry')?.querySelector('.entry-title a'));
  const link = at < 0 ? links.find((link) => !isAbove(link)) ?? links.at(-1) : links[at + step];
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: 'nearest' });
}

function listenToKeys() {
  const search = ui('q');
  const dialog = ui('keys');
  const showHelp = () => dialog?.showModal();
  const actions = new Map([
    ['/', () => (search?.focus(), search?.select())],
    ['j', () => goToEntry(1)],
    ['k', () => goToEntry(-1)],
    ['?', showHelp],
  ]);
  ui('help')?.addEventListener('click', showHelp);
  // Users of speech input must be able to disable single-key shortcuts (WCAG 2.1.4).
  const wanted = ui('keys-on');
  if (wanted) {
    followKept(() => (wanted.checked = recall('keys') !== 'off'));
    wanted.addEventListener('change', () => keep('keys', wanted.checked ? null : 'off'));
  }
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) return;
    const action = actions.get(event.key);
    if (!action || wanted?.checked === false || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    action();
  });
}

// The original text of each time element.
const clocks = new WeakMap();

// Formats an age; empty for over 30 days and for the future.
function relative(age) {
  const words = document.body.dataset;
  const minutes = Math.floor(age / MINUTE);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (!(age >= -SKEW && days <= 30)) return '';
  if (minutes < 1) return words.now;
  if (hours < 1) return fill(words.minutes, minutes);
  return days < 1 ? fill(words.hours, hours) : fill(words.days, days);
}

// Unchanged text is not replaced, so that a reader's selection survives.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showEntryTime(time) {
  if (!clocks.has(time)) clocks.set(time, time.textContent);
  const age = Date.now() - Date.parse(time.dateTime);
  const text = age < 60 * MINUTE ? relative(age) : '';
  setText(time, text || clocks.get(time));
  if (text) time.title = clocks.get(time).trim();
  else time.removeAttribute('title');
}

function showTimes() {
  if (document.hidden) return;
  all('.entry-time').forEach(showEntryTime);
  all('.ago').forEach((ago) => setText(ago, relative(Date.now() - Date.parse(ago.dataset.since))));
}

// Marks the posts that are newer than the newest one of the previous visit.
function noteVisit() {
  const now = Date.now();
  let visit = {};
  try {
    visit = { ...JSON.parse(recall('visit')) };
  } catch {
    // A first visit.
  }
  if (!(now - visit.at < VISIT_GAP)) visit.mark = visit.newest;
  visit.newest ??= 0;
  for (const entry of all('.entry')) {
    const date = Date.parse(entry.querySelector('.entry-time')?.dateTime);
    if (ui('live') && visit.mark && date > visit.mark) entry.classList.add('is-unread');
    // A post dated far in the future would hide all new posts until then.
    if (date > visit.newest && date < now + SKEW) visit.newest = date;
  }
  visit.at = now;
  keep('visit', JSON.stringify(visit));
}

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

function entriesByAddress(timeline) {
  return new Map(all('.entry-title a', timeline).map((link) => [link.href, link.closest('.entry')]));
}

// Changes the page without moving the entries in view, unless the top of the timeline is in view.
function withoutJump(timeline, change) {
  const entry = all('.entry', timeline).find((entry) => !isAbove(entry));
  const isReading = entry && timeline.getBoundingClientRect().top <= 0;
  const before = entry?.getBoundingClientRect().top;
  change();
  // The difference is 0 if the browser has already anchored the scroll position.
  if (isReading) scrollBy({ top: entry.getBoundingClientRect().top - before, behavior: 'instant' });
}

function findOrMakeDay(section, timeline) {
  const days = all('.day', timeline);
  const day = days.find((day) => day.dataset.day === section.dataset.day);
  if (day) return day;
  const made = document.importNode(section, true);
  made.querySelector('.entries').replaceChildren();
  timeline.insertBefore(made, days.find((day) => day.dataset.day < section.dataset.day) ?? null);
  return made;
}

// Inserts each new entry after the entry that it follows on the newer page.
function mergeDay(section, timeline, known) {
  const entries = [...entriesByAddress(section)];
  if (entries.every(([address]) => known.has(address))) return;
  const list = findOrMakeDay(section, timeline).querySelector('.entries');
  let last = null;
  for (const [address, entry] of entries) {
    const old = known.get(address);
    if (old?.parentNode === list) last = old;
    if (old) continue;
    const made = document.importNode(entry, true);
    made.classList.add('is-fresh');
    if (last) last.after(made);
    else list.prepend(made);
    known.set(address, made);
    last = made;
  }
}

// Updates the day headings: after midnight, "today" becomes "yesterday".
function renameDays(newer, timeline) {
  for (const section of all('.day', newer)) {
    const heading = all('.day', timeline).find((day) => day.dataset.day === section.dataset.day)?.querySelector('.day-heading');
    heading?.replaceWith(document.importNode(section.querySelector('.day-heading'), true));
  }
}

// More posts may exist between the oldest entry of the newer page and the newest entry shown here. The newer
// page's pager leads to them.
function replaceAll(newer, timeline, known) {
  timeline.replaceChildren(...[...newer.children].map((child) => document.importNode(child, true)));
  const [pager, newPager] = [document, newer.ownerDocument].map((page) => page.querySelector('.pager'));
  if (newPager) pager?.replaceWith(document.importNode(newPager, true));
  known.clear();
  for (const [address, entry] of entriesByAddress(timeline)) known.set(address, entry);
}

function merge(newer, timeline, known) {
  all('.is-fresh', timeline).forEach((entry) => entry.classList.remove('is-fresh'));
  if ([...entriesByAddress(newer).keys()].some((address) => known.has(address))) {
    all('.day', newer).forEach((section) => mergeDay(section, timeline, known));
    renameDays(newer, timeline);
  } else {
    replaceAll(newer, timeline, known);
  }
  noteVisit();
  showTimes();
}

async function fetchTimeline() {
  const signal = AbortSignal.timeout(MINUTE / 2);
  const response = await fetch(here, { headers: { accept: 'text/html' }, cache: 'no-cache', signal });
  if (!response.ok) return null;
  return new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('.timeline');
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

function shareArticle() {
  const copy = document.querySelector('.share .copy-link');
  const share = document.querySelector('.share .share-link');
  if (!copy) return;
  const url = document.querySelector('link[rel=canonical]')?.href ?? here;
  const text = copy.textContent;
  let timer;
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(url);
    } catch {
      // The browser or the user forbids it. The reader can still copy the URL from the address bar.
      copy.hidden = true;
      return;
    }
    copy.textContent = copy.dataset.done;
    clearTimeout(timer);
    timer = setTimeout(() => (copy.textContent = text), 2000);
  });
  share.addEventListener('click', () => {
    // Whoever thinks better of it refuses too.
    navigator.share({ title: document.title, url }).catch(() => {});
  });
  // Insecure origins have neither.
  copy.hidden = !navigator.clipboard;
  share.hidden = !navigator.share;
}

function replaceImage(image) {
  const gone = document.createElement('span');
  gone.className = 'image-gone';
  gone.setAttribute('role', 'img');
  gone.textContent = image.alt || document.body.dataset.image;
  gone.setAttribute('aria-label', gone.textContent);
  image.replaceWith(gone);
}

// Releases the space reserved for an image, unless that would move visible content.
function freeImage(image) {
  if (image.matches('[width][height]')) return;
  const box = image.getBoundingClientRect();
  const stretch = (image.naturalWidth / image.naturalHeight) * (box.height / box.width);
  if (box.top >= innerHeight || Math.abs(stretch - 1) < 0.02) image.classList.add('is-loaded');
}

function fetchImage(event) {
  const link = event.target.closest?.('a.image-link');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const image = new Image();
  image.className = 'is-loaded';
  image.alt = link.dataset.alt ?? '';
  image.decoding = 'async';
  image.loading = 'eager';
  image.referrerPolicy = 'no-referrer';
  image.src = link.href;
  // Keep the keyboard focus at this place.
  image.tabIndex = -1;
  link.replaceWith(image);
  image.focus({ preventScroll: true });
}

function watchImages() {
  const on = (type, act) => {
    document.addEventListener(type, ({ target }) => target.matches?.('.body img') && act(target), true);
  };
  on('load', freeImage);
  on('error', replaceImage);
  // Handle images that loaded before this script ran.
  for (const image of all('.body img[src]').filter((image) => image.complete)) {
    if (image.naturalWidth) freeImage(image);
    else replaceImage(image);
  }
  document.addEventListener('click', fetchImage);
}

function filterGroups() {
  const input = ui('filter');
  const found = document.querySelector('.filter-found');
  if (!input || !found) return;
  // Same rule as on the server: each word must occur in the display name or in the name in URLs.
  const textOf = (item) => [item, all('a, i', item).map((name) => name.textContent.toLowerCase()).join('\n')];
  const sections = all('.initial').map((section) => [section, all('.groups > li', section).map(textOf)]);
  const letters = new Map(all('.initials a').map((link) => [link.hash, link.closest('li')]));
  let frame;
  const update = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [section, items] of sections) {
      const before = count;
      for (const [item, text] of items) {
        item.hidden = !words.every((word) => text.includes(word));
        if (!item.hidden) count += 1;
      }
      section.hidden = count === before;
      const letter = letters.get(`#${encodeURIComponent(section.querySelector('h2').id)}`);
      if (letter) letter.hidden = section.hidden;
    }
    found.textContent = words.length ? fill(input.dataset.found, count) : '';
  };
  const updateSoon = (event) => {
    // An unfinished word in an input method would match nothing.
    if (event.isComposing) return;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  };
  input.addEventListener('input', updateSoon);
  input.addEventListener('compositionend', updateSoon);
  input.form?.addEventListener('submit', (event) => event.preventDefault());
  if (input.value) update();
}

choose('theme', ['auto', 'light', 'dark']);
choose('size', ['normal', 'large', 'small']);
listenToKeys();
noteVisit();
followNews();
showTimes();
setInterval(showTimes, MINUTE / 2);
document.addEventListener('visibilitychange', showTimes);
shareArticle();
watchImages();
filterGroups();
// These selectors match only the forms of the layout: the content of a post must not name a script.
all('body > .site-header form[data-suggest], main > .page-header form[data-suggest]').forEach((form, number) => {
  const begin = ({ suggest }) => suggest(form, number);
  // Loaded on first focus, because most readers do not search. The form works without it.
  form.addEventListener('focusin', () => import(form.dataset.suggester).then(begin, () => {}), { once: true });
});
