// The buttons that copy or share the URL of an article.

function shareArticle() {
  const copy = document.querySelector('.share .copy-link');
  const share = document.querySelector('.share .share-link');
  if (!copy) return;
  const url = document.querySelector('link[rel=canonical]')?.href ?? here;
  const text = copy.textContent;
  let timer;
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(url);
    } catch {
      // The browser or the user forbids it. The reader can still copy the URL from the address bar.
      copy.hidden = true;
      return;
    }
    copy.textContent = copy.dataset.done;
    clearTimeout(timer);
    timer = setTimeout(() => (copy.textContent = text), 2000);
  });
  share.addEventListener('click', () => {
    // A reader who cancels also causes an error.
    navigator.share({ title: document.title, url }).catch(() => {});
  });
  // Insecure origins have neither.
  copy.hidden = !navigator.clipboard;
  share.hidden = !navigator.share;
}

shareArticle();
