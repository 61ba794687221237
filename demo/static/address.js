// The address of the page. It always holds the question, so that the browser's own share and bookmark work. Each question
// is one step of the browser's history; bending it rewrites that step. Opening an address, and going back or forth, asks
// what it says; the history keeps beside it, for this page alone, which picture was sent and which result was explained.
window.sightwords ??= {};

// The name of the collection that the page's results are of, as the address has it; "" before the first ones.
window.sightwords.collectionShown = () =>
  new URLSearchParams(document.querySelector('#link [data-link]')?.dataset.link).get('in') ?? '';

window.sightwords.address = (element, visit, watch) => {
  const ANSWER_MS = 10_000; // after which an answer is no longer waited for
  const ASKED = ['q', 'like', 'mark', 'in']; // what makes a question another one

  let steps = 0; // back or forth, and arrivals, counted
  let awaited = 0; // the number of the step whose answer is not here yet; 0 for none
  let moved = false; // whether the page went further meanwhile
  let toldAt = 0;
  let again = 0; // the timer that goes on where an answer does not come

  const kept = () => history.state?.sightwords ?? { token: '', chosen: 0 };
  const asked = (address, token) => {
    const query = new URLSearchParams(address);
    return JSON.stringify([...ASKED.map((name) => query.get(name)), token]);
  };

  // One step at a time: of several that come at once, Gradio would drop some, and answer them in any order.
  function go() {
    const left = toldAt + ANSWER_MS - performance.now();
    moved = awaited > 0 && left > 0;
    clearTimeout(again);
    if (moved) {
      again = setTimeout(go, left);
      return;
    }
    awaited = ++steps;
    toldAt = performance.now();
    visit({ address: location.search, token: kept().token, chosen: kept().chosen, visit: awaited });
  }

  function write() {
    const shown = element.querySelector('[data-link]')?.dataset;
    if (!shown) return;
    const arrived = Number(shown.visit) === awaited && awaited > 0;
    if (arrived) {
      awaited = 0;
      clearTimeout(again);
      if (moved) {
        go();
        return;
      }
    }
    const address = new URLSearchParams(shown.link);
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name.startsWith('__')) address.set(name, value); // Gradio's own, such as the theme
    }
    const text = address.toString();
    const same = arrived || asked(text, shown.token) === asked(location.search, kept().token);
    const state = { ...history.state, sightwords: { token: shown.token, chosen: Number(shown.chosen) } };
    history[same ? 'replaceState' : 'pushState'](state, '', location.pathname + (text ? `?${text}` : ''));
    window.dispatchEvent(new CustomEvent('sightwords-asked', { detail: shown.link }));
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
  window.addEventListener('popstate', go);
  watch('value', write);
  if ([...ASKED, 'picture'].some((name) => new URLSearchParams(location.search).has(name))) go();
};
