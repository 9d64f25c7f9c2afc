// The times of posts as ages, such as `5 minutes ago`.

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
}

function showTimes() {
  if (document.hidden) return;
  all('.entry-time').forEach(showEntryTime);
  all('.ago').forEach((ago) => setText(ago, relative(Date.now() - Date.parse(ago.dataset.since))));
}

showTimes();
setInterval(showTimes, MINUTE / 2);
document.addEventListener('visibilitychange', showTimes);
