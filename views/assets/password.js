// The page after a wrong password takes the address of the sign-in page. A browser that goes back to it or reloads it then
// loads the sign-in page, instead of asking whether to submit the form again.
const { page } = document.querySelector('form[data-page]').dataset;
history.replaceState(null, '', page);

// Adds a button that shows the password. Without JavaScript the field works without it.
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
  // Browsers store the values of text fields, so the field is a password field again when the form is submitted.
  input.form.addEventListener('submit', () => {
    input.type = 'password';
  });
}
