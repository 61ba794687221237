// The questions that were asked last, kept by this browser alone. Each is a link to its address; choosing one asks it as
// going to that address does. Bending a question keeps its place in the list, and its newest form.
window.sightwords ??= {};

window.sightwords.recentQuestions = (element) => {
  const KEY = 'sightwords-recent';
  const MOST = 30;
  const SHOWN = 80; // characters of a question

  // A browser may refuse to keep anything, or hold what another version of the page wrote.
  function kept() {
    try {
      const list = JSON.parse(localStorage.getItem(KEY) || '[]');
      return Array.isArray(list) ? list.filter((one) => typeof one?.address === 'string') : [];
    } catch {
      return [];
    }
  }

  function keep(list) {
    try {
      localStorage.setItem(KEY, JSON.stringify(list.slice(0, MOST)));
    } catch {
      // then there is no list
    }
    show(list.slice(0, MOST));
  }

  function sameAs(address) {
    const query = new URLSearchParams(address);
    return JSON.stringify(['q', 'like', 'in'].map((name) => query.get(name)));
  }

  function row({ address, name }) {
    const query = new URLSearchParams(address);
    const link = document.createElement('a');
    link.href = `?${address}`;
    const words = document.createElement('bdi');
    words.textContent = [query.get('q'), query.has('like') && `like ${name || 'a picture'}`]
      .filter(Boolean)
      .join(' + ')
      .slice(0, SHOWN);
    link.append(words);
    const where = document.createElement('span');
    where.className = 'sw-quiet';
    where.textContent = query.get('in') ?? '';
    const item = document.createElement('li');
    item.append(link, where);
    return item;
  }

  function show(list) {
    element.querySelector('.sw-recent').hidden = !list.length;
    element.querySelector('ul').replaceChildren(...list.map(row));
  }

  // A picture that was sent is not in the address, so that its question cannot be asked again.
  window.addEventListener('sightwords-asked', ({ detail: address }) => {
    const query = new URLSearchParams(address);
    if (query.has('picture') || !(query.has('q') || query.has('like'))) return;
    const name = query.has('like') ? document.querySelector('#picture bdi')?.textContent : '';
    keep([{ address, name }, ...kept().filter((one) => sameAs(one.address) !== sameAs(address))]);
  });
  element.addEventListener('click', (event) => {
    if (event.target.closest('.sw-forget')) {
      keep([]);
      document.querySelector('#query input, #query textarea')?.focus();
    }
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    element.querySelector('.sw-recent').open = false;
    history.pushState(null, '', link.href);
    window.dispatchEvent(new PopStateEvent('popstate'));
  });
  window.addEventListener('storage', (event) => event.key === KEY && show(kept())); // another window asked
  show(kept());
};
