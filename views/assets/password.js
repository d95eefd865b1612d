// The answer to a wrong password takes the address of the page that the form stood on: whoever comes back to it, or loads
// it again, gets that page instead of a question whether the form is to be sent again.
const { page } = document.querySelector('form[data-page]').dataset;
history.replaceState(null, '', page);

// Adds a button that shows the password. Without JavaScript the field works as it is.
for (const field of document.querySelectorAll('.reveal')) {
  const input = field.querySelector('input');
  const { show, hide } = field.dataset;
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'toggle';
  button.setAttribute('aria-pressed', 'false');
  button.setAttribute('aria-controls', input.id);
  button.textContent = show;
  button.addEventListener('click', () => {
    const isShown = input.type === 'text';
    input.type = isShown ? 'password' : 'text';
    button.textContent = isShown ? show : hide;
    button.setAttribute('aria-pressed', String(!isShown));
  });
  field.append(button);
  // Browsers remember the values of text fields.
  input.form.addEventListener('submit', () => {
    input.type = 'password';
  });
}
