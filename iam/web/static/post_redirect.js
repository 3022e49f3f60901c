// Presses the button of post_redirect.html; the page works without it.
document.getElementById("post-redirect").submit();
