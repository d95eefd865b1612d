// Submits the form at once. Without JavaScript people press its button.
document.querySelector('form.submits').submit();
