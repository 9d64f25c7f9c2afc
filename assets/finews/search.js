// The loader of the suggestions in search forms.

// These selectors match only the forms of the layout: the content of a post must not name a script.
all('body > .site-header form[data-suggest], main > .page-header form[data-suggest]').forEach((form, number) => {
  const begin = ({ suggest }) => suggest(form, number);
  // Loaded on first focus, because most readers do not search. The form works without it.
  form.addEventListener('focusin', () => import(form.dataset.suggester).then(begin, () => {}), { once: true });
});
