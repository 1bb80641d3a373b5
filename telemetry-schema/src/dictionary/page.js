(() => {
  "use strict";
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const articles = [...document.querySelectorAll("article")].map((article) => ({
    article,
    title: article.querySelector("h3").textContent.toLowerCase(),
    head: [...article.children].filter((part) => part.className !== "fields")
      .map((part) => part.textContent).join(" ").toLowerCase(),
    fields: [...article.querySelectorAll(".field")].map((field) => ({
      field, text: field.textContent.toLowerCase(),
    })),
  }));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (text) => words.every((word) => text.includes(word));
    let events = 0;
    for (const { article, title, head, fields } of articles) {
      // The fields that match, with their event's name; of an event that
      // matches as a whole all of them.
      const matching = fields.filter(({ text }) => has(title + " " + text));
      const all = has(title) || (matching.length === 0 && has(head));
      for (const field of fields) {
        field.field.classList.toggle("hidden", !all && !matching.includes(field));
      }
      const any = all || matching.length > 0;
      article.classList.toggle("hidden", !any);
      events += any ? 1 : 0;
    }
    for (const section of document.querySelectorAll("section")) {
      section.classList.toggle("hidden", words.length > 0);
    }
    found.textContent = words.length === 0 ? "" : `${events} of ${articles.length} events`;
  };
  // A link can hold a search: `page.html#search=host`. One to an event shows it,
  // whatever was searched for before.
  const follow = () => {
    const [, words] = location.hash.split("#search=");
    search.value = words === undefined ? "" : decodeURIComponent(words);
    filter();
    if (words === undefined && location.hash) {
      document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
    }
  };
  search.hidden = false;
  search.addEventListener("input", filter);
  addEventListener("hashchange", follow);
  follow();
})();
