// What can be done with the selected results: the grid says which they are, and this shows how many, asks before any is
// taken out, and sends what is to be done.
window.sightwords ??= {};

window.sightwords.selectionBar = (element, trigger) => {
  let ids = [];

  const bar = () => element.querySelector('.sw-selection');
  const asked = () => element.querySelector('.sw-selection-asked');
  const items = () => (ids.length === 1 ? '1 result' : `${ids.length.toLocaleString('en')} results`);
  const clear = () => window.dispatchEvent(new CustomEvent('sightwords-select-none'));

  function show({ detail }) {
    ids = detail.ids;
    bar().hidden = !ids.length;
    asked().hidden = true;
    element.querySelector('.sw-selected').textContent = ids.length ? `${items()} selected` : '';
    for (const part of element.querySelectorAll('[data-owner]')) part.hidden = !detail.owned;
  }

  const mark = (said) => {
    trigger('input', { ids, mark: said });
    clear();
  };

  const actions = {
    right: () => mark('right'),
    wrong: () => mark('wrong'),
    like: () => {
      trigger('like', { ids });
      clear();
    },
    ask: () => {
      asked().hidden = false;
      asked().querySelector('p').textContent = `Take ${items()} out of this collection? The pictures themselves stay.`;
      asked().querySelector('[data-do="leave"]').focus();
    },
    leave: () => {
      asked().hidden = true;
      element.querySelector('[data-do="ask"]').focus();
    },
    remove: () => {
      trigger('delete', { ids });
      clear();
    },
    clear,
  };

  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (button) actions[button.dataset.do]();
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    const field = element.querySelector('.sw-tag');
    const untag = event.submitter?.hasAttribute('data-untag') ?? false;
    if (field.value.trim()) trigger('apply', { ids, tag: field.value, untag });
    field.value = '';
  });
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    if (asked().hidden) clear();
    else actions.leave();
  });
  window.addEventListener('sightwords-selected', show);
};
