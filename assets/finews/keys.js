// Keyboard shortcuts, and the dialog that explains them.

function isTyping(event) {
  return event.isComposing || event.target.isContentEditable || event.target.closest?.('input, textarea, select');
}

// Goes to the post beside an article, in the direction of the lists: the next one is older.
function goToNeighbour(step) {
  document.querySelector(`main .neighbours a[rel=${step > 0 ? 'next' : 'prev'}]`)?.click();
}

function goToEntry(step) {
  const links = all('.entry-title a');
  if (!links.length) return goToNeighbour(step);
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

listenToKeys();
