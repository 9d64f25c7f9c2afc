// The marks on posts that the reader has not seen.

const VISIT_GAP = 30 * MINUTE;

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

noteVisit();
