// Sends the form at once. Without JavaScript its button does.
document.querySelector('form.submits').submit();
