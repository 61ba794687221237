// The grid of results. Cards are buttons, so Enter and Space already press them; the arrow keys walk from card to card.
// A card that is pressed already, or twice, opens in large.
window.sightwords ??= {};

window.sightwords.resultGrid = (element, trigger) => {
  const look = (card) => window.dispatchEvent(new CustomEvent('sightwords-look', { detail: card.dataset.id }));

  element.addEventListener('click', (event) => {
    const card = event.target.closest('button[data-id]');
    if (card?.getAttribute('aria-pressed') === 'true') look(card);
    else if (card) trigger('select', { id: Number(card.dataset.id) });
    if (event.target.closest('.sw-page')) trigger('expand');
  });
  element.addEventListener('dblclick', (event) => {
    const card = event.target.closest('button[data-id]');
    if (card) look(card);
  });
  element.addEventListener('keydown', (event) => {
    const card = event.target.closest('button[data-id]');
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!card || !step) return;
    const cards = [...element.querySelectorAll('button[data-id]')];
    const next = cards[cards.indexOf(card) + step];
    if (next) {
      next.focus();
      event.preventDefault();
    }
  });
};
