// Applies the reader's theme and text size before the first paint, so that the page does not flash.
'use strict';

document.documentElement.dataset.script = '';
try {
  for (const [name, states] of [['theme', ['light', 'dark']], ['size', ['small', 'large']]]) {
    const state = localStorage.getItem(`finews.${name}`);
    if (states.includes(state)) document.documentElement.dataset[name] = state;
  }
} catch {
  // Storage is forbidden: the page keeps its default look.
}
