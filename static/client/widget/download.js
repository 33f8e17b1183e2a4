/**
 * Hands a URL to the browser's downloads. Another browsing context, so that a store that shows the file
 * instead of saving it does not take the page, and what it is sending, away. The URL is in the page for that
 * moment only.
 *
 * @param {string} url
 */
export function saveAs(url) {
  const link = document.createElement('a');
  link.href = url;
  link.target = '_blank';
  link.rel = 'noopener noreferrer';
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
