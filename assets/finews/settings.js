// The buttons for the colours and the text size.

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

choose('theme', ['auto', 'light', 'dark']);
choose('size', ['normal', 'large', 'small']);
