// Suggestions while the reader types: a combobox with a listbox popup, as in the ARIA Authoring Practices.
// The form also works without them.
export function suggest(form, number) {
  const input = form.querySelector('input[name=q]');
  if (!input) return;
  const list = document.createElement('ul');
  list.className = 'suggestions';
  list.id = `ui-suggestions-${number}`;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', form.dataset.suggestions);
  list.hidden = true;
  form.append(list);
  const attributes = { role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': list.id, 'aria-expanded': 'false' };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  let timer;
  let request;
  let chosen = -1;

  const choose = (index) => {
    const options = [...list.children];
    chosen = index;
    options.forEach((option, at) => option.setAttribute('aria-selected', at === chosen));
    if (options[chosen]) {
      input.setAttribute('aria-activedescendant', options[chosen].id);
      options[chosen].scrollIntoView({ block: 'nearest' });
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  };
  const show = (isShown) => {
    list.hidden = !isShown;
    input.setAttribute('aria-expanded', isShown);
    if (!isShown) choose(-1);
  };
  const close = () => {
    clearTimeout(timer);
    request?.abort();
    show(false);
  };
  const option = ([text, about, href], at) => {
    const item = document.createElement('li');
    item.id = `${list.id}-${at}`;
    item.dataset.href = href;
    item.setAttribute('role', 'option');
    item.append(text, ' ', Object.assign(document.createElement('small'), { textContent: about }));
    return item;
  };
  const look = async () => {
    request?.abort();
    request = new AbortController();
    const typed = input.value.trim();
    if (!typed) return show(false);
    try {
      const response = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: typed })}`, { signal: request.signal });
      const [, texts, abouts, hrefs] = response.ok ? await response.json() : [typed, [], [], []];
      list.replaceChildren(...texts.map((text, at) => option([text, abouts[at], hrefs[at]], at)));
      choose(-1);
      show(texts.length > 0 && document.activeElement === input);
    } catch {
      // Aborted by more input, or a network error: the form works without suggestions.
    }
  };
  const lookSoon = (event) => {
    // Wait until the input method has finished the word.
    if (event.isComposing) return;
    // The selected option belongs to the previous input.
    choose(-1);
    clearTimeout(timer);
    timer = setTimeout(look, 120);
  };
  input.addEventListener('input', lookSoon);
  input.addEventListener('compositionend', lookSoon);
  input.addEventListener('blur', close);
  input.form.addEventListener('submit', close);
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const last = list.children.length - 1;
    if (event.key === 'Escape') {
      const wasShown = !list.hidden;
      close();
      if (!wasShown) return;
    } else if (event.key === 'Enter' && !list.hidden && chosen >= 0) {
      location.assign(list.children[chosen].dataset.href);
    } else if (event.key === 'ArrowDown' && list.hidden) {
      look();
    } else if (event.key === 'ArrowDown') {
      choose(chosen === last ? -1 : chosen + 1);
    } else if (event.key === 'ArrowUp' && !list.hidden) {
      choose(chosen < 0 ? last : chosen - 1);
    } else {
      return;
    }
    event.preventDefault();
  });
  // Handle text that was typed before this module loaded.
  if (input.value !== input.defaultValue) look();
  // Keep the focus in the field: its blur event would close the list before the click.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('click', ({ target }) => {
    const href = target.closest('[role=option]')?.dataset.href;
    if (href) location.assign(href);
  });
}
