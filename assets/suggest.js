// Offers what may be meant while one types: a combobox with a list, by the ARIA Authoring Practices. Without
// it the form is sent as it is.
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
      // Typed on, or cut off: the form works without.
    }
  };
  const lookSoon = (event) => {
    // Half a word in an input method is nothing yet.
    if (event.isComposing) return;
    // What was chosen was meant by what stood there before.
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
  // What was typed before this was here.
  if (input.value !== input.defaultValue) look();
  // Before the field loses the focus, and the list goes.
  list.addEventListener('pointerdown', (event) => event.preventDefault());
  list.addEventListener('click', ({ target }) => {
    const href = target.closest('[role=option]')?.dataset.href;
    if (href) location.assign(href);
  });
}
