// The terms of a query, to drag, type, switch off or turn against. It holds all edits since the question and sends them
// whole, so that a step that is overtaken by the next one loses nothing; a weight that is being dragged or typed is not
// overwritten by the answer to an earlier step.
window.sightwords ??= {};

window.sightwords.queryChips = (element, trigger, server, watch) => {
  const STEP_MS = 80; // between two steps of a drag
  const ANSWER_MS = 600; // after which an answer that did not come is asked for again

  let edits = {}; // {term: weight}
  let question = null; // the one that the edits are of
  let drag = null; // {input, x, from, moved} while a weight is dragged
  let awaited = null; // the edits that were sent last, as text, until their answer is here
  let sentAt = 0;
  let sending = 0; // timers
  let checking = 0;

  const asText = (some) => JSON.stringify(Object.entries(some).sort());
  const round = (value) => Math.max(-10, Math.min(10, Math.round(value * 100) / 100));
  const format = (value) => (Math.abs(value) < 0.1 && value ? value.toFixed(3) : value.toFixed(2)).replace('-', '−');
  const parse = (input) => Number.parseFloat(input.value.replace('−', '-').replace(',', '.'));
  const weightInput = (event) => event.target.closest('input[data-weight]');

  // Takes over what the server shows, unless that answers an earlier step.
  function sync() {
    const holder = element.querySelector('[data-edits]');
    const shown = holder ? JSON.parse(holder.dataset.edits) : {};
    const shownQuestion = holder ? holder.dataset.question : null;
    const outdated = awaited !== null && asText(shown) !== awaited && shownQuestion === question;
    if (drag || outdated) return;
    edits = shown;
    question = shownQuestion;
    awaited = null;
    for (const input of element.querySelectorAll('input[data-weight]')) {
      if (input !== document.activeElement || !input.dataset.typing) input.value = format(Number(input.dataset.weight));
    }
  }

  function send(now) {
    clearTimeout(sending);
    awaited = asText(edits);
    const wait = now ? 0 : Math.max(0, STEP_MS - (performance.now() - sentAt));
    sending = setTimeout(() => {
      sentAt = performance.now();
      trigger('edit', { edits: { ...edits } });
    }, wait);
    clearTimeout(checking);
    checking = setTimeout(sendAgain, wait + ANSWER_MS);
  }

  // While it waits for an answer Gradio keeps one more step and may drop the newest: what got lost is sent again.
  function sendAgain() {
    const holder = element.querySelector('[data-edits]');
    if (drag || awaited === null || !holder) return;
    if (asText(JSON.parse(holder.dataset.edits)) === awaited) sync();
    else send(true);
  }

  function put(term, value, now) {
    if (!Number.isFinite(value)) {
      sync();
      return;
    }
    edits[term] = round(value);
    send(now);
  }

  function commitTyped(input) {
    delete input.dataset.typing;
    const value = parse(input);
    if (Math.abs(value - Number(input.dataset.weight)) > 0.004) put(input.dataset.term, value, true);
    else sync();
  }

  async function add(input) {
    const word = input.value.trim().toLowerCase();
    if (!word) return;
    input.value = '';
    const term = await server.resolve(word);
    if (term) put(term, 1, true);
    else trigger('edit', { unknown: word });
  }

  async function suggest(input) {
    const typed = input.value;
    const found = await server.suggest(typed);
    if (input.value !== typed) return;
    const options = found.map(([term, note]) => new Option(note, term));
    element.querySelector('datalist').replaceChildren(...options);
  }

  element.addEventListener('click', (event) => {
    const offer = event.target.closest('.sw-offer button');
    if (offer) put(offer.parentElement.dataset.term, offer.classList.contains('sw-offer-with') ? 1 : -1, true);
    if (event.target.closest('.sw-reset')) {
      edits = {};
      send(true);
      return;
    }
    if (event.target.closest('.sw-unmark')) trigger('clear');
    const chip = event.target.closest('.sw-chip');
    if (!chip) return;
    if (chip.classList.contains('sw-rule')) {
      if (!event.target.closest('.sw-chip-name')) return;
      if (chip.dataset.state !== 'off') put(chip.dataset.term, 0, true);
      else {
        delete edits[chip.dataset.term];
        send(true);
      }
      return;
    }
    const weight = Number(chip.dataset.weight);
    const unedited = Number(chip.dataset.base) || 1;
    if (event.target.closest('.sw-chip-name')) put(chip.dataset.term, weight ? 0 : unedited, true);
    else if (event.target.closest('.sw-chip-sign')) put(chip.dataset.term, -(weight || unedited), true);
  });

  element.addEventListener('keydown', (event) => {
    if (event.target.id === 'add-term' && event.key === 'Enter') {
      event.preventDefault();
      add(event.target);
    }
    const input = weightInput(event);
    if (!input) return;
    const step = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
    if (step) {
      event.preventDefault();
      const value = round((parse(input) || 0) + step);
      input.value = format(value);
      put(input.dataset.term, value);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      commitTyped(input);
    } else if (event.key === 'Escape') {
      delete input.dataset.typing;
      sync();
    }
  });

  element.addEventListener('input', (event) => {
    const input = event.target;
    if (input.dataset.weight !== undefined) input.dataset.typing = 'yes';
    if (input.id !== 'add-term') return;
    const chosenFromList = event.inputType === 'insertReplacementText' || !event.inputType;
    if (chosenFromList) add(input);
    else suggest(input);
  });

  element.addEventListener('focusout', (event) => {
    if (event.target.dataset?.typing) commitTyped(event.target);
  });

  element.addEventListener('pointerdown', (event) => {
    const input = weightInput(event);
    if (!input || event.button) return;
    drag = { input, x: event.clientX, from: Number(input.dataset.weight), moved: false };
  });

  window.addEventListener('pointermove', (event) => {
    if (!drag || (!drag.moved && Math.abs(event.clientX - drag.x) < 4)) return;
    drag.moved = true;
    drag.input.blur();
    document.body.style.cursor = 'ew-resize';
    const value = round(drag.from + (event.clientX - drag.x) * 0.01);
    drag.input.value = format(value);
    put(drag.input.dataset.term, value);
    event.preventDefault();
  });

  function drop() {
    const moved = drag?.moved;
    drag = null;
    document.body.style.cursor = '';
    if (moved) send(true);
  }
  window.addEventListener('pointerup', drop);
  window.addEventListener('pointercancel', drop);
  watch('value', sync);
};
