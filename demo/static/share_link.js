// The link to a question: the address bar always holds it, so that the browser's own share and bookmark work too.
window.sightwords ??= {};

window.sightwords.shareLink = (element, watch) => {
  function writeAddress() {
    const holder = element.querySelector('[data-link]');
    const query = new URLSearchParams(holder ? holder.dataset.link : '');
    const theme = new URLSearchParams(location.search).get('__theme');
    if (theme) query.set('__theme', theme);
    const text = query.toString();
    history.replaceState(history.state, '', location.pathname + (text ? `?${text}` : ''));
  }

  element.addEventListener('click', async (event) => {
    if (!event.target.closest('.sw-share')) return;
    let message = 'Link copied';
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      message = 'Copy it from the address bar';
    }
    element.querySelector('.sw-copied').textContent = message;
  });
  watch('value', writeAddress);
};
