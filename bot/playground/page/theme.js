/* Not a module, so that the page is never drawn in the wrong colours first. */

document.documentElement.dataset.theme = localStorage.getItem("theme") ?? "system";
