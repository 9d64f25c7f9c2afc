// Updates the timeline of this page from a newer version of the page. `live.js` uses it. It also updates the
// marks (`visit.js`) and the ages (`times.js`) of the posts.

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
