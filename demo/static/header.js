// The header's button: light and dark change places, and this browser remembers the choice.
window.sightwords ??= {};

window.sightwords.header = (element) => {
  const choice = new URLSearchParams(location.search).get('__theme') || localStorage.getItem('sightwords-theme');
  if (choice === 'dark' || choice === 'light') document.body.classList.toggle('dark', choice === 'dark');

  element.addEventListener('click', (event) => {
    if (!event.target.closest('.sw-theme')) return;
    const dark = document.body.classList.toggle('dark');
    localStorage.setItem('sightwords-theme', dark ? 'dark' : 'light');
  });
};
