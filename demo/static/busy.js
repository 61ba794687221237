// Says that the page computes, once that takes a moment, and how much was found when it is done; screen readers say it, too.
window.sightwords ??= {};

window.sightwords.busy = (() => {
  const MOMENT_MS = 200; // an answer within it needs no word, which would only flicker
  let timer = 0;

  function say(computing, sentence) {
    const status = document.querySelector('.sw-busy');
    status.classList.toggle('sw-computing', computing);
    status.firstElementChild.textContent = sentence;
    document.querySelector('#results')?.setAttribute('aria-busy', String(computing));
  }

  return (begun) => {
    if (begun) {
      timer ||= setTimeout(() => say(true, 'Searching …'), MOMENT_MS);
      return;
    }
    clearTimeout(timer);
    timer = 0;
    const found = document.querySelectorAll('#grid .sw-card').length;
    say(false, found ? `${found} result${found === 1 ? '' : 's'}` : '');
  };
})();
