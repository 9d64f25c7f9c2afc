// The filter of the lists of sources, tags and securities.

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

filterGroups();
