/* What the person chose for this page: whom to speak as, in its address; colours and language, in the browser. */

export const THEMES = ["system", "light", "dark"];
export const LANGUAGES = { en: "English", ko: "한국어" };

export const language = (localStorage.getItem("language") ?? navigator.language).startsWith("ko") ? "ko" : "en";
export const theme = () => document.documentElement.dataset.theme;

export function setTheme(name) {
  localStorage.setItem("theme", name);
  document.documentElement.dataset.theme = name;
}

export function setLanguage(name) {
  localStorage.setItem("language", name);
  location.reload();
}

/** The page's address for another person, which keeps the place. */
export const addressAs = (id) => `?as=${encodeURIComponent(id)}${location.hash}`;

/** A path on the server, for whoever this page speaks as. */
export function asMe(path) {
  const id = new URLSearchParams(location.search).get("as");
  return id === null ? path : `${path}?as=${encodeURIComponent(id)}`;
}
