// Runs before the first paint, so that nothing flashes: the reader's colours and type size.
'use strict';

document.documentElement.dataset.script = '';
try {
  for (const [name, states] of [['theme', ['light', 'dark']], ['size', ['small', 'large']]]) {
    const state = localStorage.getItem(`finews.${name}`);
    if (states.includes(state)) document.documentElement.dataset[name] = state;
  }
} catch {
  // Storage is forbidden: the page looks as it does for everybody.
}
