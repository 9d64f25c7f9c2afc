// Enhances pages that also work without script; the texts come from the page. The script looks up only ids
// that start with `ui-`, because the body of a post may contain any other id.
// `src/web/http/assets.rs` joins the files of this folder to one script with one scope. This file is the first: it
// turns on strict mode and declares the helpers of all features. Each other file is one feature, which
// starts in the last lines.
'use strict';

const MINUTE = 60_000;
// Tolerated difference between the clocks of client and server.
const SKEW = 2 * MINUTE;

const here = location.href.replace(/#.*/, '');
const ui = (name) => document.getElementById(`ui-${name}`);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const fill = (text, n) => text.replace('{n}', n);
const isAbove = (element) => element.getBoundingClientRect().bottom <= 0;

// Storage may be forbidden (`undefined`). Settings then last only as long as the page.
function recall(name) {
  try {
    return localStorage.getItem(`finews.${name}`);
  } catch {
    return undefined;
  }
}

function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(`finews.${name}`);
    else localStorage.setItem(`finews.${name}`, value);
  } catch {
    // See above.
  }
}

// Shows the stored state, now and after a change in another tab.
function followKept(show) {
  show();
  addEventListener('storage', show);
  addEventListener('pageshow', show);
}
