// The picture in a question: its cross takes it out; a picture dropped or pasted anywhere on the page is taken in.
window.sightwords ??= {};

window.sightwords.questionPicture = (element, trigger, upload) => {
  async function take(list) {
    const files = [...(list || [])];
    // A browser knows no type for RAW files and some others.
    const file = files.find((one) => one.type.startsWith('image/')) || files.find((one) => !one.type);
    if (!file) return;
    const { path } = await upload(file);
    trigger('upload', { path });
  }

  element.addEventListener('click', (event) => {
    if (event.target.closest('.sw-picture-off')) trigger('clear');
  });
  window.addEventListener('dragover', (event) => event.preventDefault());
  window.addEventListener('drop', (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  window.addEventListener('paste', (event) => take(event.clipboardData.files));
};
