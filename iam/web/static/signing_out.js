// Follows the link of signing_out.html once the page and its frames have loaded, or after five seconds; the page works without it.
const onward = () => location.replace(document.getElementById("continue").href);
window.addEventListener("load", onward);
setTimeout(onward, 5000);
