// The pictures before the first question: pressing one searches with its caption.
window.sightwords ??= {};

window.sightwords.mosaic = (element, trigger) => {
  element.addEventListener('click', (event) => {
    const tile = event.target.closest('button[data-caption]');
    if (tile) trigger('select', { caption: tile.dataset.caption });
  });
};
