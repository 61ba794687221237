// The chosen result: a term's button lays its heat map over the picture or takes it away; a list names a rival to compare
// with. A new picture comes without a heat map.
window.sightwords ??= {};

window.sightwords.explainedHit = (element, trigger, server, watch) => {
  let request = 0; // counts presses, so that the answer to an earlier one is dropped

  const chosenId = () => Number(element.querySelector('.sw-detail').dataset.id);

  function clear() {
    request += 1;
    for (const button of element.querySelectorAll('[data-see]')) button.setAttribute('aria-pressed', 'false');
    const heat = element.querySelector('.sw-heat');
    if (heat) {
      heat.removeAttribute('src');
      heat.hidden = true;
    }
    const caption = element.querySelector('.sw-seen');
    if (caption) caption.textContent = '';
  }

  async function toggleHeat(button) {
    const wasPressed = button.getAttribute('aria-pressed') === 'true';
    clear();
    if (wasPressed) return;
    const mine = request;
    button.setAttribute('aria-pressed', 'true');
    const [source, sentence] = await server.seen([chosenId(), button.dataset.see, sightwords.collectionShown()]);
    if (mine !== request) return;
    const heat = element.querySelector('.sw-heat');
    if (source && heat) {
      heat.src = source;
      heat.alt = sentence;
      heat.hidden = false;
      heat.parentElement.scrollIntoView({ block: 'nearest' }); // on a phone it may be far above the bars
    }
    element.querySelector('.sw-seen').textContent = sentence;
  }

  element.addEventListener('click', (event) => {
    const see = event.target.closest('[data-see]');
    if (see) toggleHeat(see);
    if (event.target.closest('.sw-enlarge')) {
      window.dispatchEvent(new CustomEvent('sightwords-look', { detail: chosenId() }));
    }
    if (event.target.closest('.sw-like')) trigger('like', { id: chosenId() });
    const judge = event.target.closest('.sw-judge');
    if (judge) trigger('input', { ids: [chosenId()], mark: judge.dataset.judge });
  });
  element.addEventListener('change', (event) => {
    if (event.target.matches('.sw-rival')) trigger('select', { rival: Number(event.target.value) });
  });
  watch('value', clear);
};
