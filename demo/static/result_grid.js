// The grid of results. Cards are buttons, so Enter and Space already press them; the arrow keys walk from card to card.
window.sightwords ??= {};

window.sightwords.resultGrid = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const card = event.target.closest('button[data-id]');
    if (card) trigger('select', { id: Number(card.dataset.id) });
    if (event.target.closest('.sw-page')) trigger('expand');
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
