// The grid of results. Cards are buttons, so Enter and Space already press them; the arrow keys walk from card to card.
// A card that is pressed already, or twice, opens in large. A box on each card selects it, and so does the key x; Shift
// takes all between. The keys r and w mark a card as right or wrong.
window.sightwords ??= {};

window.sightwords.resultGrid = (element, trigger, watch) => {
  const selected = new Set(); // ids
  let anchor = null; // the id from which Shift takes all between

  const cards = () => [...element.querySelectorAll('button[data-id]')];
  const look = (card) => window.dispatchEvent(new CustomEvent('sightwords-look', { detail: card.dataset.id }));

  // Only what is there can be selected: what another answer does not show is not.
  function show() {
    const there = cards().map((card) => Number(card.dataset.id));
    for (const id of selected) if (!there.includes(id)) selected.delete(id);
    for (const box of element.querySelectorAll('.sw-pick')) box.checked = selected.has(Number(box.dataset.pick));
    const grid = element.querySelector('.sw-grid');
    grid?.classList.toggle('sw-selecting', selected.size > 0);
    const ids = there.filter((id) => selected.has(id));
    const detail = { ids, owned: grid?.dataset.owned === 'yes' };
    window.dispatchEvent(new CustomEvent('sightwords-selected', { detail }));
  }

  function select(id, on, all) {
    const there = cards().map((card) => Number(card.dataset.id));
    const [from, to] = [there.indexOf(all ? anchor : id), there.indexOf(id)];
    const range = from < 0 ? [id] : there.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of range) on ? selected.add(one) : selected.delete(one);
    anchor = id;
    show();
  }

  function none() {
    selected.clear();
    anchor = null;
    show();
  }

  element.addEventListener('click', (event) => {
    const box = event.target.closest('.sw-pick');
    if (box) select(Number(box.dataset.pick), box.checked, event.shiftKey);
    if (event.target.closest('.sw-page')) trigger('expand');
    const card = event.target.closest('button[data-id]');
    if (!card) return;
    const id = Number(card.dataset.id);
    if (event.shiftKey) select(id, true, true);
    else if (event.ctrlKey || event.metaKey) select(id, !selected.has(id), false);
    else if (card.getAttribute('aria-pressed') === 'true') look(card);
    else trigger('select', { id });
  });
  element.addEventListener('dblclick', (event) => {
    const card = event.target.closest('button[data-id]');
    if (card && !event.shiftKey && !event.ctrlKey && !event.metaKey) look(card);
  });
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && selected.size) none();
    const card = event.target.closest('button[data-id]');
    if (!card || event.altKey || event.ctrlKey || event.metaKey) return;
    const id = Number(card.dataset.id);
    if (event.key === 'x') select(id, !selected.has(id), false);
    const mark = { r: 'right', w: 'wrong' }[event.key];
    if (mark) trigger('input', { ids: [id], mark });
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step && cards()[cards().indexOf(card) + step];
    if (!next) return;
    if (event.shiftKey) {
      anchor ??= id;
      select(Number(next.dataset.id), true, true);
    }
    next.focus();
    event.preventDefault();
  });
  window.addEventListener('sightwords-select-none', none);
  watch('value', show);
};
