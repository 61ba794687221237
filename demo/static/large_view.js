// One result as large as the window, in a dialog of its own: what the server sends is shown in it, and the arrow keys ask
// for the next result and the one before. The browser keeps the focus inside; it goes back to the result's card.
window.sightwords ??= {};

window.sightwords.largeView = (element, trigger, props, watch) => {
  const SWIPE_PX = 60;
  const dialog = document.createElement('dialog');
  dialog.className = 'sw-viewer';
  dialog.setAttribute('aria-label', 'The result in large');
  dialog.tabIndex = -1; // it takes the focus itself when it opens, and not the first button in it
  const button = (name, label, sign) => {
    const one = document.createElement('button');
    one.type = 'button';
    one.className = name;
    one.setAttribute('aria-label', label);
    one.textContent = sign;
    return one;
  };
  const close = button('sw-view-close', 'Close', '×');
  const previous = button('sw-view-previous', 'The result before', '‹');
  const next = button('sw-view-next', 'The next result', '›');
  const body = document.createElement('div');
  dialog.append(body, previous, next, close);
  document.querySelector('.gradio-container .contain').append(dialog); // below it, styles hold at every width

  const view = () => body.querySelector('.sw-view');
  const picture = () => body.querySelector('.sw-view-picture');
  const say = (sentence) => {
    body.querySelector('.sw-view-said').textContent = sentence;
  };

  function look(id) {
    if (id) trigger('select', { id: Number(id) });
  }

  // The neighbours' pictures are fetched ahead, so that the arrow keys show them at once.
  function show() {
    const sent = element.querySelector('.sw-view');
    if (!sent) return;
    const held = dialog.contains(document.activeElement) ? document.activeElement.dataset.do : null;
    body.replaceChildren(sent);
    const { previous: before, next: after, previousSource, nextSource } = view().dataset;
    previous.disabled = !before;
    next.disabled = !after;
    if (!dialog.open) {
      dialog.showModal();
      dialog.focus();
    }
    if (held) body.querySelector(`[data-do="${held}"]`)?.focus();
    if (!dialog.contains(document.activeElement)) dialog.focus();
    for (const source of [nextSource, previousSource]) if (source) new Image().src = source;
  }

  function drawn() {
    const canvas = document.createElement('canvas');
    canvas.width = picture().naturalWidth;
    canvas.height = picture().naturalHeight;
    canvas.getContext('2d').drawImage(picture(), 0, 0);
    return new Promise((done) => canvas.toBlob(done, 'image/png'));
  }

  function download(button) {
    const link = document.createElement('a');
    link.href = button.dataset.url || picture().currentSrc;
    link.download = button.dataset.url ? '' : button.dataset.name;
    link.click();
  }

  const actions = {
    open: () => trigger('apply', { folder: false }),
    folder: () => trigger('apply', { folder: true }),
    path: async (button) => {
      try {
        await navigator.clipboard.writeText(button.dataset.path);
        say('Path copied.');
      } catch {
        say('This browser does not let the page copy; mark the path above.');
      }
    },
    copy: async () => {
      try {
        await navigator.clipboard.write([new ClipboardItem({ 'image/png': drawn() })]);
        say('Picture copied.');
      } catch {
        say('This browser does not let the page copy pictures; download it.');
      }
    },
    download,
  };

  dialog.addEventListener('click', (event) => {
    const action = event.target.closest('[data-do]');
    if (action) actions[action.dataset.do](action);
    const outside = event.target === dialog || event.target.matches('.sw-stage, .sw-view');
    if (outside || event.target === close) dialog.close();
    if (event.target === previous) look(view().dataset.previous);
    if (event.target === next) look(view().dataset.next);
  });
  dialog.addEventListener('keydown', (event) => {
    const way = { ArrowLeft: 'previous', ArrowRight: 'next' }[event.key];
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    look(view().dataset[way]);
  });

  let touchedAt = null;
  dialog.addEventListener('touchstart', (event) => {
    touchedAt = event.touches.length === 1 && event.target.closest('.sw-stage') ? event.touches[0].clientX : null;
  });
  dialog.addEventListener('touchend', (event) => {
    const moved = touchedAt === null ? 0 : event.changedTouches[0].clientX - touchedAt;
    if (Math.abs(moved) > SWIPE_PX) look(view().dataset[moved < 0 ? 'next' : 'previous']);
  });

  // Events of pictures do not bubble, so that they are caught on their way down.
  dialog.addEventListener(
    'load',
    (event) => {
      event.target.style.setProperty('--width', event.target.naturalWidth);
      event.target.style.setProperty('--height', event.target.naturalHeight);
    },
    true,
  );
  dialog.addEventListener(
    'error',
    (event) => {
      const image = event.target;
      const small = image.dataset.small;
      if (!small || image.getAttribute('src') === small) return;
      image.src = small;
      body.querySelector('.sw-view-note').hidden = false;
    },
    true,
  );
  dialog.addEventListener('close', () => {
    const id = view().dataset.id;
    props.value = ''; // so that the same result can be opened again
    body.replaceChildren();
    document.querySelector(`#grid .sw-card[data-id="${id}"]`)?.focus();
  });

  window.addEventListener('sightwords-look', (event) => look(event.detail));
  watch('value', show);
};
