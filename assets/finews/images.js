// The images of posts: their reserved space, their replacement after an error, and images that load on a click.

function replaceImage(image) {
  const gone = document.createElement('span');
  gone.className = 'image-gone';
  gone.setAttribute('role', 'img');
  gone.textContent = image.alt || document.body.dataset.image;
  gone.setAttribute('aria-label', gone.textContent);
  image.replaceWith(gone);
}

// Releases the space reserved for an image. Where that would move visible content, the image stays in its space,
// no larger than it is.
function freeImage(image) {
  if (image.matches('[width][height]')) return;
  const box = image.getBoundingClientRect();
  const stretch = (image.naturalWidth / image.naturalHeight) * (box.height / box.width);
  image.classList.add(box.top >= innerHeight || Math.abs(stretch - 1) < 0.02 ? 'is-loaded' : 'is-fitted');
}

function fetchImage(event) {
  const link = event.target.closest?.('a.image-link');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const image = new Image();
  image.className = 'is-loaded';
  image.alt = link.dataset.alt ?? '';
  image.decoding = 'async';
  image.loading = 'eager';
  image.referrerPolicy = 'no-referrer';
  image.src = link.href;
  // Keep the keyboard focus at this place.
  image.tabIndex = -1;
  link.replaceWith(image);
  image.focus({ preventScroll: true });
}

function watchImages() {
  const on = (type, act) => {
    document.addEventListener(type, ({ target }) => target.matches?.('.body img') && act(target), true);
  };
  on('load', freeImage);
  on('error', replaceImage);
  // Handle images that loaded before this script ran.
  for (const image of all('.body img[src]').filter((image) => image.complete)) {
    if (image.naturalWidth) freeImage(image);
    else replaceImage(image);
  }
  document.addEventListener('click', fetchImage);
}

watchImages();
